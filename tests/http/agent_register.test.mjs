// SPDX-License-Identifier: Apache-2.0
//
// How a hypervisor joins, is seen, and reports.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent, registration } from './support/fake_agent.mjs';
import { UNKNOWN_ID } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;
const joining = stack.anonymous.as(stack.tokens.join);

const listed = async (name) =>
  (await client.get('/v1/hypervisors?per_page=100')).json.hypervisors.find((h) => h.name === name);

test('a hypervisor registers and is listed', async () => {
  const agent = await FakeAgent.join(stack, 'node-a', {
    mem_total: 2048,
    cpu: 1.5,
    labels: { disk: 'ssd' },
  });
  const { last_seen_at: seen, region, ...rest } = await listed('node-a');
  assert.ok(Date.now() - Date.parse(seen) < 30000);
  assert.equal(region.slug, 'local');
  assert.deepEqual(rest, {
    id: agent.hypervisor.id,
    name: 'node-a',
    status: 'ready',
    cpu: 1.5,
    cpu_free: 1.5,
    mem_total: 2048,
    mem_free: 2048,
    disk_free: 1e12,
    runs: 0,
    runtimes: ['crun'],
    labels: { disk: 'ssd' },
    version: '0.1.0',
    images_cached: 0,
  });
});

test('the same name again is the same hypervisor with a new credential', async () => {
  const first = await FakeAgent.join(stack, 'node-b');
  const second = await FakeAgent.join(stack, 'node-b', { mem_total: 1024 });
  assert.deepEqual(second.hypervisor, first.hypervisor);
  assert.notEqual(second.credential, first.credential);
  assert.equal((await listed('node-b')).mem_total, 1024);
  const old = await first.reportAll([]);
  assert.equal(old.status, 401);
});

test('a registration that is not right is refused', async () => {
  for (const change of [
    { name: '' },
    { name: 1 },
    { name: undefined },
    { region: 'nowhere' },
    { cpu: 0 },
    { cpu: 'x' },
    { mem_total: 0 },
    { mem_total: -1 },
    { mem_total: 1.5 },
    { runtimes: 'crun' },
    { runtimes: [1] },
    { public_key: 'x' },
    { public_key: Buffer.alloc(31).toString('base64') },
    { public_key: Buffer.alloc(33).toString('base64') },
  ]) {
    const answer = await joining.post('/agent/v1/register', registration('node-c', change));
    assert.equal(answer.status, 400, `${JSON.stringify(change)}: ${answer.text}`);
  }
  assert.equal(await listed('node-c'), undefined);
  for (const body of ['', '{', '[]', 'null']) {
    assert.equal((await joining.post('/agent/v1/register', body)).status, 400);
  }
});

test('a heartbeat is what the list shows', async () => {
  const agent = await FakeAgent.join(stack, 'node-d');
  const result = await agent.report({
    type: 'heartbeat',
    mem_total: 4096,
    mem_free: 100,
    disk_free: 5,
    runs: 0,
    images_cached: 3,
  });
  assert.equal(result.ok, true);
  const {
    mem_total: total,
    mem_free: free,
    disk_free: disk,
    images_cached: images,
  } = await listed('node-d');
  assert.deepEqual([total, free, disk, images], [4096, 100, 5, 3]);
});

test('each event is answered by its number', async () => {
  const agent = await FakeAgent.join(stack, 'node-e');
  const beat = {
    type: 'heartbeat',
    mem_total: 1,
    mem_free: 1,
    disk_free: 1,
    runs: 0,
    images_cached: 0,
  };
  const { json } = await agent.reportAll([
    { ...beat, seq: 9007199254740991 },
    { seq: 7, type: 'pulling', run: UNKNOWN_ID, attempt: 1, done_bytes: 0, total_bytes: 0 },
    { ...beat, seq: 0 },
  ]);
  assert.deepEqual(
    json.results.map(({ seq, ok }) => [seq, ok]),
    [
      [9007199254740991, true],
      [7, false],
      [0, true],
    ],
  );
  assert.ok(['conflict', 'not_found'].includes(json.results[1].code));
});

test('events that are not right are refused', async () => {
  const agent = await FakeAgent.join(stack, 'node-f');
  const beat = {
    type: 'heartbeat',
    mem_total: 1,
    mem_free: 1,
    disk_free: 1,
    runs: 0,
    images_cached: 0,
  };
  for (const events of [
    [{ type: 'nothing' }],
    [{ ...beat, mem_free: 'x' }],
    [{ ...beat, runs: -1 }],
    ['x'],
    'x',
    null,
    [{ type: 'started', run: 'x', attempt: 1 }],
    Array(513).fill(beat),
  ]) {
    const body = Array.isArray(events) ? events : undefined;
    const answer = body
      ? await agent.reportAll(body)
      : await stack.anonymous.as(agent.credential).post('/agent/v1/events', { events });
    assert.equal(answer.status, 400, `${JSON.stringify(events).slice(0, 60)}: ${answer.text}`);
  }
  assert.deepEqual((await agent.reportAll([])).json, { results: [] });
});

test('a new stream of a hypervisor takes over from the old one', async () => {
  const agent = await FakeAgent.join(stack, 'node-g');
  assert.deepEqual(await agent.connect(), { type: 'sync', runs: [] });
  const twin = new FakeAgent(stack.anonymous, agent.hypervisor, agent.credential);
  assert.deepEqual(await twin.connect(), { type: 'sync', runs: [] });
  agent.disconnect();
  twin.disconnect();
});

test('an idle stream is kept alive by pings', { timeout: 20000 }, async () => {
  const agent = await FakeAgent.join(stack, 'node-h');
  await agent.connect();
  assert.deepEqual(await agent.next('ping'), { type: 'ping' });
  agent.disconnect();
});
