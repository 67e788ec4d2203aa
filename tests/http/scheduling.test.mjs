// SPDX-License-Identifier: Apache-2.0
//
// Where runs go, how many at once, how often again: the real API and scheduler, hypervisors that
// run nothing.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { UNKNOWN_ID, assertError, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const agent = await FakeAgent.join(stack, 'node-1', { mem_total: 4096 });
await agent.connect();

const read = async (run) => (await client.get(`/v1/runs/${run.id}`)).json.run;
const attempts = async (run) => (await client.get(`/v1/runs/${run.id}/attempts`)).json.attempts;
const stop = (run) => client.post(`/v1/runs/${run.id}/stop`);

async function start(run) {
  const assignment = await agent.next('assign', run);
  assert.equal((await agent.started(assignment)).ok, true);
  return assignment;
}

const end = async (assignment, change = {}) =>
  assert.equal((await agent.finished(assignment, change)).ok, true);

const FAILED = { exit_code: 75, reason: 'exited' };

test('a limited runner queues in the order of making', async () => {
  const runner = await makeRunner(client, { max_concurrency: 2 });
  const runs = [];
  for (let i = 0; i < 5; i += 1)
    runs.push(await trigger(client, runner, { priority: 10 * i }));
  const begun = [await start(runs[0]), await start(runs[1])];
  assert.deepEqual(
    (await Promise.all(runs.map(read))).map((run) => run.pending_reason),
    [null, null, 'concurrency_limit', 'concurrency_limit', 'concurrency_limit'],
  );
  assert.equal((await read(runs[4])).pending_message, 'at most 2 at once, 2 before it');
  for (const next of runs.slice(2)) {
    await end(begun.shift());
    begun.push(await start(next));
  }
  await Promise.all(begun.map((assignment) => end(assignment)));
});

test('skip cancels what is one too many, at once', async () => {
  const runner = await makeRunner(client, { max_concurrency: 1, on_overlap: 'skip' });
  const posted = await Promise.all(
    Array.from({ length: 10 }, () => client.post(`/v1/runners/${runner.id}/runs`)),
  );
  const runs = posted.map(({ json }) => json.run);
  const skipped = runs.filter(({ status }) => status === 'canceled');
  assert.equal(skipped.length, 9);
  assert.ok(skipped.every((run) => run.termination_reason === 'skipped_overlap'));
  const [kept] = runs.filter(({ status }) => status === 'pending');
  await end(await start(kept));
  const later = await trigger(client, runner);
  await end(await start(later));
});

test('replace stops the oldest and waits for its end', async () => {
  const runner = await makeRunner(client, { max_concurrency: 1, on_overlap: 'replace' });
  const first = await trigger(client, runner);
  const old = await start(first);
  const second = await trigger(client, runner);
  const third = await trigger(client, runner);
  assert.equal((await read(second)).termination_reason, 'replaced');
  await agent.next('stop', first);
  assert.equal((await read(third)).pending_reason, 'concurrency_limit');
  await end(old, { exit_code: 143, reason: 'canceled' });
  const ended = await read(first);
  assert.deepEqual([ended.status, ended.termination_reason], ['canceled', 'replaced']);
  await end(await start(third));
});

test('a limit that is taken away lets all in', async () => {
  const runner = await makeRunner(client, { max_concurrency: 1 });
  const runs = [await trigger(client, runner), await trigger(client, runner)];
  const first = await start(runs[0]);
  await client.patch(`/v1/runners/${runner.id}`, { max_concurrency: null });
  await end(await start(runs[1]));
  await end(first);
});

test('a policy tries again, and each attempt is kept', async () => {
  const runner = await makeRunner(client, {
    retry: { max_attempts: 3, delay_seconds: 0, on: ['failed'], exit_codes: [75] },
  });
  const run = await trigger(client, runner);
  await end(await start(run), FAILED);
  const second = await agent.next('assign', run);
  assert.equal(second.attempt, 2);
  await agent.started(second);
  assert.deepEqual(
    (await attempts(run)).map((a) => [a.attempt, a.status, a.exit_code, a.termination_reason]),
    [
      [1, 'failed', 75, 'exited'],
      [2, 'running', null, null],
    ],
  );
  assert.equal((await agent.finished(second, { exit_code: 1, reason: 'exited' })).ok, true);
  const over = await read(run);
  assert.deepEqual([over.status, over.exit_code, over.attempt], ['failed', 1, 2]);
});

test('an attempt that is repeated waits, says until when, and can be stopped', async () => {
  const runner = await makeRunner(client, {
    retry: { max_attempts: 2, delay_seconds: 3600, jitter: 0 },
  });
  const run = await trigger(client, runner);
  const first = await start(run);
  await end(first, FAILED);
  const waiting = await read(run);
  assert.equal(waiting.status, 'pending');
  assert.equal(waiting.pending_reason, 'waiting_retry');
  assert.match(waiting.pending_message, /^attempt 1 ended: exit code 75; the next is due at 20/);
  assert.equal((await agent.finished(first, FAILED)).ok, true, 'told again');
  assert.equal((await agent.started({ ...first, attempt: 2 })).ok, false);
  assert.equal((await stop(run)).json.run.status, 'canceled');
});

test('attempts end at the ceiling', async () => {
  const runner = await makeRunner(client, { retry: { max_attempts: 2, delay_seconds: 0 } });
  const run = await trigger(client, runner);
  await end(await start(run), FAILED);
  await end(await start(run), FAILED);
  assert.equal((await read(run)).status, 'failed');
  assert.deepEqual((await attempts(run)).map((a) => a.status), ['failed', 'failed']);
  const path = `/v1/runners/${runner.id}/runs/${run.id}/attempts`;
  assert.equal((await client.get(path)).json.attempts.length, 2);
  assertError(await client.get(`/v1/runs/${UNKNOWN_ID}/attempts`), 404, 'not_found');
});

test('each attempt has its own log', async () => {
  const runner = await makeRunner(client, { retry: { max_attempts: 2, delay_seconds: 0 } });
  const run = await trigger(client, runner);
  const logs = async (query = '') =>
    (await client.get(`/v1/runs/${run.id}/logs${query}`)).json.logs?.map(({ msg }) => msg);
  const first = await start(run);
  assert.equal((await agent.log(first, 1, ['a'])).last_id, 1);
  await end(first, { ...FAILED, last_line: 3 });
  const second = await start(run);
  // what was on its way when the first attempt ended still comes
  assert.equal((await agent.log(first, 2, ['b', 'c'])).last_id, 3);
  assert.equal((await agent.log(first, 4, ['d'])).code, 'conflict');
  assert.equal((await agent.log(second, 1, ['x'])).last_id, 1);
  assert.deepEqual(await logs('?attempt=1'), ['a', 'b', 'c']);
  assert.deepEqual(await logs('?attempt=2'), ['x']);
  assert.deepEqual(await logs(), ['x']);
  assertError(await client.get(`/v1/runs/${run.id}/logs?attempt=3`), 404, 'not_found');
  await end(second, { last_line: 1 });
  assert.deepEqual((await attempts(run)).map((a) => a.log_lines), [3, 1]);
});

test('a run that waits for too long fails', async () => {
  const runner = await makeRunner(client, {
    hypervisor_labels: { zone: 'nowhere' },
    pending_timeout_seconds: 1,
  });
  const run = await trigger(client, runner);
  await until('the end of its patience', async () => (await read(run)).status === 'failed');
  assert.equal((await read(run)).termination_reason, 'pending_timeout');
});

test('labels choose the hypervisor', async () => {
  const labelled = await FakeAgent.join(stack, 'node-gpu', { labels: { gpu: 'a100', zone: 'b' } });
  await labelled.connect();
  const runner = await makeRunner(client, { hypervisor_labels: { gpu: 'a100' } });
  const run = await trigger(client, runner);
  const assignment = await labelled.next('assign', run);
  await labelled.started(assignment);
  await labelled.finished(assignment);
  const { id } = labelled.hypervisor;
  await client.post(`/v1/hypervisors/${id}/drain`);
  const waiting = await trigger(client, runner);
  await until(
    'the reason',
    async () => (await read(waiting)).pending_reason === 'no_hypervisor_in_region',
  );
  assert.match((await read(waiting)).pending_message, /has the labels gpu=a100$/);
  await stop(waiting);
  labelled.disconnect();
  assert.deepEqual((await client.delete(`/v1/hypervisors/${id}`)).json, { deleted: true });
});

test('a dry run says where and why not', async () => {
  const runner = await makeRunner(client, { instance_type: 'standard-s' });
  const ask = async (body = {}) =>
    (await client.post(`/v1/runners/${runner.id}/runs?dry_run=1`, body)).json.dry_run;
  const fits = await ask();
  assert.equal(fits.fits, true);
  assert.equal(fits.hypervisor.name, 'node-1');
  assert.equal(fits.message, 'fits on 1 of 1');
  assert.equal(fits.pending_reason, null);
  const large = await ask({ instance_type: 'standard-xl' });
  assert.equal(large.fits, false);
  assert.equal(large.pending_reason, 'insufficient_memory');
  assert.equal(
    large.message,
    'fits on 0 of 1; 1 lack memory: need 8192 MB, largest free 4096 MB',
  );
  assert.equal(large.hypervisors[0].answer, 'lacks_memory');
  assert.equal((await client.get(`/v1/runners/${runner.id}/runs`)).json.runs.length, 0);
  const path = '/runs?dry_run=1';
  assertError(await client.post(`/v1/runners/${UNKNOWN_ID}${path}`), 404, 'not_found');
  const wrong = await client.post(`/v1/runners/${runner.id}${path}`, { instance_type: 'none' });
  assert.equal(wrong.status, 400);
});

test('a cordoned hypervisor is given nothing more', async () => {
  const { id } = agent.hypervisor;
  const at = `/v1/hypervisors/${id}`;
  const runner = await makeRunner(client);
  const staying = await trigger(client, runner);
  const assignment = await start(staying);

  assert.equal((await client.post(`${at}/cordon`)).json.hypervisor.status, 'cordoned');
  assert.equal((await client.get(at)).json.hypervisor.runs, 1);
  const run = await trigger(client, runner);
  await until('the reason', async () => (await read(run)).pending_reason === 'all_draining');
  assertError(await client.delete(at), 409, 'conflict');
  await end(assignment); // what is there goes on
  assert.equal((await client.post(`${at}/drain`)).json.hypervisor.status, 'draining');
  await agent.heartbeat();
  assert.equal((await client.get(at)).json.hypervisor.status, 'draining');
  assert.equal((await client.post(`${at}/uncordon`)).json.hypervisor.status, 'ready');
  await end(await start(run));
  assertError(await client.post(`/v1/hypervisors/${UNKNOWN_ID}/cordon`), 404, 'not_found');
});

test('a hypervisor tells what was in use on it', async () => {
  const at = `/v1/hypervisors/${agent.hypervisor.id}`;
  stack.database.sql(`DELETE FROM hypervisor_samples; INSERT INTO hypervisor_samples
    SELECT '${agent.hypervisor.id}', now() - hours * interval '1 hour', 100 * hours, 1500, 2
    FROM unnest('{1,2}'::int[]) hours`);
  const { json, text } = await client.get(`${at}/history`);
  const [older, newer] = json.history ?? assert.fail(text);
  assert.deepEqual([older.mem_used, older.cpu_used, older.runs], [200, 1.5, 2]);
  assert.equal(newer.mem_used, 100);
  assert.ok(Date.parse(older.at) < Date.parse(newer.at));
  const { hypervisor } = (await client.get(at)).json;
  assert.equal(hypervisor.cpu_free, hypervisor.cpu);
  assertError(await client.get(`/v1/hypervisors/${UNKNOWN_ID}/history`), 404, 'not_found');
});

test('a removed hypervisor is gone, its name is free, its runs remember it', async () => {
  const gone = await FakeAgent.join(stack, 'node-gone', { labels: { only: 'here' } });
  await gone.connect();
  const runner = await makeRunner(client, { hypervisor_labels: { only: 'here' } });
  const run = await trigger(client, runner);
  const assignment = await gone.next('assign', run);
  await gone.started(assignment);
  await gone.finished(assignment);
  const at = `/v1/hypervisors/${gone.hypervisor.id}`;
  assertError(await client.delete(at), 409, 'conflict'); // it is ready
  await client.post(`${at}/cordon`);
  const deleted = await client.delete(at);
  assert.equal(deleted.status, 200, deleted.text);
  assertError(await client.get(at), 404, 'not_found');
  assertError(await client.delete(at), 404, 'not_found');
  assert.equal((await read(run)).hypervisor.name, 'node-gone');
  await assert.rejects(gone.heartbeat());
  gone.disconnect();
  const again = await FakeAgent.join(stack, 'node-gone');
  assert.notEqual(again.hypervisor.id, gone.hypervisor.id);
});
