// SPDX-License-Identifier: Apache-2.0
//
// One token's requests a second, counted over all loops; agents are exempt.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { operations, pathOf } from './support/operations.mjs';
import { UNKNOWN_ID, assertError } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start({ settings: { requests_per_second: '5' } });
after(() => stack.stop());

test('a burst, then a steady rate, and the headers say so', async () => {
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => stack.client.get('/v1/regions')),
  );
  const allowed = answers.filter(({ status }) => status === 200);
  assert.ok(allowed.length >= 5 && allowed.length <= 10, `${allowed.length} were let through`);
  for (const { headers } of answers) assert.equal(headers['ratelimit-limit'], '5');
  const refused = answers.find(({ status }) => status === 429);
  assertError(refused, 429, 'limit');
  assert.equal(refused.headers['ratelimit-remaining'], '0');
  assert.equal(refused.headers['retry-after'], '1');
});

test('others are not hindered', async () => {
  const { status } = await stack.client.as(stack.tokens.project).get('/v1/regions');
  assert.equal(status, 200);
});

test('agents are exempt', async () => {
  const agent = await FakeAgent.join(stack, 'node-rate');
  await Promise.all(Array.from({ length: 30 }, () => agent.heartbeat()));
});

test('every operation says 429', async () => {
  const ids = new Proxy({}, { get: () => UNKNOWN_ID });
  await Promise.all(Array.from({ length: 20 }, () => stack.client.get('/v1/regions')));
  for (const operation of operations.filter(({ access }) => access === 'token')) {
    let answer;
    do {
      answer = await stack.client.request(operation.method, pathOf(operation, ids), {
        body: operation.body,
      });
    } while (answer.status !== 429);
    assertError(answer, 429, 'limit');
  }
});
