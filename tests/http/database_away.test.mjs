// SPDX-License-Identifier: Apache-2.0
//
// A database that is not there, goes away, and comes back.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { operations, pathOf } from './support/operations.mjs';
import { UNKNOWN_ID, makeRegistry, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client, anonymous } = stack;

test('a server that cannot reach its database starts, says so and tries again with patience', async () => {
  const lost = await stack.startReplica({ database_url: 'host=/nonexistent dbname=errand' });
  assert.equal((await lost.client.get('/healthz')).status, 200);
  const { status, json } = await lost.client.get('/readyz');
  assert.equal(status, 503);
  assert.deepEqual(json.checks, { database: 'failed', schema: 'failed', scheduler: 'failed' });
  const tries = lost.program.log().split('db.connect_failed').length - 1;
  assert.ok(tries > 1 && tries < 200, `${tries} tries`);
  await lost.program.stop();
});

test(
  'without its database every operation says so, and all is well again after',
  { timeout: 60000 },
  async () => {
    const runner = await makeRunner(client);
    const run = await trigger(client, runner);
    const variable = await client.post(`/v1/runners/${runner.id}/env_variables`, {
      env_key: 'A',
      env_val: '',
    });
    const ids = {
      runner_id: runner.id,
      run_id: run.id,
      env_id: variable.json.env_variable.id,
      container_registry_id: (await makeRegistry(client)).id,
      project_id: UNKNOWN_ID,
      user_id: UNKNOWN_ID,
      token_id: UNKNOWN_ID,
    };
    const agent = await FakeAgent.join(stack, 'node-service');
    ids.hypervisor_id = agent.hypervisor.id;
    const tokens = {
      token: stack.tokens.user,
      joinToken: stack.tokens.join,
      metricsToken: stack.tokens.metrics,
      hypervisorCredential: agent.credential,
    };

    stack.database.goAway();
    assert.equal((await anonymous.get('/healthz')).status, 200);
    const readiness = anonymous.get('/readyz');
    await Promise.all(
      operations
        .filter(({ access }) => access !== 'public')
        .map(async (operation) => {
          const answer = await client
            .as(tokens[operation.access])
            .request(operation.method, pathOf(operation, ids), {
              body: operation.body,
              headers: operation.bodyType ? { 'Content-Type': operation.bodyType } : {},
            });
          assert.equal(answer.status, 503, `${operation.id}: ${answer.text}`);
          assert.ok(['unavailable', 'uncertain'].includes(answer.json.code));
          assert.ok(!/errand-pg|host=|SELECT|relation/i.test(answer.text), 'an inner detail leaks');
        }),
    );
    const login = { email: 'a@example.org', password: 'no matter which' };
    assert.equal((await anonymous.post('/v1/session', login)).status, 503);
    assert.equal((await readiness).json.checks.database, 'failed');

    stack.database.comeBack();
    await until(
      'the database to be back',
      async () => (await client.get('/v1/runners')).status === 200,
    );
    assert.equal((await client.get(`/v1/runs/${run.id}`)).status, 200);
  },
);
