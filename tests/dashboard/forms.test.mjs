// SPDX-License-Identifier: Apache-2.0
//
// What the forms say while one types is what the server would say.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeRunner } from '../http/support/samples.mjs';
import { Stack } from '../http/support/stack.mjs';

const dashboard = new URL('../../dashboard/', import.meta.url);
const { build } = createRequire(new URL('package.json', dashboard))('esbuild');
const out = mkdtempSync(join(tmpdir(), 'errand-forms.'));
const stack = await Stack.start();
after(async () => {
  rmSync(out, { recursive: true });
  await stack.stop();
});
const { client } = stack;

async function load(path) {
  const outfile = join(out, `${path.replaceAll('/', '_')}.mjs`);
  const entryPoints = [new URL(`src/${path}`, dashboard).pathname];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'warning' });
  return import(outfile);
}

const { NEW_DRAFT, bodyOf, changed, checkBody, draftOf } = await load('pages/runners/draft.ts');
const { check, ENV, RUN } = await load('forms/rules.ts');

test('an untouched form makes the runner that a bare request makes', async () => {
  const runner = await makeRunner(client);
  const draft = draftOf(runner);
  const { name, image_name, run_command, command_kind } = draft;
  assert.deepEqual(draft, { ...NEW_DRAFT, name, image_name, run_command, command_kind, image_tag: draft.image_tag });
  assert.deepEqual(changed(bodyOf(draft), bodyOf({ ...draft, name: 'another' })), { name: 'another' });
});

test('every field of a runner goes through the form and back', async () => {
  const full = {
    ...NEW_DRAFT,
    name: 'every field',
    image_name: 'ghcr.io/acme/report',
    image_tag: '2',
    image_digest: `sha256:${'a'.repeat(64)}`,
    command_kind: 'argv',
    argv: 'one\ntwo words\n\nfour',
    entrypoint: '/bin/sh',
    instance_type: 'standard-m',
    timeout_seconds: '60',
    stop_grace_seconds: '0',
    stop_signal: 'SIGINT',
    pull_policy: 'always',
    pull_timeout_seconds: '5',
    priority: '0',
    max_concurrency: '3',
    on_overlap: 'replace',
    pending_timeout_seconds: '9',
    retry: true,
    max_attempts: '2',
    delay_seconds: '0',
    factor: '1.5',
    max_delay_seconds: '7',
    jitter: '0',
    on: ['timeout', 'failed'],
    exit_codes: '1, 75',
    hypervisor_labels: 'disk=ssd',
    labels: 'team=data\nempty=',
    pids_limit: '8',
    shm_size_mb: '1',
    network: 'none',
    sandbox: 'untrusted',
    read_only: true,
    user: '1000:1000',
    log_limit_bytes: '1024',
    log_storage: 'transient',
  };
  const { status, json, text } = await client.post('/v1/runners', bodyOf(full));
  assert.equal(status, 200, text);
  assert.deepEqual(draftOf(json.runner), full);
  // no field of the contract is missing from the form
  const written = Object.keys(json.runner).filter((name) => name in bodyOf(full));
  const made = ['id', 'status', 'version', 'warmed_at', 'created_at', 'updated_at', 'container_registry'];
  assert.deepEqual(
    Object.keys(json.runner).filter((name) => !written.includes(name) && !made.includes(name)),
    [],
  );
});

const FAULTS = [
  { name: 'ab' },
  { name: 'n'.repeat(51) },
  { name: 'tab\there' },
  { image_name: '' },
  { image_name: 'acme/Upper' },
  { image_name: 'with:tag' },
  { image_name: 'a'.repeat(256) },
  { image_tag: '.hidden' },
  { image_tag: '' },
  { image_digest: 'sha256:1' },
  { run_command: '', command_kind: 'command' },
  { run_command: 'x'.repeat(1001), command_kind: 'command' },
  { entrypoint: 'x'.repeat(501) },
  { argv: Array(201).fill('x').join('\n'), command_kind: 'argv' },
  { argv: 'x'.repeat(8001), command_kind: 'argv' },
  { timeout_seconds: '0' },
  { timeout_seconds: 'soon' },
  { timeout_seconds: '1.5' },
  { timeout_seconds: '' },
  { stop_grace_seconds: '301' },
  { pull_timeout_seconds: '86401' },
  { priority: '-1' },
  { max_concurrency: '10001' },
  { pending_timeout_seconds: '0' },
  { pids_limit: '7' },
  { shm_size_mb: '65537' },
  { user: 'root' },
  { user: '1:' },
  { log_limit_bytes: '1023' },
  { labels: '-a=b' },
  { labels: Array.from({ length: 33 }, (_, i) => `k${i}=v`).join('\n') },
  { labels: `a=${'v'.repeat(256)}` },
  { hypervisor_labels: 'a b=c' },
  { retry: true, max_attempts: '11' },
  { retry: true, delay_seconds: 'x' },
  { retry: true, factor: '0.5' },
  { retry: true, jitter: '2' },
  { retry: true, exit_codes: '0' },
  { retry: true, exit_codes: '1, 256' },
];

test('each mistake is told in the words of the server', async () => {
  const good = { ...NEW_DRAFT, name: 'a good name', image_name: 'sample' };
  assert.deepEqual(checkBody(bodyOf(good)), {});
  for (const fault of FAULTS) {
    const body = bodyOf({ ...good, ...fault });
    const { status, json } = await client.post('/v1/runners', body);
    assert.equal(status, 400, JSON.stringify(fault).slice(0, 100));
    assert.deepEqual(checkBody(body), json.fields, JSON.stringify(fault).slice(0, 100));
  }
});

test('of a run and an environment, too', async () => {
  const runner = await makeRunner(client);
  for (const body of [{ command: '' }, { command: 'x'.repeat(4001) }, { timeout_seconds: 0 }, { priority: 101 }]) {
    const { json } = await client.post(`/v1/runners/${runner.id}/runs`, body);
    assert.deepEqual(check(RUN, body), json.fields);
  }
  for (const env_key of ['', '1A', 'A-B', 'A'.repeat(256)]) {
    const { json } = await client.post(`/v1/runners/${runner.id}/env_variables`, { env_key, env_val: 'x' });
    assert.deepEqual(check(ENV, { env_key }), json.fields);
  }
});
