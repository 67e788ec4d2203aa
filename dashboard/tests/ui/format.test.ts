// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { niceCeiling, ticksOf } from '../../src/ui/bar_chart';
import { ago, bytes, commandLine, duration, money, seconds } from '../../src/ui/format';

test('durations', () => {
  const texts = [0, 999, 1500, 9999, 12_400, 59_400, 185_000, 7_800_000, 200_000_000].map(duration);
  assert.deepEqual(texts, ['0 ms', '999 ms', '1.5 s', '10.0 s', '12 s', '59 s', '3 min 05 s', '2 h 10 min', '2 d 7 h']);
  assert.deepEqual([1, 90, 60, 3600, 172_800].map(seconds), ['1 second', '90 seconds', '1 minute', '1 hour', '2 days']);
});

test('times ago and to come', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  const at = (s: number) => ago(new Date(now - s * 1000).toISOString(), now);
  assert.deepEqual([1, 59, 61, 7200, 86_400, 200_000, -90].map(at), ['just now', '59 s ago', '1 min ago', '2 h ago', '1 day ago', '2 days ago', 'in 1 min']);
});

test('sizes and money', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 256 * 2 ** 20, 5 * 2 ** 40].map(bytes), ['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '256 MiB', '5.0 TiB']);
  assert.deepEqual([0, 0.000001, 0.0036, 0.25, 1, 1234.5].map(money), ['0', '0.000001', '0.0036', '0.25', '1.00', '1234.50']);
});

test('a command line can be typed', () => {
  assert.equal(commandLine(['sh', '-c', "echo 'a b'", 'x=1']), `sh -c 'echo '\\''a b'\\''' x=1`);
});

test('scales end at round numbers, with round steps', () => {
  for (const value of [0.000045, 0.7, 1, 11.3, 12, 99, 1544, 2_000_001]) {
    const top = niceCeiling(value);
    assert.ok(top >= value && top <= value * 2, `${value}: ${top}`);
    const ticks = ticksOf(top);
    assert.equal(ticks[0], 0);
    assert.ok(Math.abs(ticks[ticks.length - 1]! - top) < top * 1e-9);
    const step = ticks[1]! / 10 ** Math.floor(Math.log10(ticks[1]!));
    assert.ok([1, 1.5, 2, 2.5, 3, 5].some((round) => Math.abs(step - round) < 1e-6), `${value}: steps of ${step}`);
  }
});
