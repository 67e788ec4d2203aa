// SPDX-License-Identifier: Apache-2.0
//
// What may not be found, and where it is looked for: the database as it is dumped, notifications,
// what the programs' memory would show in a core, their arguments and environment, their logs.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const CHANNELS = ['queue', 'run', 'fleet', 'warm', 'hypervisor', 'access', 'log', 'replica'];
const CHUNK = 1 << 20;
const REGION_MAX = 1n << 32n;

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;

let n = 0;
/** A secret that is found nowhere by chance, and remembered only as what is looked for. */
const plant = () => stack.plant(`planted-${process.pid}-${++n}-${'s3cr3t'.repeat(3)}`);
const secrets = Object.fromEntries(
  ['runnerEnv', 'changedEnv', 'runEnv', 'registry', 'password', 'newPassword'].map((name) => [
    name,
    plant(),
  ]),
);

/** The same bytes as they are, in hex and in base64 wherever they begin. */
function forms(secret) {
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + secret).toString('base64');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [secret, Buffer.from(secret).toString('hex'), ...base64];
}

function assertNotIn(text, where) {
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of forms(secret))
      assert.ok(!text.includes(form), `${name} is in ${where} as ${form.slice(0, 12)}…`);
  }
}

/** Everything a session hears: {stop(): Promise<text>}. */
function listen() {
  const conninfo = stack.database.conninfo();
  const psql = spawn('psql', ['--no-psqlrc', '-qAtX', '-d', conninfo], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let heard = '';
  psql.stdout.on('data', (bytes) => {
    heard += bytes;
  });
  psql.stdin.write(CHANNELS.map((channel) => `LISTEN errand_${channel};`).join('') + '\n');
  psql.stdin.write("SELECT 'ready';\n");
  return {
    ready: () => until('the listener', () => heard.includes('ready')),
    async stop() {
      psql.stdin.end("SELECT 'over';\n");
      await until('the end of the listener', () => heard.includes('over'));
      return heard;
    },
  };
}

/** Where `wanted` are in the memory of a process, as far as a core would have it. */
function inMemory(pid, wanted) {
  const found = [];
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.alloc(CHUNK + 256);
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const [, from, to, mode] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
    if (!mode?.startsWith('rw')) continue;
    const end = BigInt(`0x${to}`);
    if (end - BigInt(`0x${from}`) > REGION_MAX) continue; // a sanitizer's own
    for (let at = BigInt(`0x${from}`); at < end; at += BigInt(CHUNK)) {
      const left = Number(end - at);
      let read;
      try {
        read = readSync(memory, chunk, 0, Math.min(left, chunk.length), at);
      } catch {
        break; // guarded pages
      }
      for (const [name, secret] of Object.entries(wanted))
        if (chunk.subarray(0, read).includes(secret)) found.push(`${name} at ${line}`);
    }
  }
  closeSync(memory);
  return found;
}

let heard;
const pids = [];

test('secrets are used in every way there is', async () => {
  const listener = listen();
  await listener.ready();
  const agent = await FakeAgent.join(stack, 'node-secrets');
  await agent.connect();
  const registry = await client.post('/v1/container_registries', {
    name: 'private',
    registry_type: 'custom',
    hostname: 'registry.example',
    username: 'somebody',
    password: secrets.registry,
  });
  assert.equal(registry.status, 200, registry.text);
  const runner = await makeRunner(client, {
    image_name: 'registry.example/tool',
    container_registry_id: registry.json.container_registry.id,
  });
  const variables = `/v1/runners/${runner.id}/env_variables`;
  const made = await client.post(variables, { env_key: 'A', env_val: secrets.runnerEnv });
  const changed = `${variables}/${made.json.env_variable.id}`;
  await client.patch(changed, { env_val: secrets.changedEnv });
  const run = await trigger(client, runner, {
    env_variables: [{ env_key: 'B', env_val: secrets.runEnv }],
  });
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);

  const { password, newPassword } = secrets;
  const user = await client.post('/v1/users', {
    email: 'secret@example.org',
    name: 'Secret',
    password,
  });
  assert.equal(user.status, 200, user.text);
  const session = await stack.anonymous.post('/v1/session', {
    email: 'secret@example.org',
    password,
  });
  const Cookie = session.headers['set-cookie'][0].split(';')[0];
  const changedPassword = await stack.anonymous.patch(
    `/v1/users/${user.json.user.id}`,
    { password: newPassword, current_password: password },
    { headers: { Cookie, 'X-Errand-Session': '1' } },
  );
  assert.equal(changedPassword.status, 200, changedPassword.text);
  await client.post(`/v1/runs/${run.id}/stop`);
  await agent.finished(assignment, { exit_code: 143, reason: 'canceled' });
  agent.disconnect();
  await client.delete(changed);
  heard = await listener.stop();
  pids.push(stack.api.pid);
});

test('they are in no notification', () => {
  assert.match(heard, /Asynchronous notification "errand_/);
  assertNotIn(heard, 'a notification');
});

test('they are in no dump of the database', () => {
  const dump = execFileSync('pg_dump', ['-d', stack.database.conninfo()], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  assert.match(dump, /COPY public.run_env/);
  assertNotIn(dump, 'the dump');
});

test('they are in no argument and no environment, and no core is ever written', () => {
  for (const pid of pids) {
    assertNotIn(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), 'arguments');
    assertNotIn(readFileSync(`/proc/${pid}/environ`, 'latin1'), 'the environment');
    assert.match(readFileSync(`/proc/${pid}/limits`, 'latin1'), /Max core file size +0 +0 /);
  }
});

test('once they were used, they are not in memory', () => {
  const known = { known: stack.database.conninfo('errand_api') };
  for (const pid of pids) {
    assert.ok(inMemory(pid, known).length > 0, 'what is in memory is found');
    assert.deepEqual(inMemory(pid, secrets), []);
  }
});
