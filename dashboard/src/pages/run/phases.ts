// SPDX-License-Identifier: Apache-2.0
//
// The way of a run in steps with a length each: queued, pulling, starting, running.

import type { Run } from '../../api/client';

export type PhaseState = 'done' | 'now' | 'ahead' | 'never';

export interface Phase {
  name: string;
  state: PhaseState;
  ms: number | null;
}

export function phasesOf(run: Run, now: number): Phase[] {
  const isOver = run.status !== 'pending' && run.status !== 'running';
  const since = (at: string | null) => (at === null ? null : Math.max(0, now - Date.parse(at)));
  const rest: PhaseState = isOver ? 'never' : 'ahead';
  const isQueued = run.status === 'pending' && run.queued_ms === null;
  const isPlaced = run.status === 'pending' && run.queued_ms !== null;
  const hasStarted = run.started_at !== null;

  return [
    {
      name: 'Queued',
      state: isQueued ? 'now' : 'done',
      ms: run.queued_ms ?? (isOver ? between(run.created_at, run.completed_at) : since(run.created_at)),
    },
    {
      name: 'Image',
      state: run.pull_ms !== null || hasStarted ? 'done' : isPlaced ? 'now' : rest,
      ms: run.pull_ms,
    },
    { name: 'Start', state: hasStarted ? 'done' : rest, ms: run.start_ms },
    {
      name: 'Run',
      state: run.status === 'running' ? 'now' : hasStarted ? 'done' : rest,
      ms: run.duration_ms ?? (run.status === 'running' ? since(run.started_at) : null),
    },
  ];
}

function between(from: string, to: string | null): number | null {
  return to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from));
}

const LEAST = 1 / 12;
/** Of what goes on: there is something to read. */
const LEAST_NOW = 1 / 2;

/** Shares of the bar: true ones would hide what is short. */
export function sharesOf(phases: Phase[]): number[] {
  const total = phases.reduce((sum, { ms }) => sum + (ms ?? 0), 0);
  return phases.map(({ ms, state }) => {
    const share = total > 0 ? (ms ?? 0) / total : 0;
    return Math.max(share, state === 'now' ? LEAST_NOW : LEAST);
  });
}
