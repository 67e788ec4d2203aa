// SPDX-License-Identifier: Apache-2.0
//
// Runners: made, read, changed, listed, deleted.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  RUNNER,
  UNKNOWN_ID,
  assertError,
  assertProblems,
  makeRunner,
  trigger,
} from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;

const DEFAULTS = {
  status: 'available',
  image_tag: 'latest',
  image_digest: null,
  run_command: null,
  argv: [],
  entrypoint: null,
  timeout_seconds: 3600,
  stop_grace_seconds: 10,
  stop_signal: 'SIGTERM',
  pull_policy: 'missing',
  pull_timeout_seconds: 600,
  priority: 50,
  max_concurrency: null,
  on_overlap: 'queue',
  retry: null,
  pending_timeout_seconds: null,
  hypervisor_labels: {},
  pids_limit: 1024,
  shm_size_mb: 64,
  network: 'bridge',
  sandbox: 'default',
  read_only: false,
  user: null,
  log_limit_bytes: 1073741824,
  log_storage: 'stored',
  labels: {},
  version: 1,
  warmed_at: null,
  container_registry: null,
};

test('a runner of two fields gets the documented defaults', async () => {
  const { status, headers, json } = await client.post('/v1/runners', RUNNER);
  assert.equal(status, 200);
  const {
    id,
    region,
    instance_type: type,
    created_at: made,
    updated_at: changed,
    ...rest
  } = json.runner;
  assert.deepEqual(rest, { ...DEFAULTS, ...RUNNER });
  assert.equal(headers.location, `/v1/runners/${id}`);
  assert.equal(region.slug, 'local');
  assert.equal(type.slug, 'standard-s');
  assert.equal(made, changed);
});

test('every field comes back as it was written', async () => {
  const fields = {
    name: 'Änderung ☃ 𝄞',
    image_name: 'localhost:5000/a/b__c-d.e',
    image_tag: 'V1.2_x-y',
    image_digest: `sha256:${'0f'.repeat(32)}`,
    argv: ['', ' ', '"', "'", '\\', '\n', '$HOME', '𝄞'],
    entrypoint: '/bin/a b',
    timeout_seconds: 1,
    stop_grace_seconds: 0,
    stop_signal: 'SIGINT',
    pull_policy: 'always',
    pull_timeout_seconds: 5,
    priority: 0,
    max_concurrency: 2,
    on_overlap: 'replace',
    retry: {
      max_attempts: 3,
      delay_seconds: 1,
      factor: 1.5,
      max_delay_seconds: 60,
      jitter: 0,
      on: ['failed', 'hypervisor_lost'],
      exit_codes: [75],
    },
    pending_timeout_seconds: 60,
    hypervisor_labels: { zone: 'b' },
    pids_limit: 8,
    shm_size_mb: 1,
    network: 'none',
    sandbox: 'untrusted',
    read_only: true,
    user: '0:0',
    log_limit_bytes: 1024,
    labels: { 'a.b/c-d': '', team: 'ü' },
  };
  const made = await makeRunner(client, { ...fields, instance_type: 'standard-m' });
  const { json } = await client.get(`/v1/runners/${made.id}`);
  assert.deepEqual(json.runner, made);
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(made[name], value, name);
  assert.equal(made.instance_type.slug, 'standard-m');
});

test('region and instance type are taken by id too', async () => {
  const regions = await client.get('/v1/regions');
  const types = await client.get('/v1/instance_types');
  const type = types.json.instance_types.find(({ slug }) => slug === 'standard-l');
  const runner = await makeRunner(client, {
    region_id: regions.json.regions[0].id,
    instance_type_id: type.id,
  });
  assert.deepEqual(runner.region, regions.json.regions[0]);
  assert.deepEqual(runner.instance_type, type);
});

test('a change touches what it names and counts as a version', async () => {
  const made = await makeRunner(client, { run_command: 'true', labels: { a: '1' } });
  const { status, json } = await client.patch(`/v1/runners/${made.id}`, { timeout_seconds: 5 });
  assert.equal(status, 200);
  const { updated_at: changedAt, ...changed } = json.runner;
  const { updated_at: madeAt, ...before } = made;
  assert.deepEqual(changed, { ...before, timeout_seconds: 5, version: 2 });
  assert.ok(changedAt >= madeAt);
});

test('an empty change changes nothing', async () => {
  const made = await makeRunner(client);
  const { status, json } = await client.patch(`/v1/runners/${made.id}`, {});
  assert.equal(status, 200);
  assert.equal(json.runner.version, 1);
});

test('null clears what may be null', async () => {
  const set = {
    image_digest: `sha256:${'a'.repeat(64)}`,
    run_command: 'x',
    entrypoint: 'x',
    user: '1',
  };
  const clear = Object.fromEntries(Object.keys(set).map((name) => [name, null]));
  const made = await makeRunner(client, set);
  const { json } = await client.patch(`/v1/runners/${made.id}`, clear);
  for (const name of Object.keys(set)) assert.equal(json.runner[name], null, name);
});

test('run_command and argv exclude each other, also over two requests', async () => {
  assertProblems(await client.post('/v1/runners', { ...RUNNER, run_command: 'a', argv: ['b'] }), [
    'argv',
  ]);
  const made = await makeRunner(client, { run_command: 'a' });
  const path = `/v1/runners/${made.id}`;
  assertProblems(await client.patch(path, { argv: ['b'] }), ['argv']);
  const swapped = await client.patch(path, { argv: ['b'], run_command: null });
  assert.equal(swapped.status, 200);
  assert.deepEqual(swapped.json.runner.argv, ['b']);
  assertProblems(await client.patch(path, { run_command: 'a' }), ['argv']);
  assert.equal(
    (await client.post('/v1/runners', { ...RUNNER, run_command: 'a', argv: [] })).status,
    200,
  );
});

test('a deleted runner is gone, its runs stay', async () => {
  const runner = await makeRunner(client);
  const run = await trigger(client, runner);
  const path = `/v1/runners/${runner.id}`;
  assertError(await client.delete(path), 409, 'conflict');
  await client.post(`/v1/runs/${run.id}/stop`);
  const { status, json } = await client.delete(path);
  assert.equal(status, 200);
  assert.deepEqual(json, { deleted: true });
  assertError(await client.get(path), 404, 'not_found');
  assertError(await client.patch(path, {}), 404, 'not_found');
  assertError(await client.delete(path), 404, 'not_found');
  assertError(await client.post(`${path}/runs`), 404, 'not_found');
  assert.equal((await client.get(`/v1/runs/${run.id}`)).status, 200);
  const { json: list } = await client.get('/v1/runners?per_page=100');
  assert.ok(list.runners.every(({ id }) => id !== runner.id));
});

test('the list is paged, newest first', async () => {
  const { json: before } = await client.get('/v1/runners');
  const missing = 25 - before.meta.pagination.total_objects;
  const made = [];
  for (let i = 0; i < missing; i++) made.unshift((await makeRunner(client)).id);

  const first = (await client.get('/v1/runners')).json;
  assert.deepEqual(
    first.runners.map(({ id }) => id),
    made.slice(0, 10),
  );
  assert.deepEqual(first.meta.pagination, {
    per_page: 10,
    current_page: 1,
    total_pages: 3,
    total_objects: 25,
    pages: { first: 1, last: 3, prev: null, next: 2 },
    links: {
      first: '/v1/runners?page=1&per_page=10',
      last: '/v1/runners?page=3&per_page=10',
      prev: null,
      next: '/v1/runners?page=2&per_page=10',
    },
  });
  const last = (await client.get(first.meta.pagination.links.last)).json;
  assert.equal(last.runners.length, 5);
  assert.equal(last.meta.pagination.pages.next, null);
  assert.equal(last.meta.pagination.pages.prev, 2);
  const beyond = (await client.get('/v1/runners?page=9')).json;
  assert.deepEqual(beyond.runners, []);
  const wide = (await client.get('/v1/runners?per_page=100')).json;
  assert.equal(wide.meta.pagination.total_pages, 1);
  assert.equal(new Set(wide.runners.map(({ id }) => id)).size, 25);
});

test('page and per_page have limits', async () => {
  for (const query of [
    'page=0',
    'page=-1',
    'page=x',
    'page=',
    'page=1.5',
    'page=1000001',
    'page=1e2',
  ]) {
    assertProblems(await client.get(`/v1/runners?${query}`), ['page']);
  }
  for (const query of ['per_page=9', 'per_page=101', 'per_page=99999999999999999999']) {
    assertProblems(await client.get(`/v1/runners?${query}`), ['per_page']);
  }
  assertProblems(await client.get('/v1/runners?page=0&per_page=0&colour=red'), [
    'page',
    'per_page',
    'colour',
  ]);
});

test('an unknown runner is 404', async () => {
  for (const method of ['GET', 'PATCH', 'DELETE']) {
    const body = method === 'PATCH' ? {} : undefined;
    assertError(
      await client.request(method, `/v1/runners/${UNKNOWN_ID}`, { body }),
      404,
      'not_found',
    );
  }
});
