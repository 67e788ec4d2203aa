// SPDX-License-Identifier: Apache-2.0
//
// Logs that are passed on and not stored, through one replica of the API and through two.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { assertError, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const second = await stack.startReplica();
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const runner = await makeRunner(client, { log_storage: 'transient' });

const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);

async function started() {
  const run = await trigger(client, runner);
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  return { run, assignment, logs: `/v1/runs/${run.id}/logs` };
}

/** A follower that has been told that the run is running. */
async function follow(from, logs, query = '') {
  const follower = await from.follow(`${logs}/stream${query}`);
  await follower.find(({ event, data }) => event === 'status' && data.status === 'running');
  return follower;
}

const shape = ({ data: { id, msg, gap } }) => (gap ? { id, gap } : { id, msg });
const logsOf = (events) => events.filter(({ event }) => event === 'log').map(shape);
const all = (from, to) => lines(from, to).map((msg, i) => ({ id: from + i, msg }));
/** Nothing is missing without a word: every line is there or in a gap, in order. */
function assertNoHole(got, last) {
  let next = 1;
  for (const { id, gap } of got) {
    assert.equal(gap ? gap.first_id : id, next);
    next = id + 1;
  }
  assert.equal(next, last + 1);
}
const missing = (first, last) => ({ id: last, gap: { first_id: first, reason: 'transient' } });

await until('the replicas to know each other', () =>
  [stack.api, second.program].every(
    (program) => program.log().split('peer.found').length > 2, // each of its two threads
  ),
);

test('followers get every line, nobody else gets any', async () => {
  const { assignment, logs } = await started();
  const early = await follow(client, logs);
  for (const [from, to] of [
    [1, 3],
    [4, 200],
    [201, 201],
  ])
    assert.equal((await agent.log(assignment, from, lines(from, to))).last_id, to);
  const late = await follow(client, logs);
  await agent.log(assignment, 202, lines(202, 300));
  await agent.finished(assignment, { last_line: 300 });

  const whole = await early.rest();
  assert.deepEqual(logsOf(whole), all(1, 300));
  assert.deepEqual(whole.at(-1).data.last_id, 300);
  // what came by a moment ago may still be there, on the early one's thread
  const got = logsOf(await late.rest());
  assertNoHole(got, 300);
  assert.deepEqual(got.slice(-99), all(202, 300));

  const after_end = await (await client.follow(`${logs}/stream`)).rest();
  assert.deepEqual(logsOf(after_end), [missing(1, 300)]);
  assert.equal(after_end.at(-1).event, 'state');
  const { json } = await client.get(logs);
  assert.deepEqual(
    json.logs.map((data) => shape({ data })),
    [missing(1, 300)],
  );
  assert.equal(json.meta.complete, true);
  assert.deepEqual(
    stack.database.sql(`SELECT count(*) FROM log_chunks WHERE run_id = '${assignment.run}'`),
    ['0'],
  );
});

test('a follower at another replica gets the lines too', async () => {
  const { assignment, logs } = await started();
  const here = await follow(client, logs);
  const there = await follow(second.client, logs, '?batch=1');
  for (let from = 1; from <= 2000; from += 100)
    await agent.log(assignment, from, lines(from, from + 99));
  await agent.finished(assignment, { last_line: 2000 });
  assert.deepEqual(logsOf(await here.rest()), all(1, 2000));
  const batches = (await there.rest()).filter(({ event }) => event === 'logs');
  assert.deepEqual(
    batches.flatMap(({ data }) => data.logs.map((entry) => shape({ data: entry }))),
    all(1, 2000),
  );
});

test('a follower resumes within what has just come by', async () => {
  const { assignment, logs } = await started();
  const follower = await follow(client, logs);
  await agent.log(assignment, 1, lines(1, 10));
  await follower.find(({ data }) => data.id === 4);
  // another one keeps the lines; without any they are gone
  const headers = { 'last-event-id': '4' };
  const resumed = await client.follow(`${logs}/stream`, { headers });
  await agent.log(assignment, 11, lines(11, 12));
  await agent.finished(assignment, { last_line: 12 });
  const got = logsOf(await resumed.rest());
  const first = got[0].gap ? [missing(5, 10)] : all(5, 10);
  assert.deepEqual(got, [...first, ...all(11, 12)], 'the lines, or a word that they are gone');
  follower.close();
});

test('strangers cannot pass lines', async () => {
  const headers = { 'Content-Type': 'application/octet-stream' };
  const path = '/internal/v1/lines';
  assertError(
    await stack.anonymous.post(path, Buffer.from('x'), { headers }),
    401,
    'unauthenticated',
  );
  assertError(await client.post(path, Buffer.from('x'), { headers }), 401, 'unauthenticated');
});
