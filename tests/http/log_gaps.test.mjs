// SPDX-License-Identifier: Apache-2.0
//
// Lines that are not to be had: never waited for for ever, never left out without a word.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { logFrame, summed } from './support/log_frame.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true, settings: { log_wait_seconds: '2' } });
after(() => stack.stop());
const { client } = stack;
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const runner = await makeRunner(client);

async function started() {
  const run = await trigger(client, runner);
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  return { run, assignment, logs: `/v1/runs/${run.id}/logs` };
}

const shape = ({ id, stream, msg, gap }) => ({ id, stream, ...(gap ? { gap } : { msg }) });
const lost = (first, last) => ({
  id: last,
  stream: 'system',
  gap: { first_id: first, reason: 'lost' },
});

test('a log that stands still is given up, and heals when the lines come', async () => {
  const { assignment, logs } = await started();
  await agent.log(assignment, 1, ['one', 'two']);
  const follower = await client.follow(`${logs}/stream`);
  await agent.finished(assignment, { last_line: 5 });
  assert.equal((await client.get(logs)).json.meta.complete, false, 'not at once');

  const from = Date.now();
  const events = await follower.rest();
  assert.ok(Date.now() - from < 10000, 'when it is due, and not at the next sign of life');
  assert.deepEqual(
    events.filter(({ event }) => event === 'log').map(({ data }) => shape(data)),
    [
      { id: 1, stream: 'stdout', msg: 'one' },
      { id: 2, stream: 'stdout', msg: 'two' },
      lost(3, 5),
    ],
  );
  assert.equal(events.at(-1).event, 'state');
  assert.equal(events.at(-1).data.last_id, 5);

  const { json } = await client.get(`${logs}?after_id=1`);
  assert.deepEqual(json.logs.map(shape), [{ id: 2, stream: 'stdout', msg: 'two' }, lost(3, 5)]);
  assert.deepEqual(json.meta, { last_id: 5, complete: true, more: false });
  assert.deepEqual((await client.get(`${logs}?after_id=3`)).json.logs.map(shape), [lost(4, 5)]);
  const before = (await client.get(`${logs}?before_id=5`)).json;
  assert.deepEqual(before.logs.map(shape).at(-1), lost(3, 4));

  assert.equal((await agent.log(assignment, 3, ['three', 'four', 'five'])).last_id, 5);
  assert.deepEqual(
    (await client.get(logs)).json.logs.map(({ msg }) => msg),
    ['one', 'two', 'three', 'four', 'five'],
  );
});

test('while lines come, however slowly, nothing is given up', async () => {
  const { assignment, logs } = await started();
  await agent.log(assignment, 1, ['1']);
  await agent.finished(assignment, { last_line: 3 });
  const from = Date.now();
  for (let id = 2; id <= 3; id++) {
    const next = from + (id - 1) * 1200;
    await until('the next line is due', () => Date.now() >= next);
    assert.equal((await client.get(logs)).json.meta.complete, false);
    await agent.log(assignment, id, [String(id)]);
  }
  const { json } = await client.get(logs);
  assert.deepEqual(
    json.logs.map(({ msg }) => msg),
    ['1', '2', '3'],
  );
  assert.equal(json.meta.complete, true);
});

test('an agent that says that lines are gone is believed', async () => {
  const { assignment, logs } = await started();
  await agent.log(assignment, 1, ['one']);
  const why = Buffer.from('the spool is damaged at byte 4711');
  const frame = logFrame({ ...assignment, firstId: 2, lines: [''] }).subarray(0, 68);
  const chunk = Buffer.concat([frame.subarray(20), why]);
  chunk.writeUInt32LE(why.length, 4);
  chunk.writeUInt32LE(why.length, 8);
  chunk.writeUInt32LE(0, 12);
  chunk.writeUInt32LE(8, 24);
  chunk.writeUInt8(2, 29);
  chunk.writeUInt8(4, 30);
  const { json } = await agent.ship(Buffer.concat([frame.subarray(0, 20), summed(chunk)]));
  assert.equal(json.acks[0].last_id, 9);
  await agent.log(assignment, 10, ['ten']);
  await agent.finished(assignment, { last_line: 10 });

  const page = (await client.get(logs)).json;
  assert.deepEqual(page.logs.map(shape), [
    { id: 1, stream: 'stdout', msg: 'one' },
    lost(2, 9),
    { id: 10, stream: 'stdout', msg: 'ten' },
  ]);
  assert.match(page.logs[1].msg, /damaged at byte 4711/);
  assert.deepEqual((await client.get(`${logs}?after_id=5`)).json.logs.map(shape)[0], lost(6, 9));
  const events = await (await client.follow(`${logs}/stream?batch=1`)).rest();
  const { data } = events.find(({ event }) => event === 'logs');
  assert.deepEqual(shape(data.logs[1]), lost(2, 9));
});

test('retention drops days of logs, and says so', async () => {
  const { assignment, logs } = await started();
  await agent.log(assignment, 1, ['one', 'two']);
  await agent.finished(assignment, { last_line: 2 });
  const drop = () => stack.database.sql('SELECT log_partitions_drop(0)');
  drop();
  assert.equal((await client.get(logs)).json.logs[0].msg, 'one', 'today stays');
  stack.database.sql(`SELECT log_partitions_drop(-1)`);
  const { json } = await client.get(logs);
  assert.deepEqual(json.logs.map(shape), [
    { id: 2, stream: 'system', gap: { first_id: 1, reason: 'expired' } },
  ]);
  assert.equal(json.meta.complete, true);

  const later = await started();
  await agent.log(later.assignment, 1, ['of a day whose partition is gone']);
  assert.equal((await client.get(later.logs)).json.logs[0].stream, 'stdout');
  await agent.finished(later.assignment, { last_line: 1 });
});
