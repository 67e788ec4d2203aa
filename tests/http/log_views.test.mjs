// SPDX-License-Identifier: Apache-2.0
//
// The log from its end, backwards, by stream, and many lines an event.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { assertProblems, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const runner = await makeRunner(client);

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const LINES = 1200;

const run = await trigger(client, runner);
const assignment = await agent.next('assign', run);
await agent.started(assignment);
for (const from of [1, 101, 701]) {
  const to = { 1: 100, 101: 700, 701: LINES }[from];
  await agent.log(
    assignment,
    from,
    range(from, to).map((id) => ({
      msg: `line ${id}`,
      stream: id % 10 === 0 ? 'stderr' : 'stdout',
    })),
  );
}
await agent.finished(assignment, { last_line: LINES });
const logs = `/v1/runs/${run.id}/logs`;

async function page(query) {
  const { status, json } = await client.get(`${logs}?${query}`);
  assert.equal(status, 200);
  return { ids: json.logs.map(({ id }) => id), meta: json.meta };
}

test('tail is the end of the log', async () => {
  assert.deepEqual(await page('tail=3'), {
    ids: range(1198, 1200),
    meta: { last_id: 1200, complete: true, more: false },
  });
  assert.equal((await page('tail=1000')).ids[0], 201);
  assert.deepEqual((await page('tail=5&after_id=1198')).ids, [1199, 1200]);
  assert.deepEqual(await page('tail=5&limit=2'), {
    ids: [1196, 1197],
    meta: { last_id: 1197, complete: false, more: true },
  });
});

test('before_id reads backwards', async () => {
  const all = [];
  for (let before = LINES + 1; before > 1; [before] = all) {
    all.unshift(...(await page(`before_id=${before}&limit=170`)).ids);
  }
  assert.deepEqual(all, range(1, LINES));
  assert.deepEqual((await page('before_id=9007199254740991&limit=2')).ids, [1199, 1200]);
  assert.deepEqual((await page('before_id=1')).ids, []);
  assert.deepEqual((await page('before_id=10&after_id=7')).ids, [8, 9]);
});

test('stream picks out its lines', async () => {
  assert.deepEqual(await page('stream=stderr&limit=3'), {
    ids: [10, 20, 30],
    meta: { last_id: 30, complete: false, more: true },
  });
  assert.deepEqual((await page('stream=stderr&tail=25')).ids, [1180, 1190, 1200]);
  assert.deepEqual(await page('stream=system'), {
    ids: [],
    meta: { last_id: 1200, complete: true, more: false },
  });
});

test('q finds lines wherever they are, a page at a time', async () => {
  assert.deepEqual((await page('q=line%20119')).ids, [119, ...range(1190, 1199)]);
  assert.deepEqual(await page('q=line%20119&limit=2'), {
    ids: [119, 1190],
    meta: { last_id: 1190, complete: false, more: true },
  });
  assert.deepEqual((await page('q=line%20119&limit=2&after_id=1190')).ids, [1191, 1192]);
  assert.deepEqual((await page('q=line%20119&before_id=1191')).ids, [119, 1190]);
  assert.deepEqual((await page('q=0&stream=stderr&limit=2')).ids, [10, 20]);
  assert.deepEqual((await page('q=LINE%20119')).ids, []);
  assert.deepEqual((await page('q=LINE%20119&ignore_case=0')).ids, []);
  assert.deepEqual((await page('q=LINE%20119&ignore_case=1')).ids, [119, ...range(1190, 1199)]);
  assert.deepEqual((await page('q=lINe%20120x&ignore_case=1')).ids, []);
  const download = await client.get(`${logs}?q=LINE%201190&ignore_case=1&format=text`);
  assert.equal(download.text, 'line 1190\n');
  assert.deepEqual(await page('q=nowhere'), {
    ids: [],
    meta: { last_id: 1200, complete: true, more: false },
  });
});

test('views have limits', async () => {
  for (const [query, field] of [
    ['tail=0', 'tail'],
    ['tail=1001', 'tail'],
    ['before_id=0', 'before_id'],
    ['stream=stdin', 'stream'],
    ['q=', 'q'],
    [`q=${'x'.repeat(1001)}`, 'q'],
    ['format=xml', 'format'],
    ['q=x&ignore_case=2', 'ignore_case'],
    ['lines=1', 'lines'],
  ]) {
    assertProblems(await client.get(`${logs}?${query}`), [field]);
  }
  assertProblems(await client.get(`${logs}/stream?batch=2`), ['batch']);
});

test('a batch is many lines an event, resumed like any other', async () => {
  const whole = await (await client.follow(`${logs}/stream?batch=1`)).rest();
  const batches = whole.filter(({ event }) => event === 'logs');
  assert.ok(batches.length >= 3 && batches.length < 20, `${batches.length} events`);
  assert.deepEqual(
    batches.flatMap(({ data }) => data.logs.map(({ id }) => id)),
    range(1, LINES),
  );
  for (const { id, data } of batches) assert.equal(id, String(data.logs.at(-1).id));
  assert.equal(whole.at(-1).event, 'state');

  const headers = { 'last-event-id': batches[0].id };
  const rest = await (await client.follow(`${logs}/stream?batch=1`, { headers })).rest();
  assert.equal(rest[0].data.logs[0].id, Number(batches[0].id) + 1);
});
