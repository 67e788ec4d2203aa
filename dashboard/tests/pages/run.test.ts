// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Run } from '../../src/api/client';
import { exitCodeMeaning } from '../../src/pages/run/exit_code';
import { phasesOf, sharesOf } from '../../src/pages/run/phases';

const T0 = Date.parse('2026-01-01T00:00:00.000Z');
const at = (ms: number) => new Date(T0 + ms).toISOString();

function run(change: Partial<Run>): Run {
  return {
    status: 'pending',
    created_at: at(0),
    started_at: null,
    completed_at: null,
    queued_ms: null,
    pull_ms: null,
    start_ms: null,
    duration_ms: null,
    ...change,
  } as Run;
}

const states = (change: Partial<Run>, now = 5000) => phasesOf(run(change), T0 + now).map(({ state, ms }) => `${state} ${ms}`);

test('the steps of a run, as far as it has come', () => {
  assert.deepEqual(states({}), ['now 5000', 'ahead null', 'ahead null', 'ahead null']);
  assert.deepEqual(states({ queued_ms: 3 }), ['done 3', 'now null', 'ahead null', 'ahead null']);
  const running = { status: 'running', queued_ms: 3, pull_ms: 10, start_ms: 12, started_at: at(25) } as const;
  assert.deepEqual(states(running), ['done 3', 'done 10', 'done 12', 'now 4975']);
  const over = { ...running, status: 'failed', duration_ms: 900, completed_at: at(925) } as const;
  assert.deepEqual(states(over), ['done 3', 'done 10', 'done 12', 'done 900']);
});

test('what a run never came to', () => {
  assert.deepEqual(states({ status: 'canceled', completed_at: at(700) }), ['done 700', 'never null', 'never null', 'never null']);
  const failed = { status: 'failed', queued_ms: 3, pull_ms: 40, completed_at: at(43) } as const;
  assert.deepEqual(states(failed), ['done 3', 'done 40', 'never null', 'never null']);
});

test('short steps can be seen, and what goes on can be read', () => {
  const long = { status: 'succeeded', queued_ms: 1, pull_ms: 0, start_ms: 1, started_at: at(2), duration_ms: 3_600_000 } as const;
  const shares = sharesOf(phasesOf(run(long), T0));
  assert.ok(shares.every((share) => share >= 1 / 12));
  assert.ok(shares[3]! > 0.9);
  assert.ok(sharesOf(phasesOf(run({ queued_ms: 60_000 }), T0))[1]! >= 1 / 2);
});

test('exit codes in words', () => {
  assert.equal(exitCodeMeaning(0, 'exited'), 'success');
  assert.match(exitCodeMeaning(127, 'exited'), /not found/);
  assert.match(exitCodeMeaning(137, 'exited'), /SIGKILL/);
  assert.match(exitCodeMeaning(137, 'oom_killed'), /memory/);
  assert.match(exitCodeMeaning(124, 'timeout'), /time limit/);
  assert.match(exitCodeMeaning(124, 'exited'), /own code/);
  assert.equal(exitCodeMeaning(162, 'exited'), 'ended by signal 34');
  assert.match(exitCodeMeaning(77, 'exited'), /own code/);
});
