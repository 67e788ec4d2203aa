// SPDX-License-Identifier: Apache-2.0
//
// What is kept of what happened: the audit and the bill.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertError, assertProblems, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;

async function events(query = '') {
  const { status, json, text } = await client.get(`/v1/audit_events${query}`);
  assert.equal(status, 200, text);
  return json.audit_events;
}

test('a change says who, from where, and what was before and after', async () => {
  const runner = await makeRunner(client, { name: 'audited', image_tag: '1' });
  const path = `/v1/runners/${runner.id}`;
  const change = await client.patch(
    path,
    { image_tag: '2' },
    { headers: { 'X-Forwarded-For': '10.1.2.3' } },
  );
  await client.as(stack.tokens.project).delete(path);
  const [deleted, updated, created] = await events(`?object_id=${runner.id}`);
  assert.equal(created.action, 'runner.created');
  assert.equal(created.after.name, 'audited');
  assert.equal(created.before, null);
  assert.equal(updated.action, 'runner.updated');
  assert.deepEqual([updated.before, updated.after], [{ image_tag: '1' }, { image_tag: '2' }]);
  assert.equal(updated.actor.name, 'tester');
  assert.equal(updated.actor.kind, 'user');
  assert.equal(updated.actor.remote, '127.0.0.1');
  assert.equal(updated.actor.forwarded_for, '10.1.2.3');
  assert.equal(updated.actor.request_id, change.headers['x-request-id']);
  assert.equal(deleted.actor.kind, 'project');
  assert.deepEqual(deleted.after, { status: 'archived' });
});

test('secrets are not in it, their changes are', async () => {
  const secret = stack.plant('planted-in-the-audit');
  const runner = await makeRunner(client);
  const path = `/v1/runners/${runner.id}/env_variables`;
  const { json } = await client.post(path, { env_key: 'A', env_val: secret });
  await client.patch(`${path}/${json.env_variable.id}`, { env_val: `${secret} again` });
  const [updated] = await events('?action=env_variable.updated');
  assert.deepEqual(updated.after, { value: '(changed)' });
  await client.post('/v1/users', { email: 'x@example.org', name: 'X', password: secret });
  const { text } = await client.get('/v1/audit_events?all_projects=1&limit=1000&format=ndjson');
  for (const line of text.trim().split('\n')) assert.ok(JSON.parse(line).action);
  assert.ok(!/argon2|\\\\x[0-9a-f]{64}/.test(text));
  assert.ok(!text.includes(secret));
});

test('it is paged by keyset and filtered', async () => {
  const all = await events('?limit=1000');
  const paged = [];
  let before = '';
  do {
    const { json } = await client.get(`/v1/audit_events?limit=2${before}`);
    paged.push(...json.audit_events);
    before = json.meta.next_before && `&before=${json.meta.next_before}`;
  } while (before);
  assert.deepEqual(paged, all);
  const ids = all.map(({ id }) => id);
  assert.deepEqual(ids, [...ids].sort().reverse());
  assert.deepEqual(await events('?until=2001-01-01T00:00:00Z'), []);
  assertProblems(await client.get('/v1/audit_events?limit=0&before=x'), ['limit', 'before']);
  assertError(
    await client.as(stack.tokens.project).get('/v1/audit_events?all_projects=1'),
    403,
    'denied',
  );
});

test('our programs can add to it and read it, nothing else', () => {
  for (const statement of [
    'DELETE FROM audit_events',
    "UPDATE audit_events SET action = 'x.y'",
    'TRUNCATE audit_events',
    'DROP TABLE audit_events',
    'ALTER TABLE runners DISABLE TRIGGER audit',
  ]) {
    assert.throws(
      () => stack.database.sql(`SET ROLE errand_api; ${statement}`),
      /permission denied|must be owner/,
    );
  }
});

test('what changes past us is kept too', async () => {
  stack.database.sql("UPDATE regions SET name = 'Here' WHERE slug = 'local'");
  const [event] = await events('?action=region.updated&all_projects=1');
  assert.equal(event.actor.kind, 'database');
  assert.deepEqual(event.after, { name: 'Here' });
});

test('a run that is stopped says by whom', async () => {
  const run = await trigger(client, await makeRunner(client));
  await client.post(`/v1/runs/${run.id}/stop`);
  await client.post(`/v1/runs/${run.id}/stop`);
  const stops = await events(`?object_id=${run.id}`);
  assert.deepEqual(
    stops.map(({ action }) => action),
    ['run.stopped'],
  );
});

test('what runs cost, by runner and day, exactly, open days and closed ones', async () => {
  const runner = await makeRunner(client, { name: 'billed' });
  const seconds = [1.0, 1.0004, 1.001, 0, 59.999, 86399.5];
  for (const length of seconds) {
    const run = await trigger(client, runner);
    stack.database
      .sql(`UPDATE runs SET state = 'succeeded', started_at = now() - interval '${length} s',
      completed_at = now(), cpu_ms = 7, log_bytes = 11 WHERE id = '${run.id}'`);
  }
  const { json } = await client.get('/v1/runs?per_page=100');
  const runs = json.runs.filter(({ runner_id }) => runner_id === runner.id);
  const cost = runs.reduce((sum, run) => sum + run.cost_nano, 0);
  assert.equal(cost, (1 + 1 + 2 + 0 + 60 + 86400) * 1000);
  const usage = async () => (await client.get(`/v1/usage?runner_id=${runner.id}`)).json.usage;
  const [today, ...rest] = await usage();
  assert.deepEqual(rest, []);
  assert.equal(today.cost_nano, cost);
  assert.equal(today.runs, 6);
  assert.equal(today.seconds, 86464);
  assert.equal(today.cpu_ms, 42);
  assert.equal(today.log_bytes, 66);
  assert.equal(today.runner_name, 'billed');

  // two days ago, and closed
  stack.database.sql(`UPDATE usage_closed SET until = until - 5;
    ALTER TABLE runs DISABLE TRIGGER ALL;
    UPDATE runs SET settled_at = settled_at - interval '2 days' WHERE runner_id = '${runner.id}';
    ALTER TABLE runs ENABLE TRIGGER ALL`);
  const [open] = await usage();
  const replica = await stack.startReplica();
  await until(
    'the day to be closed',
    () => stack.database.sql('SELECT 1 FROM usage_days').length > 0,
  );
  const [closed] = await usage();
  assert.deepEqual(closed, open);
  assert.equal(closed.cost_nano, cost);
  stack.database.sql(`UPDATE runs SET settled_at = NULL WHERE runner_id = '${runner.id}'`);
  assert.deepEqual(await usage(), [closed]);
  await replica.program.stop();
});
