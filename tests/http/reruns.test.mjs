// SPDX-License-Identifier: Apache-2.0
//
// Runs once more, and lists that stand still while runs are added.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertError, assertProblems, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;

test('a rerun is of what the first run was, not of what the runner is', async () => {
  const secret = stack.plant('planted-for-the-rerun');
  const runner = await makeRunner(client, { run_command: 'first', timeout_seconds: 77 });
  await client.post(`/v1/runners/${runner.id}/env_variables`, { env_key: 'A', env_val: secret });
  const body = { labels: { a: 'b' }, env_variables: [{ env_key: 'B', env_val: secret }] };
  const first = await trigger(client, runner, body);
  await client.patch(`/v1/runners/${runner.id}`, { run_command: 'second', timeout_seconds: 5 });
  for (const path of [`/v1/runs/${first.id}`, `/v1/runners/${runner.id}/runs/${first.id}`]) {
    const { json, headers, text } = await client.post(`${path}/rerun`);
    const { run } = json;
    assert.ok(run, text);
    assert.equal(headers.location, `/v1/runs/${run.id}`);
    assert.notEqual(run.id, first.id);
    for (const name of ['command', 'timeout_seconds', 'image', 'labels', 'env_keys', 'status'])
      assert.deepEqual(run[name], first[name], name);
    assert.deepEqual(run.trigger, { kind: 'rerun', by: 'tester', ref: first.id });
    const env = (id) =>
      stack.database.sql(`SELECT env_key, owner_id, value FROM run_env WHERE run_id = '${id}'
        ORDER BY env_key`);
    assert.deepEqual(env(run.id), env(first.id));
  }
  const { json } = await client.get('/v1/runs?trigger=rerun');
  assert.equal(json.runs.length, 2);
});

test('a rerun with other values keeps the rest of the environment', async () => {
  const kept = stack.plant('kept-by-the-rerun');
  const changed = stack.plant('changed-by-the-rerun');
  const runner = await makeRunner(client);
  const values = (env) => Object.entries(env).map(([env_key, env_val]) => ({ env_key, env_val }));
  const first = await trigger(client, runner, { env_variables: values({ A: kept, B: kept }) });
  const body = { env_variables: values({ B: changed, _C: changed }) };
  const { json, text } = await client.post(`/v1/runs/${first.id}/rerun`, body);
  assert.ok(json.run, text);
  assert.deepEqual(json.run.env_keys, ['A', 'B', '_C']);
  const owners = stack.database.sql(`SELECT env_key || ' ' || owner_id || ' ' || secret FROM run_env
    WHERE run_id = '${json.run.id}' ORDER BY env_key COLLATE "C"`);
  assert.deepEqual(owners, [
    `A ${first.id} true`,
    `B ${json.run.id} true`,
    `_C ${json.run.id} true`,
  ]);

  const path = `/v1/runs/${first.id}/rerun`;
  assertProblems(await client.post(path, { env_variables: values({ '1': 'x' }) }), [
    'env_variables[0].env_key',
  ]);
  assertProblems(await client.post(path, { command: 'other' }), ['command']);
});

test('the newest runs of each runner, in brief', async () => {
  const idle = await makeRunner(client);
  const busy = await makeRunner(client);
  const runs = [];
  for (let i = 0; i < 21; i++) runs.unshift(await trigger(client, busy));
  await client.post(`/v1/runs/${runs[0].id}/stop`);
  const { json, text } = await client.get('/v1/runner_activity?per_page=10');
  assert.ok(json.runner_activity, text);
  const runners = (await client.get('/v1/runners?per_page=10')).json.runners;
  assert.deepEqual(
    json.runner_activity.map(({ runner_id }) => runner_id),
    runners.map(({ id }) => id),
  );
  const of = (runner) => json.runner_activity.find((one) => one.runner_id === runner.id).runs;
  assert.deepEqual(of(idle), []);
  assert.deepEqual(
    of(busy).map(({ id }) => id),
    runs.slice(0, 20).map(({ id }) => id),
  );
  assert.equal(of(busy)[0].status, 'canceled');
  assert.equal(of(busy)[1].status, 'pending');
  assert.equal(of(busy)[1].created_at, runs[1].created_at);
});

test('a repeated rerun makes one run', async () => {
  const first = await trigger(client, await makeRunner(client));
  const headers = { 'Idempotency-Key': 'again' };
  const answers = [
    await client.post(`/v1/runs/${first.id}/rerun`, undefined, { headers }),
    await client.post(`/v1/runs/${first.id}/rerun`, undefined, { headers }),
  ];
  assert.equal(answers[0].json.run.id, answers[1].json.run.id);
  const other = await trigger(client, await makeRunner(client));
  for (const id of [other.id, first.runner_id])
    assert.equal((await client.post(`/v1/runs/${id}/rerun`, undefined, { headers })).status, 409);
});

test('without its runner there is none', async () => {
  const runner = await makeRunner(client);
  const first = await trigger(client, runner);
  await client.post(`/v1/runs/${first.id}/stop`);
  assert.equal((await client.delete(`/v1/runners/${runner.id}`)).status, 200);
  assertError(await client.post(`/v1/runs/${first.id}/rerun`), 409, 'conflict');
  const path = `/v1/runners/${runner.id}/runs/${first.id}/rerun`;
  assertError(await client.post(path), 409, 'conflict');
});

test('a rerun counts for the quota', async () => {
  const [project] = (await client.get('/v1/projects')).json.projects;
  const first = await trigger(client, await makeRunner(client));
  await client.patch(`/v1/projects/${project.id}`, { max_open_runs: 1 });
  const refused = await client.post(`/v1/runs/${first.id}/rerun`);
  assertError(refused, 429, 'limit');
  assert.ok(Number(refused.headers['retry-after']) > 0);
  await client.patch(`/v1/projects/${project.id}`, { max_open_runs: null });
});

test('pages by cursor neither repeat nor miss, while runs are added', async () => {
  const runner = await makeRunner(client);
  const made = [];
  for (let i = 0; i < 25; i++) made.push((await trigger(client, runner)).id);
  for (const list of [`/v1/runners/${runner.id}/runs`, '/v1/runs']) {
    const seen = [];
    let cursor = 'start';
    while (cursor) {
      const { json, text } = await client.get(`${list}?cursor=${cursor}`);
      assert.ok(json.runs, text);
      seen.push(...json.runs.map(({ id }) => id));
      cursor = json.meta.cursor.next;
      await trigger(client, runner);
    }
    const old = seen.filter((id) => made.includes(id));
    assert.deepEqual(old, [...made].reverse(), list);
    assert.equal(new Set(seen).size, seen.length);
  }
  assertProblems(await client.get('/v1/runs?cursor=x'), ['cursor']);
  const filtered = await client.get('/v1/runs?cursor=start&status=canceled&per_page=100');
  assert.ok(filtered.json.runs.every(({ status }) => status === 'canceled'));
  assert.equal(filtered.json.meta.cursor.next, null);
});
