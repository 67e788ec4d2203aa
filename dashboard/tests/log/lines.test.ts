// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AllLines } from '../../src/log/all_lines';
import { linesOf, textOfLines } from '../../src/log/copying';
import { PickedLines } from '../../src/log/picked_lines';
import { Search } from '../../src/log/search';
import { FakeLog, settled } from './server';

const none = () => {};

async function opened(server: FakeLog, budget?: number): Promise<AllLines> {
  const all = new AllLines(server, none, budget);
  all.append((await server.page({ tail: 1000 })).logs);
  server.requests = [];
  return all;
}

test('only the end is read, the rest when it is looked at', async () => {
  const all = await opened(new FakeLog().add(100_000));
  assert.equal(all.count, 100_000);
  assert.equal(all.line(99_999)!.text, 'line 100000');
  assert.equal(all.line(50_500), undefined);
  all.want(50_500, 50_540);
  await settled();
  assert.equal(all.line(50_500)!.text, 'line 50501');
  assert.equal(all.id(50_500), 50_501);
  assert.equal(all.row(50_501), 50_500);
});

test('a view over two pages reads both, and each once', async () => {
  const server = new FakeLog().add(10_000);
  const all = await opened(server);
  for (let i = 0; i < 3; i++) all.want(2990, 3010);
  await settled();
  all.want(2990, 3010);
  assert.equal(server.requests.length, 2);
  for (let row = 2990; row <= 3010; row++) assert.equal(all.line(row)!.id, row + 1);
});

test('a page that comes in parts is put together', async () => {
  const server = new FakeLog().add(5000);
  const all = await opened(server);
  server.pageMax = 300;
  all.want(1000, 1040);
  await settled();
  for (let row = 1000; row < 2000; row++) assert.equal(all.line(row)!.id, row + 1);
});

test('a million lines that all are looked at stay within the budget', async () => {
  const server = new FakeLog().add(1_000_000, (id) => `${id} ${'x'.repeat(80)}`);
  const budget = 4 << 20;
  const all = await opened(server, budget);
  for (let row = 0; row < 1_000_000; row += 40_000) {
    all.want(row, row + 50);
    await settled();
    assert.ok(all.bytes <= budget * 1.2, `${all.bytes} bytes`);
  }
  assert.equal(all.count, 1_000_000);
});

test('lines that come twice are taken once', async () => {
  const server = new FakeLog().add(10);
  const all = await opened(server);
  assert.equal(all.append(server.entries).length, 0);
  server.add(5);
  assert.deepEqual(all.append(server.entries.slice(5)).map(({ id }) => id), [11, 12, 13, 14, 15]);
  assert.equal(all.count, 15);
});

test('what was missed on the way is read when it is looked at', async () => {
  const server = new FakeLog().add(10);
  const all = await opened(server);
  server.add(9990);
  all.append(server.entries.slice(-1000));
  assert.equal(all.count, 10_000);
  all.want(0, 40);
  await settled();
  assert.equal(all.line(20)!.text, 'line 21');
});

test('a read that failed is tried again later', async () => {
  const server = new FakeLog().add(5000);
  const all = await opened(server);
  server.failures = 1;
  all.want(0, 10);
  await settled();
  assert.equal(all.line(0), undefined);
  all.want(0, 10);
  await settled();
  assert.equal(all.line(0), undefined, 'not at once');
});

test('missing lines are one row', async () => {
  const server = new FakeLog().add(10);
  server.entries = [
    ...server.entries.slice(0, 4),
    { ...server.entries[7]!, stream: 'system', msg: 'Lines 5 to 8 are missing', gap: { first_id: 5, reason: 'lost' } },
    ...server.entries.slice(8),
  ];
  const all = await opened(server);
  assert.equal(all.count, 7);
  const ids = Array.from({ length: 7 }, (_, row) => all.line(row)!.id);
  assert.deepEqual(ids, [1, 2, 3, 4, 8, 9, 10]);
  assert.equal(all.row(6), 4);
  assert.equal(all.row(9), 5);
  assert.deepEqual([all.id(4), all.id(5), all.id(6)], [5, 9, 10]);
});

test('a log that is gone altogether is one row', async () => {
  const server = new FakeLog();
  server.entries = [
    { id: 1_000_000, ts: new Date(0).toISOString(), stream: 'system', msg: 'gone', gap: { first_id: 1, reason: 'expired' } },
  ];
  const all = await opened(server);
  assert.equal(all.count, 1);
  all.want(0, 0);
  assert.equal(all.line(0)!.text, 'gone');
  assert.equal(server.requests.length, 0);
});

test('colours go on over lines and pages', async () => {
  const server = new FakeLog().add(3000, (id) => (id === 1990 ? '\x1b[32mgreen from here' : `line ${id}`));
  const all = await opened(server);
  all.want(1980, 2010);
  await settled();
  assert.equal(all.style(1988).fg, null);
  assert.equal(all.style(1990).fg, 2);
  assert.equal(all.style(2005).fg, 2);
});

test('a filter finds its lines in the whole log, and takes new ones', async () => {
  const server = new FakeLog();
  for (let i = 1; i <= 5000; i++) server.put(`n ${i}`, i % 10 === 0 ? 'stderr' : 'stdout');
  const all = await opened(server);
  const picked = new PickedLines({ stream: 'stderr' }, server, none);
  await picked.start(() => all.lastId);
  assert.equal(picked.count, 500);
  assert.equal(picked.line(499)!.id, 5000);
  assert.equal(picked.row(4985), 498);
  picked.take(all.append([server.put('late', 'stderr'), server.put('not this', 'stdout')]));
  assert.equal(picked.count, 501);
  assert.equal(picked.line(500)!.text, 'late');
});

test('filtered lines that were let go are read again', async () => {
  const server = new FakeLog();
  for (let i = 1; i <= 20_000; i++) server.put(`n ${i}`, i % 2 === 0 ? 'stderr' : 'stdout');
  const picked = new PickedLines({ stream: 'stderr' }, server, none, none, 300_000);
  await picked.start(() => 20_000);
  assert.equal(picked.count, 10_000);
  assert.equal(picked.line(5000), undefined);
  picked.want(4990, 5030);
  await settled();
  for (let row = 4990; row <= 5030; row++) assert.equal(picked.line(row)!.id, (row + 1) * 2);
});

test('a search finds every line, goes round, and takes new ones', async () => {
  const server = new FakeLog().add(5000, (id) => (id % 1000 === 0 ? `error ${id}` : `line ${id}`));
  server.pageMax = 700;
  const all = await opened(server);
  const search = new Search({ q: 'error' }, server, none);
  await search.start(() => all.lastId);
  assert.equal(search.count, 5);
  assert.equal(search.next(1500, 1), 2000);
  assert.equal(search.next(2000, 1), 3000);
  assert.equal(search.next(2000, -1), 1000);
  assert.equal(search.next(5000, 1), 1000);
  assert.equal(search.next(1, -1), 5000);
  assert.equal(search.placeOf(3000), 3);
  search.take(all.append([server.put('another error')]));
  assert.equal(search.count, 6);
});

test('capitals are told apart or not, in what is stored and in what comes', async () => {
  const server = new FakeLog().add(10, (id) => (id === 5 ? 'An ERROR İ' : `line ${id}`));
  const all = await opened(server);
  const either = new Search({ q: 'Error', ignore_case: 1 }, server, none);
  const exact = new Search({ q: 'Error' }, server, none);
  await either.start(() => all.lastId);
  await exact.start(() => all.lastId);
  const fresh = all.append([server.put('an error'), server.put('An Error')]);
  either.take(fresh);
  exact.take(fresh);
  assert.deepEqual([either.count, exact.count], [3, 1]);
});

test('lines that come while a search reads are not missed', async () => {
  const server = new FakeLog().add(3000);
  const all = await opened(server);
  server.pageMax = 500;
  const search = new Search({ q: 'hit' }, server, () => {
    if (server.entries.length < 3010) search.take(all.append([server.put(`hit ${server.entries.length}`)]));
  });
  await search.start(() => all.lastId);
  await settled();
  assert.equal(search.count, server.entries.filter(({ msg }) => msg!.startsWith('hit')).length);
});

test('a range is copied with its line breaks, whether it is in memory or not', async () => {
  const server = new FakeLog().add(5000, (id) => `\x1b[31mline ${id}\x1b[0m`);
  const all = await opened(server);
  const lines = await linesOf({ first: 10, last: 2500 }, all, server, new AbortController().signal);
  assert.equal(lines.length, 2491);
  assert.ok(textOfLines(lines).startsWith('line 10\nline 11\n'));
  const pieces = [
    { ...lines[0]!, text: 'one', partial: true },
    { ...lines[1]!, text: 'line', partial: false },
  ];
  assert.equal(textOfLines(pieces), 'oneline\n');
});
