// SPDX-License-Identifier: Apache-2.0
import type { Run } from '../../api/client';
import type { RunStatus } from '../../log/follower';
import { bytes, duration, exactTime } from '../../ui/format';
import { phasesOf, sharesOf, type Phase } from './phases';

type Pull = NonNullable<RunStatus['pull']>;

const STATE_WORD = { done: '', now: 'now', ahead: 'to come', never: 'did not happen' };

export function Timeline({ run, pull, now }: { run: Run; pull: Pull | null | undefined; now: number }) {
  const phases = phasesOf(run, now);
  const shares = sharesOf(phases);
  return (
    <ol class="timeline" aria-label="Timeline">
      {phases.map((phase, i) => (
        <li key={phase.name} class={`phase is-${phase.state} is-${run.status}`} style={{ flexGrow: shares[i] }}>
          <span class="phase-bar">
            {phase.name === 'Image' && phase.state === 'now' && pull && <PullBar pull={pull} />}
          </span>
          <span class="phase-name">{phase.name}</span>
          <span class="phase-time">{phaseText(phase, pull)}</span>
        </li>
      ))}
      {run.completed_at !== null && (
        <li class="phase phase-end">
          <span class="phase-name">Ended</span>
          <time class="phase-time" dateTime={run.completed_at} title={exactTime(run.completed_at)}>
            {clock(run.completed_at)}
          </time>
        </li>
      )}
    </ol>
  );
}

function PullBar({ pull }: { pull: Pull }) {
  const share = pull.total_bytes > 0 ? pull.done_bytes / pull.total_bytes : 0;
  return <span class="phase-pull" style={{ width: `${Math.round(share * 100)}%` }} />;
}

function phaseText(phase: Phase, pull: Pull | null | undefined): string {
  if (phase.name === 'Image' && phase.state === 'now')
    return pull && pull.total_bytes > 0 ? `${bytes(pull.done_bytes)} of ${bytes(pull.total_bytes)}` : 'pulling …';
  if (phase.state === 'ahead' || phase.state === 'never') return phase.ms === null ? STATE_WORD[phase.state] : duration(phase.ms);
  if (phase.ms === null) return STATE_WORD[phase.state] || 'done';
  if (phase.name === 'Image' && phase.ms === 0) return 'was there';
  // what goes on is told in whole seconds: it ticks
  return phase.state === 'now' ? duration(Math.max(1000, Math.round(phase.ms / 1000) * 1000)) : duration(phase.ms);
}

function clock(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}
