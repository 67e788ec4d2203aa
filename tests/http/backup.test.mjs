// SPDX-License-Identifier: Apache-2.0
//
// Backup and restore as docs/operations.md has it: what pg_dump wrote and the key ring, brought to
// another PostgreSQL, are the installation; without the key ring it is no more than its history.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client } from './support/client.mjs';
import { Database } from './support/database.mjs';
import { FakeAgent } from './support/fake_agent.mjs';
import { runProgram } from './support/program.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start({ scheduler: true });
const dir = mkdtempSync(join(tmpdir(), 'errand-backup.'));
const elsewhere = new Database(join(dir, 'postgres'));
after(async () => {
  await stack.stop();
  elsewhere.stop();
  rmSync(dir, { recursive: true, force: true });
});
const { client } = stack;
const dump = join(dir, 'errand.dump');
const keys = join(dir, 'keys.json');
const secret = stack.plant('planted-backup-secret');

const agent = await FakeAgent.join(stack, 'node-backup');
await agent.connect();
const runner = await makeRunner(client, { name: 'backed up' });
await client.post(`/v1/runners/${runner.id}/env_variables`, { env_key: 'KEY', env_val: secret });
const run = await trigger(client, runner, {});
const assignment = await agent.next('assign', run);
await agent.started(assignment);
await agent.finished(assignment, { last_line: 2, log_bytes: 8 });
await agent.log(assignment, 1, ['one', 'two']);
const waiting = await trigger(client, await makeRunner(client, { hypervisor_labels: { a: 'b' } }));

const pg = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });

function restore() {
  pg('pg_dump', '--format=custom', `--file=${dump}`, `--dbname=${stack.database.conninfo()}`);
  copyFileSync(stack.keyRing, keys);
  for (const role of ['errand_api', 'errand_scheduler'])
    elsewhere.sql(`CREATE ROLE ${role} LOGIN`);
  pg('pg_restore', '--no-owner', '--exit-on-error', `--dbname=${elsewhere.conninfo()}`, dump);
}

const restored = { database_url: elsewhere.conninfo('errand_api'), key_ring: keys };

test('a dump is restored while the first one serves', () => {
  restore();
  // nothing is left to do for a program of the same version
  runProgram('errand-api', ['migrate'], { database_url: elsewhere.conninfo() });
});

test('tokens, runs, logs and secrets are there', async () => {
  const replica = await stack.startReplica(restored);
  const there = replica.client;
  const old = (await client.get(`/v1/runs/${run.id}`)).json.run;
  assert.deepEqual((await there.get(`/v1/runs/${run.id}`)).json.run, old);
  const logs = await there.get(`/v1/runs/${run.id}/logs`);
  assert.deepEqual(
    logs.json.logs.map(({ msg }) => msg),
    ['one', 'two'],
  );
  assert.equal(logs.json.meta.complete, true);
  const { checks } = (await there.get('/v1/checks')).json;
  const ring = checks.find(({ name }) => name === 'key ring');
  assert.equal(ring.status, 'ok', ring.message);
  assert.match(ring.message, /[1-9]\d* values tried$/);
  assert.equal((await there.get(`/v1/runs/${waiting.id}`)).json.run.status, 'pending');

  // the hypervisor's credential is good there, too, and its runs come with their secrets
  const scheduler = stack.startScheduler({
    database_url: elsewhere.conninfo('errand_scheduler'),
  });
  const moved = new FakeAgent(there, agent.hypervisor, agent.credential);
  await moved.heartbeat();
  await moved.connect();
  const again = await trigger(there, runner, {});
  const line = await moved.next('assign', again);
  const sealed = Buffer.from(line.env_sealed, 'base64');
  assert.equal(sealed.length, 48 + JSON.stringify({ KEY: secret }).length);
  moved.disconnect();
  await scheduler.stop();
  await replica.program.stop();
});

test('without the key ring, tokens are nobody’s and secrets stay secret', async () => {
  const other = join(dir, 'other.json');
  runProgram('errand-api', ['keys', 'init'], { key_ring: other });
  const settings = { ...restored, key_ring: other };
  const replica = await stack.startReplica(settings);
  assert.equal((await replica.client.get('/v1/runners')).status, 401);
  const token = stack.plant(
    runProgram('errand-api', ['token', 'create', '--kind', 'user', '--name', 'new'], settings),
  );
  const there = new Client(replica.port, token);
  assert.equal((await there.get(`/v1/runs/${run.id}`)).json.run.status, 'succeeded');
  const { checks } = (await there.get('/v1/checks')).json;
  assert.equal(checks.find(({ name }) => name === 'key ring').status, 'failed');
  await replica.program.stop();
});
