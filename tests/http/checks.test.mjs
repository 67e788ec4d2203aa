// SPDX-License-Identifier: Apache-2.0
//
// What `errand doctor` is told.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { makeRunner } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;

async function checks(of = client) {
  const { status, json, text } = await of.get('/v1/checks');
  assert.equal(status, 200, text);
  return Object.fromEntries(json.checks.map(({ name, ...rest }) => [name, rest]));
}

test('what is missing has failed', async () => {
  const found = await checks();
  assert.equal(found.database.status, 'ok');
  assert.equal(found.schema.status, 'ok');
  assert.equal(found.scheduler.status, 'failed');
  assert.equal(found.hypervisors.status, 'failed');
  assert.equal(found['key ring'].status, 'ok');
});

test('what is there is well, and what is odd about a hypervisor is said', async () => {
  const scheduler = stack.startScheduler();
  const agent = await FakeAgent.join(stack, 'node-well');
  await until('a leader', async () => (await checks()).scheduler.status === 'ok');
  const well = await checks();
  assert.match(well.hypervisors.message, /^1, of which 1 are well$/);
  assert.equal(well.hypervisors.status, 'ok');
  assert.equal(well['hypervisor node-well'], undefined);

  await FakeAgent.join(stack, 'node-old', { version: '0.0.9' });
  await client.post(`/v1/hypervisors/${agent.hypervisor.id}/cordon`);
  const odd = await checks();
  assert.match(odd['hypervisor node-old'].message, /^version 0\.0\.9, the API has /);
  assert.deepEqual(odd['hypervisor node-well'], { status: 'warning', message: 'cordoned' });
  assert.match(odd.hypervisors.message, /^2, of which 0 are well$/);
  await scheduler.stop();
});

test('a schema that is behind has failed', async () => {
  const rows = `CREATE TABLE kept AS TABLE schema_migrations;
    DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)`;
  stack.database.sql(rows);
  assert.equal((await checks()).schema.status, 'failed');
  stack.database.sql(`TRUNCATE schema_migrations; INSERT INTO schema_migrations TABLE kept`);
  assert.equal((await checks()).schema.status, 'ok');
});

test('values that the key ring does not open are found', async () => {
  const runner = await makeRunner(client);
  const value = stack.plant('planted-checks-secret');
  await client.post(`/v1/runners/${runner.id}/env_variables`, { env_key: 'A', env_val: value });
  const before = await checks();
  assert.match(before['key ring'].message, /1 values tried$/);

  stack.database.sql(`UPDATE runner_env SET env_key = 'B'`); // no longer where it belongs
  const after_ = await checks();
  assert.equal(after_['key ring'].status, 'failed');
  assert.match(after_['key ring'].message, /^1 of 1 values cannot be read/);
});

test('only administrators of the installation may ask', async () => {
  assert.equal((await client.as(stack.tokens.project).get('/v1/checks')).status, 403);
});
