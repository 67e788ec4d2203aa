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
