// SPDX-License-Identifier: Apache-2.0
//
// A runner's environment: written once, readable only when it is no secret.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { UNKNOWN_ID, assertError, assertProblems, makeRunner } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;

const SECRET = stack.plant('planted-value-6f1d0c');

async function makeVariable(fields) {
  const runner = await makeRunner(client);
  const path = `/v1/runners/${runner.id}/env_variables`;
  const { status, json, text, headers } = await client.post(path, fields);
  assert.equal(status, 200, text);
  return {
    runner,
    path,
    item: `${path}/${json.env_variable.id}`,
    made: json.env_variable,
    headers,
  };
}

test('a variable is a secret unless said otherwise', async () => {
  const { path, item, made, headers } = await makeVariable({ env_key: 'A', env_val: SECRET });
  assert.equal(headers.location, item);
  assert.equal(made.secret, true);
  assert.equal(made.env_val, null);
  const answers = [
    await client.get(path),
    await client.patch(item, {}),
    await client.patch(item, { env_key: 'B' }),
  ];
  for (const { status, text } of answers) {
    assert.equal(status, 200);
    assert.ok(!text.includes(SECRET));
  }
  assert.deepEqual(
    (await client.get(path)).json.env_variables.map(({ env_key: key }) => key),
    ['B'],
  );
});

test('what is no secret can be read', async () => {
  const { item, made } = await makeVariable({
    env_key: 'A',
    env_val: 'öffentlich\n',
    secret: false,
  });
  assert.equal(made.env_val, 'öffentlich\n');
  const { json } = await client.patch(item, { env_val: '' });
  assert.equal(json.env_variable.env_val, '');
});

test('a secret is not opened by changing its mind', async () => {
  const { path, item } = await makeVariable({ env_key: 'A', env_val: SECRET });
  assertProblems(await client.patch(item, { secret: false }), ['secret']);
  assert.ok(!(await client.get(path)).text.includes(SECRET));
  const { json } = await client.patch(item, { secret: false, env_val: 'new' });
  assert.equal(json.env_variable.env_val, 'new');
  const closed = await client.patch(item, { secret: true });
  assert.equal(closed.json.env_variable.env_val, null);
});

test('values lie encrypted in the database', async () => {
  const { made } = await makeVariable({ env_key: 'A', env_val: SECRET });
  const [hex] = stack.database.sql(
    `SELECT encode(value, 'hex') FROM runner_env WHERE id = '${made.id}'`,
  );
  assert.ok(hex.length > 2 * SECRET.length);
  assert.ok(!Buffer.from(hex, 'hex').includes(SECRET));
});

test('limits of key and value', async () => {
  const { path } = await makeVariable({ env_key: 'FIRST', env_val: '' });
  const key = 'K'.repeat(255);
  for (const good of [
    { env_key: key, env_val: 'x'.repeat(32768) },
    { env_key: '_a1', env_val: '𝄞'.repeat(8192) },
  ]) {
    assert.equal((await client.post(path, good)).status, 200);
  }
  for (const bad of ['', '1A', 'A-B', 'A B', 'Ä', `${key}K`, 'A=B', 'A\u0000', null, 1, []]) {
    assertProblems(await client.post(path, { env_key: bad, env_val: 'x' }), ['env_key']);
  }
  for (const bad of ['x'.repeat(32769), '𝄞'.repeat(8193), 'a\u0000b', null, 1, {}]) {
    assertProblems(await client.post(path, { env_key: 'A', env_val: bad }), ['env_val']);
  }
  assertProblems(await client.post(path, { env_key: 'A', env_val: 'x', secret: 'no' }), ['secret']);
  assertProblems(await client.post(path, { value: 'x' }), ['env_key', 'env_val', 'value']);
});

test('a refused value is not repeated in the answer', async () => {
  const { path } = await makeVariable({ env_key: 'A', env_val: 'x' });
  const answer = await client.post(path, { env_key: '1', env_val: `${SECRET}\u0000` });
  assertProblems(answer, ['env_key', 'env_val']);
  assert.ok(!answer.text.includes(SECRET));
});

test('a key exists once per runner', async () => {
  const { path, item } = await makeVariable({ env_key: 'A', env_val: 'x' });
  assertProblems(await client.post(path, { env_key: 'A', env_val: 'y' }), ['env_key']);
  assert.equal((await client.post(path, { env_key: 'a', env_val: 'y' })).status, 200);
  assertProblems(await client.patch(item, { env_key: 'a' }), ['env_key']);
  assert.equal((await client.patch(item, { env_key: 'A' })).status, 200);
});

test('a variable is deleted once', async () => {
  const { path, item } = await makeVariable({ env_key: 'A', env_val: 'x' });
  assert.deepEqual((await client.delete(item)).json, { deleted: true });
  assertError(await client.delete(item), 404, 'not_found');
  assertError(await client.patch(item, {}), 404, 'not_found');
  assert.deepEqual((await client.get(path)).json.env_variables, []);
});

test('a variable belongs to its runner', async () => {
  const { item, made } = await makeVariable({ env_key: 'A', env_val: 'x' });
  const other = await makeRunner(client);
  const wrong = `/v1/runners/${other.id}/env_variables/${made.id}`;
  assertError(await client.patch(wrong, { env_val: 'y' }), 404, 'not_found');
  assertError(await client.delete(wrong), 404, 'not_found');
  assertError(await client.delete(`${item.slice(0, -36)}${UNKNOWN_ID}`), 404, 'not_found');
});

test('the list is by key, in pages, up to 200', async () => {
  const { path } = await makeVariable({ env_key: 'K100', env_val: 'x' });
  const keys = Array.from({ length: 199 }, (_, i) => `K${101 + i}`);
  for (const key of keys.slice().reverse()) await client.post(path, { env_key: key, env_val: 'x' });
  assertProblems(await client.post(path, { env_key: 'MORE', env_val: 'x' }), ['env_key']);
  const { json } = await client.get(`${path}?per_page=50&page=4`);
  assert.deepEqual(
    json.env_variables.map(({ env_key: key }) => key),
    keys.slice(149),
  );
  assert.equal(json.meta.pagination.total_objects, 200);
  assert.equal(json.meta.pagination.links.prev, `${path}?page=3&per_page=50`);
});
