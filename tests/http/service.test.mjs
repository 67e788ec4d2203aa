// SPDX-License-Identifier: Apache-2.0
//
// Health, the document, and a database that goes away and comes back.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { operations, pathOf } from './support/operations.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client, anonymous } = stack;

test('the served document is the committed one', async () => {
  const { status, headers, text } = await anonymous.get('/openapi.json');
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^application\/json/);
  assert.ok(text === readFileSync(new URL('../../openapi/errand.json', import.meta.url), 'utf8'));
});

test('alive without a token', async () => {
  assert.deepEqual((await anonymous.get('/healthz')).json, { status: 'ok' });
});

test('regions and instance types are there from the start', async () => {
  const { regions } = (await client.get('/v1/regions')).json;
  assert.deepEqual(regions.map(({ slug }) => slug), ['local']);
  const { instance_types: types } = (await client.get('/v1/instance_types')).json;
  assert.ok(types.some(({ slug }) => slug === 'standard-s'));
  const sizes = types.map(({ mem }) => mem);
  assert.deepEqual(sizes, sizes.slice().sort((a, b) => a - b));
});

test('ready when a scheduler leads', async () => {
  const { status, json } = await anonymous.get('/readyz');
  assert.equal(status, 503);
  assert.deepEqual(json, { status: 'not_ready', checks: { database: 'ok', schema: 'ok', scheduler: 'failed' } });
  const scheduler = stack.startScheduler();
  const ready = await until('readiness', async () => {
    const answer = await anonymous.get('/readyz');
    return answer.status === 200 && answer;
  });
  assert.deepEqual(ready.json, { status: 'ready', checks: { database: 'ok', schema: 'ok', scheduler: 'ok' } });
  await scheduler.stop();
});

test('without its database every operation says so, and all is well again after', { timeout: 60000 }, async () => {
  const runner = await makeRunner(client);
  const run = await trigger(client, runner);
  const variable = await client.post(`/v1/runners/${runner.id}/env_variables`, { env_key: 'A', env_val: '' });
  const ids = { runner_id: runner.id, run_id: run.id, env_id: variable.json.env_variable.id };
  const agent = await FakeAgent.join(stack, 'node-service');
  const tokens = { token: stack.tokens.user, joinToken: stack.tokens.join, hypervisorCredential: agent.credential };

  stack.database.goAway();
  assert.equal((await anonymous.get('/healthz')).status, 200);
  assert.equal((await anonymous.get('/readyz')).json.checks.database, 'failed');
  await Promise.all(operations.filter(({ access }) => access !== 'public').map(async (operation) => {
    const answer = await client.as(tokens[operation.access]).request(operation.method, pathOf(operation, ids), {
      body: operation.body, headers: operation.bodyType ? { 'Content-Type': operation.bodyType } : {},
    });
    assert.equal(answer.status, 503, `${operation.id}: ${answer.text}`);
    assert.ok(['unavailable', 'uncertain'].includes(answer.json.code));
    assert.ok(!/errand-pg|host=|SELECT|relation/i.test(answer.text), 'an inner detail leaks');
  }));

  stack.database.comeBack();
  await until('the database to be back', async () => (await client.get('/v1/runners')).status === 200);
  assert.equal((await client.get(`/v1/runs/${run.id}`)).status, 200);
});
