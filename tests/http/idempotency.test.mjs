// SPDX-License-Identifier: Apache-2.0
//
// A trigger that is sent again makes no second run.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertError, assertProblems, makeRunner } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;
const runner = await makeRunner(client, { run_command: 'make' });
const path = `/v1/runners/${runner.id}/runs`;

const post = (key, body = {}, at = path) =>
  client.post(at, body, { headers: { 'Idempotency-Key': key } });
const count = async () => (await client.get(path)).json.meta.pagination.total_objects;

test('the same key and body give the same run, said to be a replay', async () => {
  const first = await post('night-1', { command: 'a' });
  assert.equal(first.status, 200);
  assert.equal(first.headers['idempotency-replayed'], undefined);
  const again = await post('night-1', { command: 'a' });
  assert.equal(again.status, 200);
  assert.equal(again.json.run.id, first.json.run.id);
  assert.equal(again.headers['idempotency-replayed'], 'true');
});

test('the same key for another request is refused and makes nothing', async () => {
  await post('night-2', { command: 'a' });
  const before = await count();
  assertError(await post('night-2', { command: 'b' }), 409, 'conflict');
  assertError(await post('night-2', { command: 'a' }, `${path}?wait=1`), 409, 'conflict');
  const other = await makeRunner(client, { run_command: 'make' });
  assertError(
    await post('night-2', { command: 'a' }, `/v1/runners/${other.id}/runs`),
    409,
    'conflict',
  );
  assert.equal(await count(), before);
});

test('fifty at once with one key make one run', async () => {
  const before = await count();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      post('storm', { env_variables: [{ env_key: 'A', env_val: 'b' }] }),
    ),
  );
  for (const { status } of answers) assert.ok(status === 200 || status === 503, `${status}`);
  const ids = new Set(
    answers.filter(({ status }) => status === 200).map(({ json }) => json.run.id),
  );
  assert.equal(ids.size, 1);
  assert.equal(await count(), before + 1);
});

test('a refused request does not use up its key', async () => {
  assertProblems(await post('typo', { comand: 'a' }), ['comand']);
  assert.equal((await post('typo', { command: 'a' })).status, 200);
});

test('a key is 1 to 255 printable characters', async () => {
  assertProblems(await post('x'.repeat(256)), ['Idempotency-Key']);
  assert.equal((await post('x'.repeat(255))).status, 200);
});
