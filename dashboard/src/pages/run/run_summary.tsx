// SPDX-License-Identifier: Apache-2.0
//
// How the run stands, how it came there, what it took.

import type { ComponentChildren } from 'preact';

import type { Run } from '../../api/client';
import type { RunStatus } from '../../log/follower';
import { StatusBadge } from '../../ui/badge';
import { bytes, duration, megabytes, money } from '../../ui/format';
import { TimeAgo } from '../../ui/time_ago';
import { isFinal } from '../../ui/words';
import { outcomeOf } from './outcome';
import { Timeline } from './timeline';
import { useNow } from './use_now';

export function RunSummary({ run, pull }: { run: Run; pull: RunStatus['pull'] | null }) {
  const now = useNow(!isFinal(run.status));
  const { what, help } = outcomeOf(run, Boolean(pull));
  const message = run.termination_message ?? run.pending_message;
  return (
    <section class="card run-summary" aria-label="Summary">
      <div class="run-outcome">
        <StatusBadge status={run.status} />
        <div>
          <strong>{what}</strong>
          {help && <p>{help}</p>}
          {message && <p class="mono run-message">{message}</p>}
        </div>
      </div>
      <Timeline run={run} pull={pull} now={now} />
      <dl class="facts run-facts">
        <Fact name="Duration">{durationText(run, now)}</Fact>
        <Fact name="Exit code">{run.exit_code ?? '–'}</Fact>
        <Fact name="CPU time">{run.cpu_ms === null ? '–' : duration(run.cpu_ms)}</Fact>
        <Fact name="Memory, most">{memoryText(run)}</Fact>
        <Fact name="Cost">{isFinal(run.status) ? money(run.cost) : '–'}</Fact>
        <Fact name="Triggered">
          <TimeAgo at={run.created_at} />
          <span class="quiet">{run.trigger.by ? ` by ${run.trigger.by}` : ''}</span>
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function durationText(run: Run, now: number): string {
  if (run.duration_ms !== null) return duration(run.duration_ms);
  if (run.status !== 'running' || run.started_at === null) return '–';
  return duration(Math.max(0, Math.round((now - Date.parse(run.started_at)) / 1000) * 1000));
}

function memoryText(run: Run): string {
  const limit = megabytes(run.instance_type.mem);
  return run.memory_peak_bytes === null ? `– of ${limit}` : `${bytes(run.memory_peak_bytes)} of ${limit}`;
}
