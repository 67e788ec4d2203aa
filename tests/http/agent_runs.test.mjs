// SPDX-License-Identifier: Apache-2.0
//
// The life of a run as its hypervisor tells it, and what the API makes of that.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DIGEST, FakeAgent } from './support/fake_agent.mjs';
import { UNKNOWN_ID, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const runner = await makeRunner(client);

const read = async (run) => (await client.get(`/v1/runs/${run.id}`)).json.run;

/** A run that has been given to the agent: {run, assignment}. */
async function assigned(body = {}, of = runner) {
  const run = await trigger(client, of, body);
  return { run, assignment: await agent.next('assign', run) };
}

async function running(body = {}) {
  const given = await assigned(body);
  assert.equal((await agent.started(given.assignment)).ok, true);
  return given;
}

test('an assignment says all that is needed, and no secret in the open', async () => {
  const secret = stack.plant('planted-assignment-secret');
  const rich = await makeRunner(client, {
    image_name: 'registry.test/tool',
    image_digest: DIGEST,
    entrypoint: '/bin/tool',
    stop_signal: 'SIGINT',
    user: '5:6',
    network: 'none',
    sandbox: 'untrusted',
    read_only: true,
    labels: { a: 'b' },
  });
  await client.post(`/v1/runners/${rich.id}/env_variables`, { env_key: 'TOKEN', env_val: secret });
  await client.post(`/v1/runners/${rich.id}/env_variables`, {
    env_key: 'LEVEL',
    env_val: 'open',
    secret: false,
  });
  const { run, assignment } = await assigned({ argv: ['a b', ''], timeout_seconds: 60 }, rich);
  const { env_sealed: sealed, project, ...rest } = assignment;
  assert.match(project, /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    type: 'assign',
    run: run.id,
    attempt: 1,
    runner: rich.id,
    image: 'registry.test/tool:latest',
    image_digest: DIGEST,
    registry_sealed: null,
    argv: ['a b', ''],
    command: null,
    entrypoint: '/bin/tool',
    env_public: ['LEVEL'],
    timeout_seconds: 60,
    stop_grace_seconds: 10,
    stop_signal: 'SIGINT',
    pull_policy: 'missing',
    pull_timeout_seconds: 600,
    memory_mb: run.instance_type.mem,
    cpu_milli: run.instance_type.cpu * 1000,
    pids_limit: 1024,
    shm_size_mb: 64,
    read_only: true,
    user: '5:6',
    network: 'none',
    sandbox: 'untrusted',
    log_limit_bytes: 1073741824,
    start_lease_seconds: 27,
    run_lease_seconds: 0,
  });
  const sealedBytes = Buffer.from(sealed, 'base64');
  assert.equal(sealedBytes.length, 48 + JSON.stringify({ LEVEL: 'open', TOKEN: secret }).length);
  assert.ok(!sealedBytes.includes(secret));
});

test('shell form travels as text', async () => {
  const { assignment } = await assigned({ command: 'echo "$A" | cat' });
  assert.equal(assignment.command, 'echo "$A" | cat');
  assert.ok(assignment.argv === null || assignment.argv.length === 0);
});

test('an assigned run is pending until it has started', async () => {
  const { run, assignment } = await assigned();
  const before = await read(run);
  assert.equal(before.status, 'pending');
  assert.equal(before.attempt, 1);
  assert.deepEqual(before.hypervisor, agent.hypervisor);

  assert.equal((await agent.started(assignment)).ok, true);
  const after_ = await read(run);
  assert.equal(after_.status, 'running');
  assert.equal(after_.pending_reason, null);
  assert.equal(after_.image_digest, DIGEST);
  assert.equal(after_.pull_ms, 7);
  assert.equal(after_.start_ms, 3);
  assert.ok(after_.started_at && after_.queued_ms >= 0);
  assert.equal(after_.completed_at, null);
});

test('the end is recorded with its figures', async () => {
  const { run, assignment } = await running();
  const result = await agent.finished(assignment, { cpu_ms: 1650, memory_peak_bytes: 104857600 });
  assert.equal(result.ok, true);
  const end = await read(run);
  assert.equal(end.status, 'succeeded');
  assert.equal(end.exit_code, 0);
  assert.equal(end.termination_reason, 'exited');
  assert.equal(end.cpu_ms, 1650);
  assert.equal(end.memory_peak_bytes, 104857600);
  assert.equal(end.io_read_bytes, 4096);
  assert.equal(end.io_write_bytes, 8192);
  assert.ok(end.completed_at >= end.started_at);
  assert.ok(end.duration_ms >= 0);
  assert.ok(end.cost_nano >= 0 && Math.abs(end.cost - end.cost_nano / 1e9) < 1e-9);
});

test('what a run was using is kept, oldest first', async () => {
  const { run, assignment } = await running();
  const usage = async () => (await client.get(`/v1/runs/${run.id}/usage`)).json.usage;
  assert.deepEqual(await usage(), []);
  const at = (second) => `2026-01-02T03:04:0${second}.000Z`;
  assert.equal((await agent.usage(assignment, { at: at(5), cpu_ms: 50 })).ok, true);
  assert.equal((await agent.usage(assignment, { at: at(1), cpu_ms: 10 })).ok, true);
  assert.equal((await agent.usage(assignment, { at: at(5), cpu_ms: 99 })).ok, true);
  const rest = { memory_bytes: 2, io_read_bytes: 3, io_write_bytes: 4, processes: 5 };
  assert.deepEqual(await usage(), [
    { at: at(1), cpu_ms: 10, ...rest },
    { at: at(5), cpu_ms: 50, ...rest },
  ]);
  const path = `/v1/runners/${run.runner_id}/runs/${run.id}/usage`;
  assert.equal((await client.get(path)).json.usage.length, 2);

  await agent.finished(assignment);
  assert.equal((await agent.usage(assignment)).code, 'conflict');
  assert.equal((await usage()).length, 2);
  assert.equal((await client.get(`/v1/runs/${run.runner_id}/usage`)).status, 404);
});

for (const [what, event, expected] of [
  ['another exit code', { exit_code: 42 }, ['failed', 42, 'exited']],
  ['a signal', { exit_code: 137 }, ['failed', 137, 'exited']],
  ['the deadline', { exit_code: 124, reason: 'timeout' }, ['failed', 124, 'timeout']],
  [
    'too little memory',
    { exit_code: 137, reason: 'oom_killed', oom_killed: true },
    ['failed', 137, 'oom_killed'],
  ],
]) {
  test(`${what} fails the run`, async () => {
    const { run, assignment } = await running();
    await agent.finished(assignment, { ...event, message: 'why' });
    const end = await read(run);
    assert.deepEqual([end.status, end.exit_code, end.termination_reason], expected);
    assert.equal(end.oom_killed, event.oom_killed ?? false);
    assert.equal(end.termination_message, 'why');
  });
}

test('a run may end without having started', async () => {
  for (const reason of [
    'image_not_found',
    'registry_auth_failed',
    'image_pull_timeout',
    'start_failed',
  ]) {
    const { run, assignment } = await assigned();
    assert.equal((await agent.finished(assignment, { exit_code: null, reason })).ok, true);
    const end = await read(run);
    assert.deepEqual(
      [end.status, end.exit_code, end.termination_reason, end.started_at],
      ['failed', null, reason, null],
    );
  }
});

test('reports may come twice', async () => {
  const { run, assignment } = await running();
  assert.equal((await agent.started(assignment, { pull_ms: 99 })).ok, true);
  assert.equal((await read(run)).pull_ms, 7);
  assert.equal((await agent.finished(assignment)).ok, true);
  const end = await read(run);
  assert.equal((await agent.finished(assignment, { exit_code: 1 })).ok, true);
  assert.equal((await agent.started(assignment)).ok, true);
  assert.deepEqual(await read(run), end);
});

test('a stale attempt, another hypervisor and an unknown run change nothing', async () => {
  const { run, assignment } = await running();
  const before = await read(run);
  const other = await FakeAgent.join(stack, 'node-other', { mem_total: 1, cpu: 0.001 });
  for (const [who, target] of [
    [agent, { ...assignment, attempt: 2 }],
    [agent, { ...assignment, attempt: 99 }],
    [other, assignment],
    [agent, { ...assignment, run: UNKNOWN_ID }],
  ]) {
    for (const result of [await who.started(target), await who.finished(target)]) {
      assert.equal(result.ok, false);
      assert.ok(['conflict', 'not_found'].includes(result.code), result.code);
    }
    const ack = await who.log(target, 1, ['x']);
    assert.ok(['conflict', 'not_found'].includes(ack.code), JSON.stringify(ack));
  }
  assert.deepEqual(await read(run), before);
  await agent.finished(assignment);
});

test('a running run is asked to stop, and is canceled when it has ended', async () => {
  const { run, assignment } = await running();
  const asked = await client.post(`/v1/runs/${run.id}/stop`);
  assert.equal(asked.json.run.status, 'running');
  assert.deepEqual(await agent.next('stop', run), { type: 'stop', run: run.id, attempt: 1 });
  assert.equal((await client.post(`/v1/runs/${run.id}/stop`)).status, 200);
  await agent.finished(assignment, { exit_code: 143, reason: 'canceled' });
  const end = await read(run);
  assert.deepEqual(
    [end.status, end.exit_code, end.termination_reason],
    ['canceled', 143, 'canceled'],
  );
  assert.deepEqual((await client.post(`/v1/runs/${run.id}/stop`)).json.run, end);
});

test('a run that was asked to stop is canceled whatever its end', async () => {
  const { run, assignment } = await running();
  await client.post(`/v1/runs/${run.id}/stop`);
  await agent.finished(assignment, { exit_code: 0, reason: 'exited' });
  const end = await read(run);
  assert.deepEqual(
    [end.status, end.exit_code, end.termination_reason],
    ['canceled', 0, 'canceled'],
  );
});

test('a run that is assigned but not started is stopped too', async () => {
  const { run, assignment } = await assigned();
  await client.post(`/v1/runs/${run.id}/stop`);
  await agent.next('stop', run);
  await agent.finished(assignment, { exit_code: null, reason: 'canceled' });
  const end = await until('the end', async () => {
    const now = await read(run);
    return now.completed_at && now;
  });
  assert.deepEqual(
    [end.status, end.exit_code, end.termination_reason],
    ['canceled', null, 'canceled'],
  );
});

test('after a reconnect the agent learns where things stand', async () => {
  const given = await assigned();
  const live = await running();
  const stopping = await running();
  await client.post(`/v1/runs/${stopping.run.id}/stop`);
  agent.disconnect();
  const sync = await agent.connect();
  const known = (item) => sync.runs.find(({ run }) => run === item.run.id);
  assert.deepEqual(known(given), { run: given.run.id, attempt: 1, stop: false });
  assert.deepEqual(known(live), { run: live.run.id, attempt: 1, stop: false });
  assert.deepEqual(known(stopping), { run: stopping.run.id, attempt: 1, stop: true });
  const again = await agent.next('assign', given.run);
  assert.deepEqual({ ...again, env_sealed: '' }, { ...given.assignment, env_sealed: '' });
  for (const { assignment } of [given, live, stopping])
    await agent.finished(assignment, { exit_code: null, reason: 'internal' });
  agent.disconnect();
  const { runs } = await agent.connect();
  assert.ok([given, live, stopping].every(({ run }) => runs.every((item) => item.run !== run.id)));
});

test('wait answers as soon as the run is final', async () => {
  const answer = client.post(`/v1/runners/${runner.id}/runs?wait=30`, {
    labels: { waited: 'yes' },
  });
  const assignment = await agent.next('assign', {
    id: await until('the run', async () => {
      const { json } = await client.get('/v1/runs');
      return json.runs.find(({ labels }) => labels.waited)?.id;
    }),
  });
  await agent.started(assignment);
  await agent.finished(assignment, { exit_code: 3 });
  const { json } = await answer;
  assert.deepEqual([json.run.status, json.run.exit_code], ['failed', 3]);
});

test('a hypervisor lists how many runs it has', async () => {
  const listed = async () =>
    (await client.get('/v1/hypervisors')).json.hypervisors.find(({ name }) => name === 'node-1')
      .runs;
  const before = await listed();
  const { assignment } = await running();
  assert.equal(await listed(), before + 1);
  await agent.finished(assignment);
  assert.equal(await listed(), before);
});
