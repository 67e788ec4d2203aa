// SPDX-License-Identifier: Apache-2.0
//
// Each time the run was given to a hypervisor.

import { api, take, type Run } from '../../api/client';
import { StatusBadge } from '../../ui/badge';
import { count, duration } from '../../ui/format';
import { Loaded, SkeletonRows } from '../../ui/loading';
import { useResource } from '../../ui/resource';
import { TimeAgo } from '../../ui/time_ago';
import { ENDED_WORD, isFinal } from '../../ui/words';

const EVERY_MS = 5000;

export function RunAttempts({ run }: { run: Run }) {
  const found = useResource(
    `attempts of run ${run.id}`,
    (signal) => take(api.GET('/v1/runs/{run_id}/attempts', { params: { path: { run_id: run.id } }, signal })),
    isFinal(run.status) ? 0 : EVERY_MS,
  );
  return (
    <div class="card table-box">
      <table>
        <thead>
          <tr>
            <th>Attempt</th>
            <th>How it ended</th>
            <th>Hypervisor</th>
            <th>Began</th>
            <th class="end">Took</th>
            <th class="end">Lines</th>
          </tr>
        </thead>
        <tbody>
          <Loaded from={found} waiting={<SkeletonRows rows={run.attempt} columns={6} />}>
            {({ attempts }) =>
              [...attempts].reverse().map((one) => (
                <tr key={one.attempt}>
                  <td>
                    <a class="cell-title" href={attemptPath(run, one.attempt)}>
                      Log of attempt {one.attempt}
                    </a>
                  </td>
                  <td>
                    <StatusBadge status={one.status} />
                    <span class="cell-sub">{endText(one)}</span>
                  </td>
                  <td>{one.hypervisor?.name ?? '–'}</td>
                  <td>
                    <TimeAgo at={one.assigned_at} />
                  </td>
                  <td class="end">{tookText(one)}</td>
                  <td class="end">{count(one.log_lines)}</td>
                </tr>
              ))
            }
          </Loaded>
        </tbody>
      </table>
    </div>
  );
}

export function attemptPath(run: Run, attempt: number): string {
  return attempt === run.attempt ? `/runs/${run.id}` : `/runs/${run.id}?attempt=${attempt}`;
}

interface Ending {
  exit_code: number | null;
  termination_reason: string | null;
  started_at: string | null;
  completed_at: string | null;
}

function endText({ exit_code, termination_reason }: Ending): string {
  if (termination_reason === 'exited') return `Exit code ${exit_code}`;
  return termination_reason ? (ENDED_WORD[termination_reason as keyof typeof ENDED_WORD] ?? termination_reason) : '';
}

function tookText({ started_at, completed_at }: Ending): string {
  return started_at && completed_at ? duration(Date.parse(completed_at) - Date.parse(started_at)) : '–';
}
