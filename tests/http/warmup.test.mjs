// SPDX-License-Identifier: Apache-2.0
//
// Warm-up: asked for, placed, told to hypervisors, reported, preferred, over.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DIGEST, FakeAgent } from './support/fake_agent.mjs';
import {
  UNKNOWN_ID,
  assertError,
  assertProblems,
  makeRegistry,
  makeRunner,
  trigger,
} from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
// Best fit alone would never choose the large one.
const small = await FakeAgent.join(stack, 'node-small', { mem_total: 4096 });
const large = await FakeAgent.join(stack, 'node-large', { mem_total: 65536 });
const agents = [small, large];
for (const agent of agents) await agent.connect();
for (const agent of agents) assert.deepEqual((await agent.next('warm')).pins, []);

const PASSWORD = stack.plant('planted-warm-password-77');
const warmUp = (runner, body) => client.post(`/v1/runners/${runner.id}/warmup`, body);
const warmedAt = async ({ id }) => (await client.get(`/v1/runners/${id}`)).json.runner.warmed_at;
const report = (agent, { runner }, change = {}) =>
  agent.report({ type: 'warmed', runner, image_digest: DIGEST, message: null, ...change });

/** The next list of pins that has, or has not, this runner. */
async function pinsWith(agent, runner, wanted = true) {
  for (;;) {
    const { pins } = await agent.next('warm');
    const pin = pins.find((each) => each.runner === runner.id);
    if ((pin !== undefined) === wanted) return pin;
  }
}

test('a runner is pinned where there is most room, and its runs go there once it is warm', async () => {
  const runner = await makeRunner(client, { image_tag: '2' });
  const cold = await trigger(client, runner);
  const { status, json } = await warmUp(runner);
  assert.equal(status, 202);
  assert.equal(json.runner.warmed_at, null);

  const pin = await pinsWith(large, runner);
  assert.equal(pin.image, 'registry.test/sample:2');
  assert.equal(pin.pool, 0);
  assert.equal(pin.warm, false);
  assert.equal(pin.registry_sealed, null);
  assert.equal(await warmedAt(runner), null);
  assert.equal((await report(large, pin)).ok, true);
  assert.match(await warmedAt(runner), /^20/);
  const assignment = await small.next('assign', cold);
  await small.finished(assignment);

  const warm = await trigger(client, runner);
  await large.finished(await large.next('assign', warm));
});

test('several hypervisors, and fewer again', async () => {
  const runner = await makeRunner(client);
  assert.equal((await warmUp(runner, { hypervisors: 2 })).status, 202);
  const pins = await Promise.all(agents.map((agent) => pinsWith(agent, runner)));
  assert.equal((await report(small, pins[0])).ok, true);
  assert.equal((await warmUp(runner, { hypervisors: 1 })).status, 202);
  // The warm one stays.
  await pinsWith(large, runner, false);
  assert.ok(await pinsWith(small, runner));
  assert.equal((await report(large, pins[1])).code, 'conflict');
});

test('a failure is no warmth, and a later success is', async () => {
  const runner = await makeRunner(client);
  await warmUp(runner);
  const pin = await pinsWith(large, runner);
  const failure = { image_digest: null, message: 'no such image' };
  assert.equal((await report(large, pin, failure)).ok, true);
  assert.equal(await warmedAt(runner), null);
  await report(large, pin);
  assert.match(await warmedAt(runner), /^20/);
});

test('an edit makes another order of it, with the login sealed', async () => {
  const registry = await makeRegistry(client, { username: 'robot', password: PASSWORD });
  const runner = await makeRunner(client);
  await warmUp(runner);
  const before = await pinsWith(large, runner);
  const change = { image_tag: '9', container_registry_id: registry.id };
  assert.equal((await client.patch(`/v1/runners/${runner.id}`, change)).status, 200);
  await warmUp(runner);
  const { pins } = await large.next('warm');
  const pin = pins.find((each) => each.runner === runner.id);
  assert.notEqual(pin.stamp, before.stamp);
  assert.equal(pin.image, 'registry.test/sample:9');
  assert.ok(!Buffer.from(pin.registry_sealed, 'base64').includes(PASSWORD));
});

test('a hypervisor that comes back is told its pins', async () => {
  const runner = await makeRunner(client);
  await warmUp(runner);
  await pinsWith(large, runner);
  large.disconnect();
  await large.connect();
  assert.ok(await pinsWith(large, runner));
});

test('a pin ends with its day, and with its runner', async () => {
  const expired = await makeRunner(client);
  const deleted = await makeRunner(client);
  for (const runner of [expired, deleted]) {
    await warmUp(runner);
    await pinsWith(large, runner);
  }
  stack.database.sql(
    `UPDATE warm_requests SET expires_at = now() WHERE runner_id = '${expired.id}'`,
  );
  await pinsWith(large, expired, false);
  assert.equal((await client.delete(`/v1/runners/${deleted.id}`)).status, 200);
  await pinsWith(large, deleted, false);
  await until('the pins are gone', () => {
    const [n] = stack.database.sql(
      `SELECT count(*) FROM warm_pins WHERE runner_id IN ('${expired.id}', '${deleted.id}')`,
    );
    return n === '0';
  });
});

test('sandboxes are kept where it is warm, as many as asked for last', async () => {
  const runner = await makeRunner(client);
  assert.equal((await warmUp(runner, { pool: 3 })).status, 202);
  const three = await pinsWith(large, runner);
  assert.equal(three.pool, 3);
  assert.ok(three.memory_mb > 0 && three.cpu_milli > 0);
  assert.equal((await warmUp(runner, { pool: 0 })).status, 202);
  const none = await pinsWith(large, runner);
  assert.equal(none.pool, 0);
  assert.notEqual(none.stamp, three.stamp);
});

test('what cannot be asked', async () => {
  const runner = await makeRunner(client);
  assertProblems(await warmUp(runner, { hypervisors: 0, pool: 101, more: 1 }), [
    'hypervisors',
    'pool',
    'more',
  ]);
  assertError(await warmUp({ id: UNKNOWN_ID }), 404, 'not_found');
});
