// SPDX-License-Identifier: Apache-2.0
//
// Each fault an API may have is planted once and must be reported.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  JSON_HEAD,
  REQUEST_ID,
  STREAM_HEAD,
  answering,
  behindRecorder,
  example,
  problemsOf,
} from './fake_upstream.mjs';

const document = JSON.parse(
  readFileSync(new URL('../../../../openapi/errand.json', import.meta.url), 'utf8'),
);
const ID = '019356a1-7c00-7d4e-9f10-6a1b2c3d4e5f';
const notFound = () => ({ ...example(document, 'Error'), request_id: 'r-1' });

function runner(change = {}) {
  return { runner: { ...example(document, 'Runner'), ...change } };
}

async function assertProblem(t, pattern, ...answer) {
  const problems = await problemsOf(t, ...answer);
  assert.ok(
    problems.some((p) => pattern.test(p)),
    `no ${pattern} in ${JSON.stringify(problems)}`,
  );
}

test('a right answer has no problem', async (t) => {
  assert.deepEqual(await problemsOf(t, `/v1/runners/${ID}`, 200, JSON_HEAD, runner()), []);
  assert.deepEqual(await problemsOf(t, `/v1/runners/${ID}`, 404, JSON_HEAD, notFound()), []);
});

test('a stray field is found', (t) =>
  assertProblem(
    t,
    /additional properties.*password/,
    `/v1/runners/${ID}`,
    200,
    JSON_HEAD,
    runner({ password: 'x' }),
  ));

test('a missing field is found', async (t) => {
  const body = runner();
  delete body.runner.version;
  await assertProblem(t, /required property 'version'/, `/v1/runners/${ID}`, 200, JSON_HEAD, body);
});

test('a wrong type, a value out of its set and a broken time are found', async (t) => {
  for (const change of [{ priority: '50' }, { network: 'host' }, { created_at: '2026-11-21' }]) {
    await assertProblem(
      t,
      new RegExp(Object.keys(change)[0]),
      `/v1/runners/${ID}`,
      200,
      JSON_HEAD,
      runner(change),
    );
  }
});

test('an undocumented status is found', (t) =>
  assertProblem(t, /status 500 is not documented/, `/v1/runners/${ID}`, 500, JSON_HEAD, {}));

test('an undocumented content type is found', (t) =>
  assertProblem(
    t,
    /content type text\/html/,
    `/v1/runners/${ID}`,
    200,
    { ...REQUEST_ID, 'Content-Type': 'text/html' },
    runner(),
  ));

test('a missing X-Request-Id is found', (t) =>
  assertProblem(
    t,
    /X-Request-Id is missing/,
    `/v1/runners/${ID}`,
    200,
    { 'Content-Type': 'application/json' },
    runner(),
  ));

test('a missing documented header is found', (t) =>
  assertProblem(t, /header WWW-Authenticate is missing/, '/v1/runners', 401, JSON_HEAD, {
    ...notFound(),
    status: 401,
    code: 'unauthenticated',
  }));

test('a body that is no JSON is found', (t) =>
  assertProblem(t, /body is no JSON/, `/v1/runners/${ID}`, 200, JSON_HEAD, '{"runner":'));

test('a status in the body that differs from the status line is found', (t) =>
  assertProblem(t, /body says status 404/, `/v1/runners/${ID}`, 403, JSON_HEAD, notFound()));

test('success on an unknown path is found', (t) =>
  assertProblem(t, /unknown path was answered with 200/, '/v1/nothing', 200, JSON_HEAD, {}));

test('405 without every method in Allow is found', async (t) => {
  const body = { ...notFound(), status: 405, error: 'Method Not Allowed', code: 'invalid' };
  const { url, journal } = await behindRecorder(
    t,
    answering(405, { ...JSON_HEAD, Allow: 'GET' }, body),
  );
  await (await fetch(`${url}/v1/runners`, { method: 'PUT' })).text();
  assert.deepEqual(journal.violations[0].problems, ['header Allow does not have POST']);
});

const STREAM = `/v1/runs/${ID}/logs/stream`;
const log = (id, change = {}) =>
  `id: ${id}\nevent: log\ndata: ${JSON.stringify({
    id,
    ts: '2026-11-21T10:53:39.001Z',
    stream: 'stdout',
    msg: 'x',
    ...change,
  })}\n\n`;
const state = (lastId) =>
  `id: end\nevent: state\ndata: ${JSON.stringify({
    status: 'succeeded',
    exit_code: 0,
    termination_reason: 'exited',
    last_id: lastId,
  })}\n\n`;

test('a right stream has no problem', async (t) => {
  const status = 'event: status\ndata: {"status":"running","hypervisor":"node-1"}\n\n';
  const body = `retry: 1000\n\n${status}${log(1)}: keepalive\n\n${log(2)}${state(2)}`;
  assert.deepEqual(await problemsOf(t, STREAM, 200, STREAM_HEAD, body), []);
});

for (const [fault, pattern, body] of [
  ['no retry', /does not begin with retry/, log(1)],
  ['a gap', /line 3 follows line 1/, `retry: 1\n\n${log(1)}${log(3)}`],
  ['a repeat', /line 1 follows line 1/, `retry: 1\n\n${log(1)}${log(1)}`],
  ['another id', /event id 1 carries line 2/, `retry: 1\n\n${log(1, { id: 2 })}`],
  ['a wrong type', /stream/, `retry: 1\n\n${log(1, { stream: 'tty' })}`],
  ['an unknown event', /event logs/, 'retry: 1\n\nevent: logs\ndata: {}\n\n'],
  ['data that is no JSON', /data is no JSON/, 'retry: 1\n\nevent: log\ndata: x\n\n'],
  ['an event after the state', /follows the state/, `retry: 1\n\n${state(0)}${log(1)}`],
  ['a state before the last line', /last_id 2 after line 1/, `retry: 1\n\n${log(1)}${state(2)}`],
  ['a torn event', /ends inside an event/, 'retry: 1\n\nevent: log\n'],
]) {
  test(`a stream with ${fault} is found`, (t) =>
    assertProblem(t, pattern, STREAM, 200, STREAM_HEAD, body));
}

test('a faulty assignment line is found', (t) =>
  assertProblem(
    t,
    /line 2/,
    '/agent/v1/assignments',
    200,
    { ...STREAM_HEAD, 'Content-Type': 'application/x-ndjson' },
    '{"type":"sync","runs":[]}\n{"type":"stop","run":"x","attempt":1}\n',
  ));
