// SPDX-License-Identifier: Apache-2.0
//
// Keys change while secrets are written and read; a rotation that is cut short goes on.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeRegistry, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;

const ring = () => JSON.parse(readFileSync(stack.programSettings.key_ring, 'utf8'));

function rotate() {
  const env = { ...process.env, ERRAND_KEYS_SETTLE_SECONDS: '2' };
  for (const [name, value] of Object.entries(stack.programSettings))
    env[`ERRAND_${name.toUpperCase()}`] = value;
  return spawn(join(process.env.ERRAND_BIN_DIR, 'errand-api'), ['keys', 'rotate'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Ids of the keys that values are under. */
function keysInUse() {
  return stack.database.sql(`
    SELECT DISTINCT convert_from(substring(v FROM 3 FOR get_byte(v, 1)), 'UTF8') FROM (
      SELECT value FROM runner_env UNION ALL SELECT value FROM run_env
      UNION ALL SELECT password FROM container_registries WHERE password IS NOT NULL) a(v)`);
}

test('keys rotate while values are written, and after a kill', { timeout: 60000 }, async () => {
  const runner = await makeRunner(client);
  const path = `/v1/runners/${runner.id}/env_variables`;
  const value = stack.plant('planted-before-rotation');
  for (let i = 0; i < 20; i++)
    await client.post(path, { env_key: `A${i}`, env_val: value, secret: false });
  await trigger(client, runner, { env_variables: [{ env_key: 'OWN', env_val: value }] });
  await makeRegistry(client, { username: 'me', password: value });
  assert.deepEqual(keysInUse(), ['k1']);

  const killed = rotate();
  await until('the new key to be used', () => ring().current === 'k2');
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  assert.deepEqual(Object.keys(ring().keys).sort(), ['k1', 'k2']);

  const second = rotate();
  const ended = once(second, 'exit');
  let n = 0;
  while (second.exitCode === null && second.signalCode === null) {
    const variable = { env_key: `B${n}`, env_val: `${n}`, secret: false };
    n += 1;
    const { status, text } = await client.post(path, variable);
    if (n <= 150) assert.equal(status, 200, text);
    if (n % 10 === 0) await trigger(client, runner);
    if (n > 150) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [code, signal] = await ended;
  assert.equal(signal ?? code, 0);
  assert.deepEqual(Object.keys(ring().keys), ['k2']);
  assert.deepEqual(keysInUse(), ['k2']);

  const { json } = await client.get(`${path}?per_page=100`);
  const first = json.env_variables.find(({ env_key }) => env_key === 'A0');
  assert.equal(first.env_val, value);
  assert.equal(json.env_variables.find(({ env_key }) => env_key === 'B0').env_val, '0');
  const replica = await stack.startReplica();
  const answer = await replica.client.get(`${path}?per_page=100`);
  assert.equal(answer.status, 200);
  await replica.program.stop();
});
