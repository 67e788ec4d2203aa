// SPDX-License-Identifier: Apache-2.0
//
// Runs without a hypervisor: triggered, read, listed, stopped while they wait.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
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

test('a run begins pending and says what it will be', async () => {
  const runner = await makeRunner(client, {
    image_name: 'registry.test/tool',
    image_tag: '3',
    run_command: 'make',
    priority: 7,
    labels: { a: '1' },
  });
  const { status, headers, json } = await client.post(`/v1/runners/${runner.id}/runs`);
  assert.equal(status, 200);
  const { run } = json;
  assert.equal(headers.location, `/v1/runs/${run.id}`);
  const {
    id,
    created_at: made,
    updated_at: changed,
    pending_reason: reason,
    pending_message: message,
    ...rest
  } = run;
  assert.ok(id && made && changed);
  assert.equal(reason, 'scheduler_down');
  assert.equal(typeof (message ?? ''), 'string');
  assert.deepEqual(rest, {
    status: 'pending',
    exit_code: null,
    command: 'make',
    argv: [],
    entrypoint: null,
    started_at: null,
    completed_at: null,
    runner_id: runner.id,
    runner_version: 1,
    attempt: 0,
    retry_of: null,
    image: 'registry.test/tool:3',
    image_digest: null,
    hypervisor: null,
    region: runner.region,
    instance_type: runner.instance_type,
    timeout_seconds: 3600,
    priority: 7,
    labels: { a: '1' },
    trigger: { kind: 'api', by: 'tester', ref: null },
    env_keys: [],
    termination_reason: null,
    termination_message: null,
    queued_ms: null,
    pull_ms: null,
    start_ms: null,
    duration_ms: null,
    cpu_ms: null,
    memory_peak_bytes: null,
    io_read_bytes: null,
    io_write_bytes: null,
    oom_killed: false,
    log_lines: 0,
    log_bytes: 0,
    log_truncated: false,
    cost: 0,
    cost_nano: 0,
  });
  for (const path of [`/v1/runs/${id}`, `/v1/runners/${runner.id}/runs/${id}`]) {
    assert.deepEqual((await client.get(path)).json.run, run);
  }
});

test('what the request says wins over the runner', async () => {
  const runner = await makeRunner(client, {
    argv: ['a'],
    entrypoint: '/old',
    timeout_seconds: 9,
    priority: 1,
    labels: { a: '1', b: '1' },
  });
  const run = await trigger(client, runner, {
    argv: ['x y', '"'],
    entrypoint: '/new',
    timeout_seconds: 5,
    priority: 2,
    instance_type: 'standard-m',
    labels: { b: '2', c: '2' },
  });
  assert.deepEqual(run.argv, ['x y', '"']);
  assert.equal(run.entrypoint, '/new');
  assert.equal(run.timeout_seconds, 5);
  assert.equal(run.priority, 2);
  assert.equal(run.instance_type.slug, 'standard-m');
  assert.deepEqual(run.labels, { a: '1', b: '2', c: '2' });
});

test('command and argv replace each other', async () => {
  const shell = await makeRunner(client, { run_command: 'a' });
  const exec = await makeRunner(client, { argv: ['a'] });
  const form = ({ command, argv }) => ({ command, argv });
  assert.deepEqual(form(await trigger(client, shell, { argv: ['b'] })), {
    command: null,
    argv: ['b'],
  });
  assert.deepEqual(form(await trigger(client, exec, { command: 'b' })), { command: 'b', argv: [] });
  assert.deepEqual(form(await trigger(client, shell, { command: null })), {
    command: 'a',
    argv: [],
  });
  assert.deepEqual(form(await trigger(client, exec, {})), { command: null, argv: ['a'] });
});

test('an edit of the runner leaves a run as it was made', async () => {
  const runner = await makeRunner(client, { run_command: 'old' });
  const first = await trigger(client, runner);
  await client.patch(`/v1/runners/${runner.id}`, { run_command: 'new', image_tag: '2' });
  const second = await trigger(client, runner);
  assert.deepEqual((await client.get(`/v1/runs/${first.id}`)).json.run, first);
  assert.equal(second.command, 'new');
  assert.equal(second.runner_version, 2);
  assert.match(second.image, /:2$/);
});

test('the environment is named, never shown', async () => {
  const secret = stack.plant('planted-run-secret-31337');
  const runner = await makeRunner(client);
  const variables = `/v1/runners/${runner.id}/env_variables`;
  await client.post(variables, { env_key: 'B', env_val: secret });
  await client.post(variables, { env_key: 'C', env_val: secret });
  const made = await client.post(`/v1/runners/${runner.id}/runs`, {
    env_variables: [
      { env_key: 'C', env_val: secret },
      { env_key: 'A', env_val: secret },
    ],
  });
  assert.deepEqual(made.json.run.env_keys, ['A', 'B', 'C']);
  const read = await client.get(`/v1/runs/${made.json.run.id}`);
  assert.deepEqual(read.json.run.env_keys, ['A', 'B', 'C']);
  const list = await client.get(`/v1/runners/${runner.id}/runs`);
  for (const { text } of [made, read, list]) assert.ok(!text.includes(secret));
  const rows = stack.database.sql(
    `SELECT encode(value, 'hex') FROM run_env WHERE run_id = '${made.json.run.id}'`,
  );
  assert.equal(rows.length, 3);
  assert.ok(rows.every((row) => !Buffer.from(row, 'hex').includes(secret)));
});

test('limits of a trigger', async () => {
  const runner = await makeRunner(client);
  const path = `/v1/runners/${runner.id}/runs`;
  const env = (n) => Array.from({ length: n }, (_, i) => ({ env_key: `K${i}`, env_val: '' }));
  const good = [
    {},
    { command: 'x'.repeat(4000) },
    { argv: Array(200).fill('x') },
    { entrypoint: null },
    { env_variables: [] },
    { env_variables: env(200) },
    { timeout_seconds: 86400 },
    { priority: 0 },
    { command: 'x', argv: [] },
  ];
  for (const body of good)
    assert.equal((await client.post(path, body)).status, 200, JSON.stringify(body).slice(0, 80));

  const pair = (key, value) => ({ env_variables: [{ env_key: key, env_val: value }] });
  for (const [body, ...fields] of [
    [{ command: '' }, 'command'],
    [{ command: 'x'.repeat(4001) }, 'command'],
    [{ command: 1 }, 'command'],
    [{ command: 'a\u0000' }, 'command'],
    [{ command: 'a', argv: ['b'] }, 'argv'],
    [{ argv: Array(201).fill('x') }, 'argv'],
    [{ argv: null }, 'argv'],
    [{ argv: ['x'.repeat(8001)] }, 'argv'],
    [{ entrypoint: '' }, 'entrypoint'],
    [{ entrypoint: 'x'.repeat(501) }, 'entrypoint'],
    [{ timeout_seconds: 0 }, 'timeout_seconds'],
    [{ timeout_seconds: 86401 }, 'timeout_seconds'],
    [{ timeout_seconds: null }, 'timeout_seconds'],
    [{ instance_type: 'nothing' }, 'instance_type'],
    [{ priority: 101 }, 'priority'],
    [{ labels: { '': 'x' } }, 'labels.'],
    [{ env_variables: null }, 'env_variables'],
    [{ env_variables: {} }, 'env_variables'],
    [{ env_variables: env(201) }, 'env_variables'],
    [{ env_variables: ['x'] }, 'env_variables[0]'],
    [{ env_variables: [{}] }, 'env_variables[0].env_key', 'env_variables[0].env_val'],
    [pair('1', 'x'), 'env_variables[0].env_key'],
    [pair('A', 'x'.repeat(32769)), 'env_variables[0].env_val'],
    [pair('A', null), 'env_variables[0].env_val'],
    [{ env_variables: [...env(1), ...env(1)] }, 'env_variables[1].env_key'],
    [{ env_variables: [{ env_key: 'A', env_val: 'x', secret: true }] }, 'env_variables[0].secret'],
    [{ run_command: 'x', wait: 5 }, 'run_command', 'wait'],
  ]) {
    assertProblems(await client.post(path, body), fields);
  }
});

test('labels of runner and request together keep to the limit', async () => {
  const labels = (prefix, n) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`${prefix}${i}`, '']));
  const runner = await makeRunner(client, { labels: labels('a', 20) });
  const path = `/v1/runners/${runner.id}/runs`;
  assert.equal((await client.post(path, { labels: labels('b', 12) })).status, 200);
  assertProblems(await client.post(path, { labels: labels('b', 13) }), ['labels']);
});

test('a pending run is stopped at once, and once', async () => {
  const run = await trigger(client, await makeRunner(client));
  const { status, json } = await client.post(`/v1/runs/${run.id}/stop`);
  assert.equal(status, 200);
  assert.equal(json.run.status, 'canceled');
  assert.equal(json.run.termination_reason, 'canceled');
  assert.equal(json.run.exit_code, null);
  assert.equal(json.run.pending_reason, null);
  assert.ok(json.run.completed_at);
  const again = await client.post(`/v1/runners/${run.runner_id}/runs/${run.id}/stop`);
  assert.deepEqual(again.json, json);
});

test('the log of a run that never ran is empty and complete', async () => {
  const run = await trigger(client, await makeRunner(client));
  const logs = `/v1/runs/${run.id}/logs`;
  assert.deepEqual((await client.get(logs)).json, {
    logs: [],
    meta: { last_id: 0, complete: false, more: false },
  });
  await client.post(`/v1/runs/${run.id}/stop`);
  assert.deepEqual((await client.get(logs)).json, {
    logs: [],
    meta: { last_id: 0, complete: true, more: false },
  });
  const events = await (await client.follow(`${logs}/stream`)).rest();
  assert.deepEqual(events.at(-1), {
    id: 'end',
    event: 'state',
    data: { status: 'canceled', exit_code: null, termination_reason: 'canceled', last_id: 0 },
  });
});

test('wait answers when the run is final, or in time', async () => {
  const runner = await makeRunner(client);
  const path = `/v1/runners/${runner.id}/runs`;
  const began = Date.now();
  const late = await client.post(`${path}?wait=1`);
  assert.equal(late.json.run.status, 'pending');
  assert.ok(Date.now() - began >= 900);

  const waiting = client.post(`${path}?wait=30`);
  let pending;
  while (!pending) {
    const { json } = await client.get(path);
    pending = json.runs.find(({ id }) => id !== late.json.run.id);
  }
  await client.post(`/v1/runs/${pending.id}/stop`);
  assert.equal((await waiting).json.run.status, 'canceled');
  assert.ok(Date.now() - began < 15000);

  for (const wait of ['0', '61', 'x', '', '-1', '1.5']) {
    assertProblems(await client.post(`${path}?wait=${wait}`), ['wait']);
  }
});

test('lists are newest first, by runner and over all', async () => {
  const one = await makeRunner(client);
  const two = await makeRunner(client);
  const runs = [];
  for (let i = 0; i < 6; i++) runs.unshift((await trigger(client, i % 2 ? two : one)).id);
  const ids = async (path) => (await client.get(path)).json.runs.map(({ id }) => id);
  assert.deepEqual((await ids('/v1/runs')).slice(0, 6), runs);
  assert.deepEqual(
    await ids(`/v1/runners/${two.id}/runs`),
    runs.filter((_, i) => i % 2 === 0),
  );
  const { json } = await client.get(`/v1/runners/${one.id}/runs?per_page=10`);
  assert.equal(json.meta.pagination.total_objects, 3);
});

test('lists are filtered', async () => {
  const runner = await makeRunner(client);
  const path = `/v1/runners/${runner.id}/runs`;
  const [a, b, c] = [
    await trigger(client, runner, { labels: { team: 'a=b', x: '1' } }),
    await trigger(client, runner, { labels: { team: 'b' } }),
    await trigger(client, runner),
  ];
  await client.post(`/v1/runs/${b.id}/stop`);
  const ids = async (query) => {
    const { json, text } = await client.get(`${path}?${query}`);
    assert.ok(json.runs, text);
    assert.equal(json.meta.pagination.total_objects, json.runs.length);
    return json.runs.map(({ id }) => id);
  };
  assert.deepEqual(await ids('status=canceled'), [b.id]);
  assert.deepEqual(await ids('status=pending'), [c.id, a.id]);
  assert.deepEqual(await ids('status=running'), []);
  assert.deepEqual(await ids('label=team%3Da%3Db'), [a.id]);
  assert.deepEqual(await ids('label=team='), []);
  assert.deepEqual(await ids('trigger=api'), [c.id, b.id, a.id]);
  assert.deepEqual(await ids('trigger=schedule'), []);
  assert.deepEqual(await ids(`until=${a.created_at}`), []);
  assert.deepEqual(await ids('since=2020-01-01T00:00:00%2B01:00&until=2999-01-01T00:00:00Z'), [
    c.id,
    b.id,
    a.id,
  ]);
  assert.deepEqual(await ids('since=2999-01-01T00:00:00Z'), []);
  const { json } = await client.get('/v1/runs?status=pending&per_page=10&label=x%3D1');
  assert.deepEqual(
    json.runs.map(({ id }) => id),
    [a.id],
  );
  assert.match(json.meta.pagination.links.first, /&status=pending&label=x%3D1$/);

  assertProblems(
    await client.get(
      `${path}?status=assigned&label=x&trigger=cron&since=today&until=2026-13-01T00:00:00Z&page=0`,
    ),
    ['status', 'label', 'trigger', 'since', 'until', 'page'],
  );
});

test('a run belongs to its runner', async () => {
  const run = await trigger(client, await makeRunner(client));
  const other = await makeRunner(client);
  for (const [method, suffix] of [
    ['GET', ''],
    ['POST', '/stop'],
    ['GET', '/logs'],
    ['GET', '/logs/stream'],
  ]) {
    assertError(
      await client.request(method, `/v1/runners/${other.id}/runs/${run.id}${suffix}`),
      404,
      'not_found',
    );
    assertError(await client.request(method, `/v1/runs/${UNKNOWN_ID}${suffix}`), 404, 'not_found');
  }
  assertError(await client.get(`/v1/runners/${UNKNOWN_ID}/runs`), 404, 'not_found');
  assertError(await client.post(`/v1/runners/${UNKNOWN_ID}/runs`, {}), 404, 'not_found');
});
