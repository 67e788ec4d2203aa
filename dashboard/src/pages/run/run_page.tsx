// SPDX-License-Identifier: Apache-2.0
//
// /runs/:id – the summary, and under it the log or another tab. The log goes on while another tab is looked at.

import { useLocation } from 'preact-iso/router';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';

import { api, take, type Run } from '../../api/client';
import { may } from '../../api/session';
import type { RunStatus } from '../../log/follower';
import { LogView } from '../../log/log_view';
import { shortId } from '../../ui/format';
import { Icon } from '../../ui/icon';
import { Loaded } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource, type Resource } from '../../ui/resource';
import { tellError } from '../../ui/toast';
import { isFinal, STATUS_WORD } from '../../ui/words';
import { RerunDialog } from '../runs/rerun_dialog';
import { StopButton } from '../runs/stop_button';
import { outcomeOf } from './outcome';
import { RunAttempts } from './run_attempts';
import { RunDetails } from './run_details';
import { downloadLog, runLogApi } from './run_log_api';
import { RunSummary } from './run_summary';
import { RunUsage } from './run_usage';
import './run.css';

/** What the stream does not tell, such as why it waits. */
const EVERY_MS = 4000;

async function loadRun(id: string, signal?: AbortSignal): Promise<Run> {
  return (await take(api.GET('/v1/runs/{run_id}', { params: { path: { run_id: id } }, signal }))).run;
}

export function RunPage({ id }: { id: string }) {
  const [isLive, setLive] = useState(true);
  const found = useResource(`run ${id}`, (signal) => loadRun(id, signal), isLive ? EVERY_MS : 0);
  const isOver = found.data !== undefined && isFinal(found.data.status);
  useEffect(() => setLive(!isOver), [isOver]);
  return (
    <>
      {found.data === undefined && <PageHead title={`Run ${shortId(id)}`} crumbs={[{ label: 'Runs', path: '/runs' }]} />}
      <Loaded from={found} waiting={<div class="card run-summary is-waiting" aria-hidden="true" />}>
        {(run) => <Known key={id} run={run} reload={found.reload} />}
      </Loaded>
    </>
  );
}

function Known({ run, reload }: { run: Run; reload: Resource<Run>['reload'] }) {
  const { query } = useLocation();
  const [pull, setPull] = useState<RunStatus['pull'] | null>(null);
  const tab = query['tab'] ?? 'log';
  const attempt = Number(query['attempt'] ?? run.attempt);
  const onStatus = useCallback(
    (status: RunStatus) => {
      setPull(status.pull ?? null);
      if (!status.pull) void reload();
    },
    [reload],
  );
  return (
    <>
      <Head run={run} reload={reload} />
      <RunSummary run={run} pull={pull} />
      <Tabs run={run} tab={tab} />
      <div hidden={tab !== 'log'}>
        <RunLog run={run} attempt={attempt} onStatus={onStatus} reload={reload} />
      </div>
      {tab === 'usage' && <RunUsage run={run} />}
      {tab === 'details' && <RunDetails run={run} />}
      {tab === 'attempts' && <RunAttempts run={run} />}
    </>
  );
}

function Head({ run, reload }: { run: Run; reload: () => Promise<void> }) {
  const [isRerunning, setRerunning] = useState(false);
  const runner = useResource(`runner ${run.runner_id}`, (signal) =>
    take(api.GET('/v1/runners/{runner_id}', { params: { path: { runner_id: run.runner_id } }, signal })).then((answer) => answer.runner),
  );
  const name = runner.data?.name ?? 'Runner';
  useEffect(() => {
    document.title = `${STATUS_WORD[run.status]}: ${name}, run ${shortId(run.id)} · Errand`;
  }, [run.status, run.id, name]);
  const crumbs = [
    { label: 'Runners', path: '/runners' },
    { label: name, path: `/runners/${run.runner_id}` },
  ];
  return (
    <PageHead title={`Run ${shortId(run.id)}`} crumbs={crumbs}>
      {may('run') && !isFinal(run.status) && <StopButton run={run} onStopped={reload} />}
      {may('run') && (
        <button type="button" class="button primary" onClick={() => setRerunning(true)}>
          <Icon name="rerun" size={14} /> Run again…
        </button>
      )}
      {isRerunning && <RerunDialog run={run} onClose={() => setRerunning(false)} />}
    </PageHead>
  );
}

function Tabs({ run, tab }: { run: Run; tab: string }) {
  const tabs = [
    ['log', 'Log'],
    ['usage', 'Processor and memory'],
    ['details', 'Details'],
    ...(run.attempt > 1 ? [['attempts', `Attempts (${run.attempt})`]] : []),
  ] as [string, string][];
  return (
    <nav class="tabs run-tabs" aria-label="Run">
      {tabs.map(([name, label]) => (
        <a key={name} href={name === 'log' ? `/runs/${run.id}` : `/runs/${run.id}?tab=${name}`} aria-current={name === tab ? 'page' : undefined}>
          {label}
        </a>
      ))}
    </nav>
  );
}

interface LogProps {
  run: Run;
  attempt: number;
  onStatus(status: RunStatus): void;
  reload(): Promise<void>;
}

function RunLog({ run, attempt, onStatus, reload }: LogProps) {
  const log = useMemo(() => runLogApi(run.id), [run.id]);
  const older = attempt !== run.attempt && attempt > 0 ? attempt : undefined;
  return (
    <>
      {older !== undefined && (
        <div class="run-older">
          <Notice>
            This is the log of attempt {older} of {run.attempt}. <a href={`/runs/${run.id}`}>Go to the last one</a>
          </Notice>
        </div>
      )}
      <LogView
        key={older}
        api={log}
        attempt={older}
        startedAt={Date.parse(run.started_at ?? run.created_at)}
        emptyText={emptyText(run)}
        countLines={async () => (await loadRun(run.id)).log_lines}
        onStatus={onStatus}
        onState={() => void reload()}
        onDownload={() => downloadLog(run.id, older).catch(tellError)}
      />
    </>
  );
}

function emptyText(run: Run): string {
  if (run.status === 'running') return 'It has printed nothing yet.';
  if (run.status === 'pending') return `${outcomeOf(run).what}. What it prints appears here, line by line.`;
  return `${STATUS_WORD[run.status]} without printing a line.`;
}
