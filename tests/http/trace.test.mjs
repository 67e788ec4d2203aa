// SPDX-License-Identifier: Apache-2.0
//
// A run as part of a trace.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { makeRunner } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const agent = await FakeAgent.join(stack, 'node-trace');
await agent.connect();
const runner = await makeRunner(client);

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

async function triggerIn(traceparent, body = {}) {
  const headers = traceparent === undefined ? {} : { traceparent };
  const path = `/v1/runners/${runner.id}/runs`;
  const { status, json, text } = await client.post(path, body, { headers });
  assert.equal(status, 200, text);
  return json.run;
}

async function spansOf(run) {
  const { status, json, text } = await client.get(`/v1/runs/${run.id}/trace`);
  assert.equal(status, 200, text);
  return json.resourceSpans[0].scopeSpans[0].spans;
}

const attribute = (span, key) => {
  const found = span.attributes.find((one) => one.key === key);
  return found && Object.values(found.value)[0];
};

test('the spans of a run follow each other, below the one that triggered it', async () => {
  const run = await triggerIn(`00-${TRACE}-${PARENT}-01`);
  const assignment = await agent.next('assign', run);
  await agent.started(assignment, { pull_ms: 0, start_ms: 0 });
  await agent.finished(assignment, { last_line: 2, log_bytes: 8 });
  await agent.log(assignment, 1, ['one', 'two']);

  const spans = await spansOf(run);
  const names = ['run', 'accept', 'queue', 'assign', 'pull', 'start', 'execute', 'log'];
  assert.deepEqual(
    spans.map(({ name }) => name),
    names,
  );
  const [whole, ...parts] = spans;
  assert.equal(whole.parentSpanId, PARENT);
  assert.equal(whole.kind, 2);
  assert.equal(whole.status.code, 1);
  assert.equal(attribute(whole, 'errand.run'), run.id);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  let at = BigInt(whole.startTimeUnixNano);
  for (const span of parts) {
    assert.equal(span.traceId, TRACE);
    assert.equal(span.parentSpanId, whole.spanId);
    assert.equal(BigInt(span.startTimeUnixNano), at, span.name);
    assert.ok(BigInt(span.endTimeUnixNano) >= at, span.name);
    at = BigInt(span.endTimeUnixNano);
    assert.equal(attribute(span, 'errand.open'), undefined);
  }
  const execution = parts.find(({ name }) => name === 'execute');
  assert.equal(attribute(execution, 'process.exit.code'), '0');
  assert.equal(attribute(execution, 'errand.hypervisor'), 'node-trace');
  assert.equal(execution.endTimeUnixNano, whole.endTimeUnixNano);

  assert.deepEqual(await spansOf(run), spans, 'asked again, they are the same');
  const path = `/v1/runners/${runner.id}/runs/${run.id}/trace`;
  const nested = await client.get(path);
  assert.deepEqual(nested.json.resourceSpans[0].scopeSpans[0].spans, spans);
});

test('a run that waits has an open end', async () => {
  await client.post(`/v1/hypervisors/${agent.hypervisor.id}/cordon`);
  const run = await triggerIn();
  const spans = await spansOf(run);
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['run', 'accept', 'queue'],
  );
  assert.equal(spans[0].traceId, run.id.replaceAll('-', ''));
  assert.equal(spans[0].parentSpanId, '');
  assert.equal(attribute(spans[0], 'errand.open'), 'true');
  assert.equal(attribute(spans[2], 'errand.open'), 'true');
  assert.deepEqual(run.env_keys, []);
  await client.post(`/v1/runs/${run.id}/stop`);
  await client.post(`/v1/hypervisors/${agent.hypervisor.id}/uncordon`);
});

test('each attempt has its spans, and a failed run is an error', async () => {
  const path = `/v1/runners/${runner.id}`;
  await client.patch(path, { retry: { max_attempts: 2, delay_seconds: 0, on: ['failed'] } });
  const run = await triggerIn(`00-${TRACE}-${PARENT}-00`);
  for (const attempt of [1, 2]) {
    const assignment = await until('the attempt', async () => {
      const line = await agent.next('assign', run);
      return line.attempt === attempt && line;
    });
    await agent.started(assignment);
    await agent.finished(assignment, { exit_code: 3 });
  }
  const spans = await spansOf(run);
  assert.equal(spans[0].status.code, 2);
  const runs = spans.filter(({ name }) => name === 'execute');
  assert.deepEqual(
    runs.map((span) => attribute(span, 'errand.attempt')),
    ['1', '2'],
  );
  await client.patch(path, { retry: null });
});

test('the container is told, unless the request says it itself', async () => {
  const run = await triggerIn(`00-${TRACE}-${PARENT}-01`);
  assert.deepEqual(run.env_keys, ['TRACEPARENT']);
  const assignment = await agent.next('assign', run);
  assert.deepEqual(assignment.env_public, ['TRACEPARENT'], 'it is no secret');
  const own = { env_variables: [{ env_key: 'TRACEPARENT', env_val: 'mine' }] };
  const other = await triggerIn(`00-${TRACE}-${PARENT}-01`, own);
  assert.deepEqual(other.env_keys, ['TRACEPARENT']);
  await agent.next('assign', other);
});

test('what is no traceparent begins a trace of the run’s own', async () => {
  const bad = [
    '',
    'x',
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-01-more`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `01-${TRACE}-${PARENT}-01more`,
  ];
  for (const traceparent of bad) {
    const run = await triggerIn(traceparent);
    assert.deepEqual(run.env_keys, [], traceparent);
    assert.equal((await spansOf(run))[0].traceId, run.id.replaceAll('-', ''));
  }
  const later = await triggerIn(`01-${TRACE}-${PARENT}-01-more`);
  assert.equal((await spansOf(later))[0].traceId, TRACE, 'a later version is read as the first');
});
