// SPDX-License-Identifier: Apache-2.0
//
// The live log: every line once and in order, from any point, and one end.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from './support/client.mjs';
import { FakeAgent } from './support/fake_agent.mjs';
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
  return { run, assignment, stream: `/v1/runs/${run.id}/logs/stream` };
}

/** A run of `n` lines that has ended. */
async function ended(n, end = {}) {
  const item = await running();
  if (n > 0) await agent.log(item.assignment, 1, lines(1, n));
  await agent.finished(item.assignment, { last_line: n, ...end });
  return item;
}

const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);
const ids = (events) => events.filter(({ event }) => event === 'log').map(({ data }) => data.id);
const range = (from, to) => lines(from, to).map((_, i) => from + i);

async function readAll(path, headers = {}) {
  const follower = await client.follow(path, { headers });
  assert.equal(follower.status, 200);
  return follower.rest();
}

test('a run is followed from waiting to its end', async () => {
  const run = await trigger(client, runner);
  const follower = await client.follow(`/v1/runners/${runner.id}/runs/${run.id}/logs/stream`);
  assert.equal(follower.headers['content-type'].split(';')[0], 'text/event-stream');
  assert.equal(follower.headers['cache-control'], 'no-store');
  assert.equal(follower.headers['x-accel-buffering'], 'no');
  assert.deepEqual(await follower.nextItem(), { retry: '1000' });

  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  const status = await follower.find(({ data }) => data.status !== 'pending');
  assert.equal(status.event, 'status');
  assert.equal(status.id, undefined);
  assert.equal(status.data.status, 'running');
  assert.equal(status.data.hypervisor, 'node-1');

  await agent.log(assignment, 1, ['one']);
  const one = await follower.next();
  assert.deepEqual([one.event, one.id, one.data.msg], ['log', '1', 'one']);
  await agent.log(assignment, 2, ['two', { msg: 'three', stream: 'stderr' }]);
  assert.equal((await follower.next()).data.msg, 'two');
  assert.equal((await follower.next()).data.stream, 'stderr');

  await agent.finished(assignment, { exit_code: 124, reason: 'timeout', last_line: 3 });
  assert.deepEqual(await follower.rest(), [
    {
      event: 'state',
      id: 'end',
      data: { status: 'failed', exit_code: 124, termination_reason: 'timeout', last_id: 3 },
    },
  ]);
});

test('the progress of a pull is shown', async () => {
  const run = await trigger(client, runner);
  const assignment = await agent.next('assign', run);
  const follower = await client.follow(`/v1/runs/${run.id}/logs/stream`);
  await follower.nextItem();
  await agent.report({
    type: 'pulling',
    run: run.id,
    attempt: 1,
    done_bytes: 10,
    total_bytes: 100,
  });
  const { data } = await follower.find(({ data: { pull } }) => pull);
  assert.deepEqual(data.pull, { done_bytes: 10, total_bytes: 100 });
  await agent.finished(assignment, { exit_code: null, reason: 'image_pull_failed' });
  assert.equal((await follower.rest()).at(-1).data.termination_reason, 'image_pull_failed');
});

test('the state waits for the last line', async () => {
  const { assignment, stream } = await running();
  const follower = await client.follow(stream);
  await agent.log(assignment, 1, lines(1, 2));
  await agent.finished(assignment, { last_line: 4 });
  await agent.log(assignment, 3, lines(3, 4));
  const events = await follower.rest();
  assert.deepEqual(ids(events), range(1, 4));
  assert.equal(events.at(-1).event, 'state');
  assert.equal(events.filter(({ event }) => event === 'state').length, 1);
});

test('who comes late gets everything, from where it asks', async () => {
  const { stream } = await ended(500);
  for (const [query, lastEventId, first] of [
    ['', null, 1],
    ['?after_id=0', null, 1],
    ['?after_id=123', null, 124],
    ['', '499', 500],
    ['', '500', null],
    ['?after_id=100', '400', 401],
    ['?after_id=400', '100', 401],
    ['?after_id=500', null, null],
  ]) {
    const headers = lastEventId === null ? {} : { 'Last-Event-ID': lastEventId };
    const events = await readAll(`${stream}${query}`, headers);
    assert.deepEqual(
      ids(events),
      first === null ? [] : range(first, 500),
      `${query} ${lastEventId}`,
    );
    assert.deepEqual(events.at(-1).data, {
      status: 'succeeded',
      exit_code: 0,
      termination_reason: 'exited',
      last_id: 500,
    });
  }
});

test('who resumes after another attempt has begun misses none of its lines', async () => {
  const retry = { max_attempts: 2, delay_seconds: 0, jitter: 0, on: ['failed'] };
  const run = await trigger(client, await makeRunner(client, { retry }));
  const first = await agent.next('assign', run);
  const stream = `/v1/runs/${run.id}/logs/stream`;
  const follower = await client.follow(stream);
  await agent.started(first);
  await agent.log(first, 1, lines(1, 50));
  assert.equal((await follower.find(({ data }) => data.id === 50)).data.msg, 'line 50');
  await agent.finished(first, { exit_code: 1, last_line: 50 });
  const second = await agent.next('assign', run);
  assert.equal(second.attempt, 2);
  await agent.started(second);
  await agent.log(second, 1, lines(1, 7));
  await agent.finished(second, { last_line: 7 });

  const base = 2 ** 40;
  const present = range(1, 7).map((line) => base + line);
  const rest = await follower.rest();
  assert.deepEqual(ids(rest), present);
  const told = rest.findIndex(({ event, data }) => event === 'status' && data.attempt === 2);
  assert.ok(told >= 0 && told < rest.findIndex(({ event }) => event === 'log'));
  assert.equal(rest.at(-1).data.last_id, base + 7);
  for (const [query, expected] of [
    ['', present],
    ['?after_id=50', present],
    [`?after_id=${base + 3}`, present.slice(3)],
  ]) {
    assert.deepEqual(ids(await readAll(stream + query)), expected, query);
  }
  const page = async (query) => (await client.get(`/v1/runs/${run.id}/logs?${query}`)).json;
  assert.deepEqual((await page('after_id=50')).logs.map(({ id }) => id), present);
  assert.deepEqual((await page(`after_id=${base + 6}`)).logs.map(({ id }) => id), [base + 7]);
  assert.deepEqual((await page(`before_id=${base + 3}&limit=1`)).logs.map(({ id }) => id), [base + 2]);
  assert.deepEqual((await page('before_id=50')).logs, []);
  assert.deepEqual((await page('tail=2')).logs.map(({ id }) => id), present.slice(5));
  assert.deepEqual((await page('attempt=1&tail=1')).logs.map(({ id }) => id), [50]);
  assert.deepEqual((await page('attempt=1&after_id=49')).logs.map(({ id }) => id), [50]);
  const { meta } = await page('after_id=0');
  assert.deepEqual(meta, { last_id: base + 7, complete: true, more: false });
});

test('after the end there is nothing more to come', async () => {
  const { run, stream } = await ended(1);
  for (const path of [
    stream,
    `/v1/runners/${runner.id}/runs/${run.id}/logs/stream`,
    `${stream}?after_id=0`,
  ]) {
    const { status, text } = await client.get(path, { headers: { 'Last-Event-ID': 'end' } });
    assert.equal(status, 204);
    assert.equal(text, '');
  }
});

test('a place in the log that is none is refused', async () => {
  const { stream } = await ended(1);
  for (const afterId of ['-1', 'x', '', '1.5', '9007199254740992']) {
    assertProblems(await client.get(`${stream}?after_id=${afterId}`), ['after_id']);
  }
  for (const lastEventId of ['x', '-1', 'END', '1 2', '99999999999999999999']) {
    assertProblems(await client.get(stream, { headers: { 'Last-Event-ID': lastEventId } }), [
      'Last-Event-ID',
    ]);
  }
});

test('a reader that is cut off again and again misses nothing', async () => {
  const { assignment, stream } = await running();
  const total = 1500;
  const writing = (async () => {
    for (let from = 1; from <= total; from += 50)
      await agent.log(assignment, from, lines(from, from + 49));
    await agent.finished(assignment, { last_line: total });
  })();

  const seen = [];
  let cuts = 0;
  for (let over = false; !over;) {
    const last = seen.at(-1);
    const follower = await client.follow(stream, {
      headers: last ? { 'Last-Event-ID': String(last) } : {},
    });
    for (let budget = 1 + ((cuts * 37) % 80); budget > 0; budget--) {
      const event = await follower.next();
      if (event === null) break;
      if (event.event === 'log') seen.push(event.data.id);
      over ||= event.event === 'state';
    }
    follower.close();
    cuts += 1;
  }
  await writing;
  assert.ok(cuts > 20, `only ${cuts} cuts`);
  assert.deepEqual(seen, range(1, total));
});

test('many readers of one run all get all of it', async () => {
  const { assignment, stream } = await running();
  const followers = await Promise.all(Array.from({ length: 30 }, () => client.follow(stream)));
  const reading = followers.map((follower) => follower.rest());
  for (let from = 1; from <= 400; from += 40)
    await agent.log(assignment, from, lines(from, from + 39));
  await agent.finished(assignment, { last_line: 400 });
  for (const events of await Promise.all(reading)) {
    assert.deepEqual(ids(events), range(1, 400));
    assert.equal(events.at(-1).event, 'state');
  }
});

test('a reader that is slow is fed from storage, without a gap', async () => {
  const { assignment, stream } = await running();
  // past the recorder, which reads ahead
  const direct = new Client(stack.directPort, stack.tokens.user);
  const { res } = await direct.open('GET', stream);
  res.pause();
  const count = 600; // of 16 KB: more than fits between the two
  for (let from = 1; from <= count; from += 6) {
    await agent.log(
      assignment,
      from,
      Array.from({ length: 6 }, (_, i) => `${from + i} `.padEnd(16000, 'x')),
    );
  }
  await agent.finished(assignment, { last_line: count });
  let text = '';
  for await (const chunk of res) text += chunk;
  const seen = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
  assert.deepEqual(seen, range(1, count));
  assert.match(text, /^event: state$/m);

  assert.deepEqual(ids(await readAll(stream)), range(1, count), 'all of it, read late');
});

test('a reader at another replica is woken too', async () => {
  const replica = await stack.startReplica();
  const { assignment, run, stream } = await running();
  const follower = await replica.client.follow(stream);
  await agent.log(assignment, 1, ['here']);
  const line = await follower.find(({ event }) => event === 'log');
  assert.equal(line.data.msg, 'here');
  const stopped = await replica.client.post(`/v1/runs/${run.id}/stop`);
  assert.equal(stopped.status, 200);
  await agent.next('stop', run);
  await agent.finished(assignment, { exit_code: 143, reason: 'canceled', last_line: 1 });
  assert.equal((await follower.rest()).at(-1).data.status, 'canceled');
  await replica.program.stop();
});

test('a server that drains ends its streams, and they go on elsewhere', async () => {
  const replica = await stack.startReplica();
  const { assignment, stream } = await running();
  const follower = await replica.client.follow(stream);
  await agent.log(assignment, 1, ['before']);
  await follower.find(({ event }) => event === 'log');
  await replica.program.stop();
  assert.deepEqual(ids(await follower.rest()), []);
  await agent.log(assignment, 2, ['after']);
  await agent.finished(assignment, { last_line: 2 });
  assert.deepEqual(ids(await readAll(stream, { 'Last-Event-ID': '1' })), [2]);
});

test('a quiet stream is kept alive by comments', async () => {
  const replica = await stack.startReplica({ keepalive_seconds: '1' });
  const { assignment, stream } = await running();
  const follower = await replica.client.follow(stream);
  for (let comments = 0; comments < 2;) comments += 'comment' in (await follower.nextItem());
  await agent.finished(assignment);
  assert.equal((await follower.rest()).at(-1).event, 'state');
  await replica.program.stop();
});
