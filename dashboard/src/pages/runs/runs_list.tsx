// SPDX-License-Identifier: Apache-2.0
//
// Runs, newest first, filtered by what the address says; of one runner or of all.

import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';

import { api, take, type Run, type RunStatus } from '../../api/client';
import { may } from '../../api/session';
import { StatusBadge } from '../../ui/badge';
import { Empty } from '../../ui/empty';
import { commandLine, duration, money } from '../../ui/format';
import { Icon } from '../../ui/icon';
import { SkeletonRows } from '../../ui/loading';
import { Problem } from '../../ui/notice';
import { useResource } from '../../ui/resource';
import { setQuery } from '../../ui/search_field';
import { TimeAgo } from '../../ui/time_ago';
import { outcome, STATUS_WORD, TRIGGER_WORD } from '../../ui/words';
import { RerunDialog } from './rerun_dialog';
import { StopButton } from './stop_button';
import './runs.css';

const EVERY_MS = 2500;
const PER_PAGE = 25;

interface Props {
  runnerId?: string;
  names?: Map<string, string>; // of runners; a column when given
  onFirst?: () => void;
}

const FILTERS = ['status', 'trigger', 'label', 'since'] as const;

const SPANS: [string, string][] = [
  ['', 'Any time'],
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['168h', 'Last 7 days'],
  ['720h', 'Last 30 days'],
];

/** "24h" ago, or a time as it stands; to the minute, so that it names the same list for a while. */
function sinceOf(text: string): string | null {
  const hours = /^(\d{1,4})h$/.exec(text);
  const at = hours ? Math.floor(Date.now() / 60_000 - Number(hours[1]) * 60) * 60_000 : Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

function filterOf(query: Record<string, string>) {
  const filter: Record<string, string> = {};
  for (const name of FILTERS) if (query[name]) filter[name] = query[name]!;
  const since = sinceOf(filter['since'] ?? '');
  if (since) filter['since'] = since;
  else delete filter['since'];
  return filter;
}

async function loadRuns(runnerId: string | undefined, filter: Record<string, string>, cursor: string, signal: AbortSignal) {
  const query = { ...filter, cursor, per_page: PER_PAGE };
  const answer = runnerId
    ? await take(api.GET('/v1/runners/{runner_id}/runs', { params: { path: { runner_id: runnerId }, query }, signal }))
    : await take(api.GET('/v1/runs', { params: { query }, signal }));
  return { runs: answer.runs, next: 'cursor' in answer.meta ? answer.meta.cursor.next : null };
}

export function RunsList({ runnerId, names, onFirst }: Props) {
  const location = useLocation();
  const { query } = location;
  const filter = filterOf(query);
  const cursor = query['cursor'] ?? 'start';
  const found = useResource(`runs ${runnerId ?? ''} ${JSON.stringify(filter)} ${cursor}`, (signal) => loadRuns(runnerId, filter, cursor, signal), EVERY_MS);
  const [again, setAgain] = useState<Run | null>(null);
  const isFiltered = Object.keys(filter).length > 0;
  const isEmpty = found.data?.runs.length === 0;
  const change = (values: Record<string, string>) => setQuery(location, { cursor: '', ...values });

  return (
    <div class="card">
      {(!isEmpty || isFiltered) && <Filters query={query} onChange={change} />}
      {found.error !== null && (
        <div class="card-body">
          <Problem error={found.error} retry={() => void found.reload()} />
        </div>
      )}
      {isEmpty ? (
        isFiltered ? (
          <Empty
            title="No run matches"
            action={
              <button type="button" class="button" onClick={() => change(Object.fromEntries(FILTERS.map((name) => [name, ''])))}>
                Show all
              </button>
            }
          >
            <p>Nothing was triggered that fits every filter.</p>
          </Empty>
        ) : (
          <Empty
            title="Nothing has run yet"
            action={
              onFirst && may('run') ? (
                <button type="button" class="button primary" onClick={onFirst}>
                  <Icon name="runs" size={14} /> Run it now
                </button>
              ) : (
                <a class="button" href="/runners">
                  Choose a runner
                </a>
              )
            }
          >
            <p>Runs appear here as they are triggered: from this page, the errand command, the API or a schedule.</p>
          </Empty>
        )
      ) : (
        <div class="table-box">
          <table class={names ? 'runs with-names' : 'runs'}>
            <thead>
              <tr>
                <th>Status</th>
                {names && <th>Runner</th>}
                <th class="wide-only">Command</th>
                <th class="wide-only">Trigger</th>
                <th>Triggered</th>
                <th class="end wide-only">Duration</th>
                <th class="end wide-only">Cost</th>
                <th>
                  <span class="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.data === undefined ? (
                <SkeletonRows columns={names ? 8 : 7} rows={8} />
              ) : (
                found.data.runs.map((run) => <Row key={run.id} run={run} names={names} onAgain={() => setAgain(run)} onStopped={found.reload} />)
              )}
            </tbody>
          </table>
        </div>
      )}
      {(cursor !== 'start' || found.data?.next) && (
        <nav class="pager" aria-label="Pages">
          <button type="button" class="button small" disabled={cursor === 'start'} onClick={() => setQuery(location, { cursor: '' })}>
            Newest
          </button>
          <button type="button" class="button small" disabled={!found.data?.next} onClick={() => setQuery(location, { cursor: found.data!.next! })}>
            Older <Icon name="right" size={13} />
          </button>
        </nav>
      )}
      {again && <RerunDialog run={again} onClose={() => setAgain(null)} />}
    </div>
  );
}

function Filters({ query, onChange }: { query: Record<string, string>; onChange: (values: Record<string, string>) => void }) {
  return (
    <div class="card-head filters">
      <label>
        <span class="visually-hidden">Status</span>
        <select class="input" value={query['status'] ?? ''} onChange={(e) => onChange({ status: e.currentTarget.value })}>
          <option value="">Any status</option>
          {(Object.keys(STATUS_WORD) as RunStatus[]).map((status) => (
            <option key={status} value={status} selected={status === query['status']}>
              {STATUS_WORD[status]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="visually-hidden">Trigger</span>
        <select class="input" value={query['trigger'] ?? ''} onChange={(e) => onChange({ trigger: e.currentTarget.value })}>
          <option value="">Any trigger</option>
          {Object.entries(TRIGGER_WORD).map(([kind, word]) => (
            <option key={kind} value={kind} selected={kind === query['trigger']}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="visually-hidden">Label</span>
        <input class="input" placeholder="label=value" value={query['label'] ?? ''} onChange={(e) => onChange({ label: e.currentTarget.value.includes('=') ? e.currentTarget.value : '' })} />
      </label>
      <label>
        <span class="visually-hidden">Since</span>
        <select class="input" value={query['since'] ?? ''} onChange={(e) => onChange({ since: e.currentTarget.value })}>
          {SPANS.map(([value, label]) => (
            <option key={value} value={value} selected={value === (query['since'] ?? '')}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function commandOf(run: Run): string {
  return run.command ?? (run.argv.length > 0 ? commandLine(run.argv) : 'what the image runs');
}

interface RowProps {
  run: Run;
  names: Map<string, string> | undefined;
  onAgain: () => void;
  onStopped: () => Promise<void>;
}

function Row({ run, names, onAgain, onStopped }: RowProps) {
  const isOpen = run.status === 'pending' || run.status === 'running';
  return (
    <tr>
      <td>
        <a class="run-link" href={`/runs/${run.id}`}>
          <StatusBadge status={run.status} />
          <span class="cell-sub">{outcome(run)}</span>
        </a>
      </td>
      {names && (
        <td>
          <a class="cell-title" href={`/runners/${run.runner_id}`}>
            {names.get(run.runner_id) ?? 'deleted runner'}
          </a>
        </td>
      )}
      <td class="wide-only">
        <code class="clip command" title={commandOf(run)}>
          {commandOf(run)}
        </code>
      </td>
      <td class="wide-only nowrap">
        {TRIGGER_WORD[run.trigger.kind]}
        <span class="cell-sub">{run.trigger.by}</span>
      </td>
      <td>
        <TimeAgo at={run.created_at} />
      </td>
      <td class="end wide-only nowrap">{run.duration_ms === null ? <Since run={run} /> : duration(run.duration_ms)}</td>
      <td class="end wide-only nowrap">{run.cost > 0 ? money(run.cost) : <span class="quiet">–</span>}</td>
      <td class="actions">
        {may('run') &&
          (isOpen ? (
            <StopButton run={run} onStopped={onStopped} />
          ) : (
            <button type="button" class="button small" aria-label="Run again" onClick={onAgain}>
              <Icon name="rerun" size={13} /> <span class="text">Run again</span>
            </button>
          ))}
      </td>
    </tr>
  );
}

function Since({ run }: { run: Run }) {
  if (run.started_at === null) return <span class="quiet">–</span>;
  return <span class="quiet">{duration(Math.max(0, Date.now() - Date.parse(run.started_at)))}</span>;
}
