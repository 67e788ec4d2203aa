// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byRunner, daysBack, seriesOf, type Usage } from '../../src/pages/usage/sums';

const row = (day: string, runner: number, cost_nano: number): Usage => ({
  day,
  runner_id: `runner-${runner}`,
  runner_name: `r${runner}`,
  runs: 1,
  seconds: 10,
  cpu_ms: 5,
  log_bytes: 1,
  cost: cost_nano / 1e9,
  cost_nano,
});

test('days end today', () => {
  assert.deepEqual(daysBack(3, new Date('2026-03-01T12:00:00Z')), ['2026-02-27', '2026-02-28', '2026-03-01']);
});

test('sums are exact where floats are not, the dearest first', () => {
  const sums = byRunner([row('a', 1, 1), ...Array.from({ length: 10 }, () => row('a', 2, 100_000_000))]);
  assert.deepEqual(sums.map(({ name, cost, runs }) => [name, cost, runs]), [
    ['r2', 1, 10],
    ['r1', 1e-9, 1],
  ]);
});

test('many runners share the last colour; other days are left out', () => {
  const rows = Array.from({ length: 9 }, (_, i) => row('2026-01-02', i, (i + 1) * 1e9));
  const series = seriesOf([...rows, row('2025-01-01', 1, 7e9)], ['2026-01-01', '2026-01-02'], 'cost');
  assert.equal(series.length, 6);
  assert.equal(series[5]!.name, '4 others');
  assert.deepEqual(series.map(({ values }) => values[0]), [0, 0, 0, 0, 0, 0]);
  assert.equal(series.reduce((sum, { values }) => sum + values[1]!, 0), 45);
});
