// SPDX-License-Identifier: Apache-2.0
//
// Log lines from a hypervisor: stored once and in order, whatever arrives twice, early or broken.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { logChunk, logFrame, summed } from './support/log_frame.mjs';
import { assertProblems, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const runner = await makeRunner(client);

async function running() {
  const run = await trigger(client, runner);
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  return { run, assignment, logs: `/v1/runs/${run.id}/logs` };
}

const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);
const messages = async (path) => (await client.get(path)).json.logs.map(({ msg }) => msg);

test('lines come back as they were printed', async () => {
  const { assignment, logs } = await running();
  const bytes = Buffer.from([0xff, 0x00, 0xc0, 0x80]);
  const ack = await agent.log(assignment, 1, [
    { msg: 'out', ts_us: 1700000000123456 },
    { msg: 'err', stream: 'stderr' },
    { msg: 'ours', stream: 'system' },
    '',
    'tab\t"quote" \\ \u0001 </script> ü 𝄞',
    { msg: 'x'.repeat(16384), partial: true },
    'the rest',
    bytes,
    'nul \u0000 inside',
  ]);
  assert.deepEqual(ack, { run: assignment.run, attempt: 1, last_id: 9 });
  const { json } = await client.get(logs);
  assert.deepEqual(json.meta, { last_id: 9, complete: false, more: false });
  assert.deepEqual(json.logs[0], {
    id: 1,
    ts: '2023-11-14T22:13:20.123Z',
    stream: 'stdout',
    msg: 'out',
  });
  const plain = json.logs.map(({ ts, ...rest }) => rest);
  assert.deepEqual(plain.slice(1), [
    { id: 2, stream: 'stderr', msg: 'err' },
    { id: 3, stream: 'system', msg: 'ours' },
    { id: 4, stream: 'stdout', msg: '' },
    { id: 5, stream: 'stdout', msg: 'tab\t"quote" \\ \u0001 </script> ü 𝄞' },
    { id: 6, stream: 'stdout', msg: 'x'.repeat(16384), partial: true },
    { id: 7, stream: 'stdout', msg: 'the rest' },
    { id: 8, stream: 'stdout', msg_base64: bytes.toString('base64') },
    { id: 9, stream: 'stdout', msg: 'nul \u0000 inside' },
  ]);
});

test('what is stored already is skipped, and the answer says where to go on', async () => {
  const { run, assignment, logs } = await running();
  const ship = async (from, to) => (await agent.log(assignment, from, lines(from, to))).last_id;
  assert.equal(await ship(1, 5), 5);
  assert.equal(await ship(1, 5), 5, 'the same again');
  assert.equal(await ship(2, 4), 5, 'a part again');
  assert.equal(await ship(4, 8), 5, 'overlapping');
  assert.equal(await ship(6, 8), 8, 'from where it was told');
  assert.equal(await ship(10, 12), 8, 'after a gap');
  assert.equal(await ship(9, 12), 12);
  assert.equal(await ship(1, 20), 12, 'all from the start');
  assert.deepEqual(await messages(`${logs}?limit=1000`), lines(1, 12));
  assert.equal((await client.get(`/v1/runs/${run.id}`)).json.run.log_lines, 12);
});

test('one request may carry many frames, each answered for itself', async () => {
  const one = await running();
  const two = await running();
  const frame = ({ assignment }, firstId, content) =>
    logFrame({ run: assignment.run, attempt: assignment.attempt, firstId, lines: content });
  const stale = { assignment: { ...one.assignment, attempt: 7 } };
  const { json } = await agent.ship(
    Buffer.concat([
      frame(one, 1, lines(1, 3)),
      frame(two, 1, lines(1, 2)),
      frame(stale, 1, lines(1, 1)),
      frame(one, 4, lines(4, 4)),
    ]),
  );
  const [first, ...others] = json.acks;
  assert.equal(first.run, one.run.id);
  assert.ok([3, 4].includes(first.last_id), 'what is stored when it is answered');
  assert.deepEqual(others, [
    { run: two.run.id, attempt: 1, last_id: 2 },
    { run: one.run.id, attempt: 7, code: 'conflict' },
    { run: one.run.id, attempt: 1, last_id: 4 },
  ]);
  assert.deepEqual(await messages(one.logs), lines(1, 4));
  assert.deepEqual(await messages(two.logs), lines(1, 2));
});

test('frames that come at the same time do not disturb each other', async () => {
  const { assignment, logs } = await running();
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => agent.log(assignment, 1, lines(1, 10 + i))),
  );
  const { last_id: stored } = await agent.log(assignment, 1, lines(1, 1));
  assert.ok(stored >= 10 && stored <= 29, `${stored} lines are stored`);
  assert.deepEqual(await messages(logs), lines(1, stored));
});

test('broken frames are refused whole', async () => {
  const { assignment, logs } = await running();
  const good = logFrame({ run: assignment.run, attempt: 1, firstId: 1, lines: lines(1, 3) });
  const changed = (at, value) => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };
  const framed = (chunk) => Buffer.concat([good.subarray(0, 20), chunk]);
  const lying = (at, value) => {
    const bytes = Buffer.from(good.subarray(20));
    bytes[at] = value;
    return framed(summed(bytes));
  };
  const huge = logChunk({ firstId: 1, lines: Array(9).fill('x'.repeat(16384)) });
  for (const [what, bytes] of Object.entries({
    'half a head': good.subarray(0, 15),
    'half a chunk head': good.subarray(0, 40),
    'a cut body': good.subarray(0, -1),
    'rubbish behind': Buffer.concat([good, Buffer.from('x')]),
    'a wrong checksum': changed(20, good[20] ^ 1),
    'a wrong length': changed(24, 200),
    'attempt 0': changed(16, 0),
    'another version': lying(28, 2),
    'an unknown codec': lying(29, 9),
    'line 0': lying(16, 0),
    'no lines': lying(24, 0),
    'more lines than fit': lying(24, 200),
    'heads longer than all': lying(12, 250),
    'more than the ceiling': framed(huge),
  })) {
    const answer = await agent.ship(bytes);
    const refused = answer.status === 400 || answer.json.acks[0].code === 'invalid';
    assert.ok(refused, `${what}: ${answer.status} ${answer.text}`);
    assert.deepEqual(await messages(logs), [], what);
  }
  assert.equal((await agent.ship(good)).json.acks[0].last_id, 3);
});

test('a body of another type or over the ceiling is refused', async () => {
  const as = stack.anonymous.as(agent.credential);
  assert.equal((await as.post('/agent/v1/logs', '{}')).status, 415);
  const tooMuch = await agent.ship(Buffer.alloc((1 << 20) + 1));
  assert.equal(tooMuch.status, 413);
});

test('lines that arrive after the end complete the log', async () => {
  const { run, assignment, logs } = await running();
  await agent.log(assignment, 1, lines(1, 2));
  await agent.finished(assignment, { last_line: 4 });
  assert.equal((await client.get(`/v1/runs/${run.id}`)).json.run.status, 'succeeded');
  assert.deepEqual((await client.get(logs)).json.meta, { last_id: 2, complete: false, more: false });
  assert.equal((await agent.log(assignment, 3, lines(3, 4))).last_id, 4);
  assert.deepEqual((await client.get(logs)).json.meta, { last_id: 4, complete: true, more: false });
  assert.equal((await client.get(`/v1/runs/${run.id}`)).json.run.log_lines, 4);
});

test('a log is read in pages', async () => {
  const { assignment, logs } = await running();
  await agent.log(assignment, 1, lines(1, 700));
  await agent.log(assignment, 701, lines(701, 1500));
  await agent.finished(assignment, { last_line: 1500 });
  const all = [];
  let afterId = 0;
  for (let complete = false; !complete;) {
    const { json } = await client.get(`${logs}?after_id=${afterId}`);
    assert.ok(json.logs.length <= 200);
    all.push(...json.logs);
    ({ last_id: afterId, complete } = json.meta);
  }
  assert.deepEqual(
    all.map(({ id }) => id),
    lines(1, 1500).map((_, i) => i + 1),
  );
  assert.deepEqual(
    all.map(({ msg }) => msg),
    lines(1, 1500),
  );
  assert.equal((await client.get(`${logs}?limit=1000`)).json.logs.length, 1000);
  const one = (await client.get(`${logs}?limit=1&after_id=699`)).json;
  assert.deepEqual([one.logs[0].id, one.meta], [700, { last_id: 700, complete: false, more: true }]);
  const beyond = (await client.get(`${logs}?after_id=1500`)).json;
  assert.deepEqual(beyond, { logs: [], meta: { last_id: 1500, complete: true, more: false } });
});

test('after_id and limit have limits', async () => {
  const { logs } = await running();
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=']) {
    assertProblems(await client.get(`${logs}?${query}`), ['limit']);
  }
  for (const query of [
    'after_id=-1',
    'after_id=x',
    'after_id=1.5',
    'after_id=9007199254740992',
    'after_id=1e3',
  ]) {
    assertProblems(await client.get(`${logs}?${query}`), ['after_id']);
  }
  assert.equal((await client.get(`${logs}?after_id=9007199254740991`)).status, 200);
});

test('a log of long lines is whole', async () => {
  const { assignment, logs } = await running();
  const long = Array.from({ length: 60 }, (_, i) =>
    String.fromCharCode(65 + (i % 26)).repeat(16384),
  );
  for (let i = 0; i < 60; i += 6) await agent.log(assignment, i + 1, long.slice(i, i + 6));
  assert.deepEqual(await messages(`${logs}?limit=1000`), long);
});

test('a chunk is as documented', () => {
  const chunk = logChunk({
    firstId: 7,
    lines: [
      { msg: 'abc', ts_us: 5 },
      { msg: 'd', ts_us: 3, stream: 'stderr', partial: true },
    ],
  });
  assert.equal(
    chunk.toString('hex').slice(8),
    '0a0000000a00000004000000' +
      '0700000000000000' +
      '02000000' +
      '01000b00' +
      '0500000000000000' +
      '0300000000000000' +
      '18000d03' +
      '6162630a640a',
  );
});
