// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashOfRange, rangeFromHash } from '../../src/log/permalink';
import { anchorAt, endAnchor, moveBy, scrollTopOf, spaceHeight, SPACE_MAX, TOP, type Extent } from '../../src/log/scroll_model';
import { relativeTime } from '../../src/log/times';

const even = (count: number, view = 600): Extent => ({ count, view, average: 20, height: () => 20 });
const wrapped = (count: number): Extent => ({ count, view: 600, average: 25, height: (row) => 20 * (1 + (row % 3)) });

test('a short list stands where the bar says', () => {
  const extent = even(1000);
  assert.equal(spaceHeight(extent), 20_000);
  for (const top of [0, 1, 19, 20, 333, 19_398]) {
    const anchor = anchorAt(top, extent);
    assert.deepEqual(anchor, { row: Math.floor(top / 20), hidden: top % 20 });
    assert.equal(scrollTopOf(anchor, extent), top);
  }
  assert.deepEqual(anchorAt(19_400, extent), { row: 970, hidden: 0 });
});

test('what fits does not move', () => {
  assert.deepEqual(endAnchor(even(10)), TOP);
  assert.deepEqual(moveBy(TOP, 100, even(10)), TOP);
  assert.equal(scrollTopOf(TOP, even(10)), 0);
});

test('a list higher than a browser takes is pressed together, its ends are exact', () => {
  for (const count of [400_001, 1_000_000, 50_000_000]) {
    const extent = even(count);
    assert.equal(spaceHeight(extent), SPACE_MAX);
    assert.deepEqual(anchorAt(0, extent), TOP);
    assert.deepEqual(anchorAt(SPACE_MAX - 600, extent), { row: count - 30, hidden: 0 });
    const middle = anchorAt((SPACE_MAX - 600) / 2, extent);
    assert.ok(Math.abs(middle.row - count / 2) < 40);
    assert.ok(Math.abs(scrollTopOf(middle, extent) - (SPACE_MAX - 600) / 2) < 1);
  }
});

test('small moves are true pixels, over rows of any height', () => {
  const extent = wrapped(1000);
  let anchor = { row: 500, hidden: 0 };
  for (let i = 0; i < 37; i++) anchor = moveBy(anchor, 13, extent);
  for (let i = 0; i < 37; i++) anchor = moveBy(anchor, -13, extent);
  assert.deepEqual(anchor, { row: 500, hidden: 0 });
  assert.deepEqual(moveBy({ row: 3, hidden: 0 }, 20 + 10, extent), { row: 4, hidden: 10 });
  assert.deepEqual(moveBy({ row: 3, hidden: 0 }, -10, extent), { row: 2, hidden: 50 });
  assert.deepEqual(moveBy({ row: 1, hidden: 0 }, -1e6, extent), TOP);
  assert.deepEqual(moveBy(TOP, 1e9, extent), endAnchor(extent));
});

test('the last row ends at the lower edge', () => {
  const extent = wrapped(100);
  const { row, hidden } = endAnchor(extent);
  let y = -hidden;
  for (let i = row; i < 100; i++) y += extent.height(i);
  assert.equal(y, 600);
});

test('permalinks', () => {
  assert.deepEqual(rangeFromHash('#L12'), { first: 12, last: 12 });
  assert.deepEqual(rangeFromHash('#L12-L20'), { first: 12, last: 20 });
  assert.deepEqual(rangeFromHash('#L20-12'), { first: 12, last: 20 });
  for (const none of ['', '#', '#L', '#L0', '#l1', '#L1-', '#L1x', '#L99999999999999999']) assert.equal(rangeFromHash(none), null);
  assert.equal(hashOfRange({ first: 3, last: 3 }), '#L3');
  assert.equal(hashOfRange({ first: 3, last: 9 }), '#L3-L9');
  assert.equal(hashOfRange(null), '');
});

test('relative times', () => {
  assert.equal(relativeTime(1042, 0), '0:01.042');
  assert.equal(relativeTime(3_723_004, 0), '1:02:03.004');
  assert.equal(relativeTime(0, 5), '0:00.000');
});
