// SPDX-License-Identifier: Apache-2.0
//
// What waits and why, with what would help.

import { api, take, type Run, type Schemas } from '../../api/client';
import { may } from '../../api/session';
import { Badge } from '../../ui/badge';
import { Empty } from '../../ui/empty';
import { megabytes, plural } from '../../ui/format';
import { Loaded, SkeletonRows } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { TimeAgo } from '../../ui/time_ago';
import { PENDING_WORD } from '../../ui/words';
import { loadRunners } from '../runners/runners_page';
import { StopButton } from '../runs/stop_button';

const SHOWN_MAX = 100;

async function loadPending(signal: AbortSignal): Promise<{ runs: Run[]; total: number; running: number }> {
  const page = { page: 1, per_page: SHOWN_MAX };
  const [pending, running] = await Promise.all([
    take(api.GET('/v1/runs', { params: { query: { status: 'pending', ...page } }, signal })),
    take(api.GET('/v1/runs', { params: { query: { status: 'running', page: 1, per_page: 10 } }, signal })),
  ]);
  return { runs: pending.runs.reverse(), total: totalOf(pending), running: totalOf(running) };
}

function totalOf({ meta, runs }: Schemas['RunList']): number {
  return 'pagination' in meta ? meta.pagination.total_objects : runs.length;
}

type Reason = Schemas['PendingReason'];

function byReason(runs: Run[]): [Reason, number][] {
  const counts = new Map<Reason, number>();
  for (const run of runs) {
    const reason = run.pending_reason ?? 'queued';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

export function QueuePage() {
  const queue = useResource('queue', loadPending, 2000);
  const runners = useResource('runners', loadRunners);
  const names = new Map(runners.data?.map((runner) => [runner.id, runner.name]));
  return (
    <>
      <PageHead title="Queue" lead="Runs of this project that wait for a hypervisor, the longest first.">
        {queue.data && (
          <span class="quiet">
            {plural(queue.data.total, 'run')} waiting, {queue.data.running} running
          </span>
        )}
      </PageHead>
      <Loaded from={queue} waiting={<Waiting />}>
        {(data) => (data.runs.length === 0 ? <Nothing running={data.running} /> : <Known data={data} names={names} reload={queue.reload} />)}
      </Loaded>
    </>
  );
}

function Nothing({ running }: { running: number }) {
  return (
    <div class="card">
      <Empty title="Nothing waits" action={<a class="button" href={running > 0 ? '/runs?status=running' : '/runners'}>{running > 0 ? `See the ${plural(running, 'run')} under way` : 'Go to the runners'}</a>}>
        <p>Every run has found a place. When one has to wait, for memory, for its turn or for a retry, it stands here with the reason.</p>
      </Empty>
    </div>
  );
}

function Waiting() {
  return (
    <div class="card table-box">
      <table>
        <tbody>
          <SkeletonRows columns={5} />
        </tbody>
      </table>
    </div>
  );
}

interface KnownProps {
  data: { runs: Run[]; total: number };
  names: Map<string, string>;
  reload: () => Promise<void>;
}

function Known({ data, names, reload }: KnownProps) {
  return (
    <div class="stack">
      {byReason(data.runs).map(([reason, n]) => (
        <Notice key={reason} kind="wait">
          <strong>
            {PENDING_WORD[reason].what}: {plural(n, 'run')}.
          </strong>{' '}
          {PENDING_WORD[reason].help}
        </Notice>
      ))}
      <div class="card table-box">
        <table>
          <thead>
            <tr>
              <th>Why it waits</th>
              <th>Runner</th>
              <th class="wide-only">Size</th>
              <th class="end wide-only">Priority</th>
              <th>Since</th>
              <th>
                <span class="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.runs.map((run) => (
              <tr key={run.id}>
                <td>
                  <a class="run-link" href={`/runs/${run.id}`}>
                    <Badge tone="wait">{PENDING_WORD[run.pending_reason ?? 'queued'].what}</Badge>
                    {run.pending_message && <span class="cell-sub whole">{run.pending_message}</span>}
                  </a>
                </td>
                <td>
                  <a class="cell-title" href={`/runners/${run.runner_id}`}>
                    {names.get(run.runner_id) ?? 'deleted runner'}
                  </a>
                </td>
                <td class="wide-only nowrap">
                  {run.instance_type.cpu} CPU, {megabytes(run.instance_type.mem)}
                </td>
                <td class="end wide-only">{run.priority}</td>
                <td>
                  <TimeAgo at={run.created_at} />
                </td>
                <td class="actions">{may('run') && <StopButton run={run} onStopped={reload} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {data.total > data.runs.length && (
        <p class="quiet">
          The newest {data.runs.length} of {data.total} are shown.
        </p>
      )}
    </div>
  );
}
