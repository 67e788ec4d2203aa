// SPDX-License-Identifier: Apache-2.0
//
// The throw-away PostgreSQL: made once, found again, gone without a trace.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('postgres.sh', import.meta.url));

function postgres(args, env = {}) {
  const { status, stdout, stderr } = spawnSync(SCRIPT, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout: stdout.trim(), stderr };
}

function scratch(t) {
  const dir = mkdtempSync(join(tmpdir(), 'errand-postgres-test.'));
  t.after(() => {
    postgres(['stop', dir]);
    rmSync(dir, { recursive: true });
  });
  chmodSync(dir, 0o700);
  return dir;
}

/** A zombie that its new parent has not reaped is dead. */
function isAlive(pid) {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/^\d+ \(.*\) Z/.test(readFileSync(stat, 'utf8'));
}

const homeOf = (conninfo) => /host=(\S+)/.exec(conninfo)[1];
const query = (conninfo, sql) =>
  spawnSync('psql', ['-qAtX', '-d', conninfo, '-c', sql], { encoding: 'utf8' }).stdout.trim();

test('a cluster is made once, answers on its socket only, and leaves nothing', (t) => {
  const dir = scratch(t);
  const first = postgres(['start', dir]);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(postgres(['start', dir]).stdout, first.stdout);
  const made = postgres(['createdb', dir, 'one']);
  assert.equal(postgres(['createdb', dir, 'one']).stdout, made.stdout);
  assert.equal(query(made.stdout, 'SELECT current_database()'), 'one');
  assert.equal(query(made.stdout, 'SHOW listen_addresses'), '');

  const pid = query(made.stdout, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)");
  assert.equal(postgres(['stop', dir]).status, 0);
  assert.ok(!isAlive(pid));
  assert.ok(!existsSync(homeOf(first.stdout)));
  assert.equal(postgres(['stop', dir]).status, 0);
});

test('two clusters do not know each other', (t) => {
  const one = postgres(['start', scratch(t)]).stdout;
  const two = postgres(['start', scratch(t)]).stdout;
  assert.notEqual(homeOf(one), homeOf(two));
});

test('a cluster goes with its owner', { timeout: 20000 }, async (t) => {
  const dir = scratch(t);
  const owner = spawn('sleep', ['60']);
  const { stdout } = postgres(['start', dir], { OWNER_PID: String(owner.pid) });
  assert.ok(existsSync(homeOf(stdout)));
  owner.kill();
  while (existsSync(homeOf(stdout))) await delay(50);
});

test('what cannot be done is said', (t) => {
  const dir = scratch(t);
  for (const args of [
    [],
    ['start'],
    ['restart', dir],
    ['createdb', dir],
    ['createdb', dir, 'x; DROP'],
    ['createdb', dir, 'x'],
  ]) {
    const { status, stderr } = postgres(args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, /^postgres\.sh: /);
  }
});
