// SPDX-License-Identifier: Apache-2.0
//
// What is wrong before a handler is asked: paths, methods, queries, types, sizes.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { operations, pathOf } from './support/operations.mjs';
import {
  RUNNER,
  assertError,
  assertProblems,
  makeRegistry,
  makeRunner,
  trigger,
} from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;
const runner = await makeRunner(client);
const run = await trigger(client, runner);
const variable = (
  await client.post(`/v1/runners/${runner.id}/env_variables`, { env_key: 'A', env_val: '' })
).json;
const ids = {
  runner_id: runner.id,
  run_id: run.id,
  env_id: variable.env_variable.id,
  container_registry_id: (await makeRegistry(client)).id,
  project_id: '01900000-0000-7000-8000-000000000001',
  user_id: (await client.get('/v1/session')).json.session.user.id,
  token_id: (await client.get('/v1/session')).json.session.token_id,
};

const agent = await FakeAgent.join(stack, 'node-errors');
ids.hypervisor_id = agent.hypervisor.id;

const withBody = operations.filter(({ bodyType }) => bodyType === 'application/json');
const tokens = {
  token: stack.tokens.user,
  joinToken: stack.tokens.join,
  hypervisorCredential: agent.credential,
};
const tokenOf = ({ access }) => tokens[access] ?? null;

test('an error names its request', async () => {
  const { headers, json } = await client.get(`/v1/runs/${runner.id}`);
  assert.equal(json.request_id, headers['x-request-id']);
  const other = await client.get(`/v1/runs/${runner.id}`);
  assert.notEqual(other.json.request_id, json.request_id);
});

test('an unknown path is 404', async () => {
  for (const path of [
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v1/runners/',
    '//v1/runners',
    '/v1//runners',
    '/V1/runners',
    `/v1/runners/${runner.id}/`,
    `/v1/runners/${runner.id}/nothing`,
    `/v1/runs/${run.id}/logs/stream/x`,
    '/agent/v1/x',
    '/v2/runners',
    '/v1/runners;a=b',
    '/v1/runners%2F',
    '/%',
  ]) {
    assertError(await client.get(path), 404, 'not_found');
  }
});

test('paths are compared with their percent-encoding undone, and never leave their place', async () => {
  assert.equal((await client.get('/v1/%72unners')).status, 200);
  for (const path of [
    '/v1/%c0%aerunners',
    '/v1/runners%00',
    '/v1/%zz',
    '/v1/%e',
    '/v1/../../etc/passwd',
    '/..%2f..%2fetc/passwd',
    `/v1/${'a/'.repeat(2000)}`,
    `/${'x'.repeat(16000)}`,
  ]) {
    const { status } = await client.get(path);
    assert.ok([400, 404, 414].includes(status), `${path.slice(0, 40)}: ${status}`);
  }
});

test('a method that a path does not have is 405 and says which it has', async () => {
  const templates = new Map();
  for (const operation of operations) {
    templates.set(operation.template, [...(templates.get(operation.template) ?? []), operation]);
  }
  for (const [, known] of templates) {
    const methods = known.map(({ method }) => method);
    for (const method of ['PUT', 'DELETE', 'POST', 'PATCH', 'GET', 'OPTIONS', 'PROPFIND'].filter(
      (m) => !methods.includes(m),
    )) {
      const answer = await client.as(tokenOf(known[0])).request(method, pathOf(known[0], ids));
      assert.equal(answer.status, 405, `${method} ${known[0].template}: ${answer.text}`);
      const allowed = answer.headers.allow
        .split(', ')
        .filter((m) => m !== 'HEAD')
        .sort();
      assert.deepEqual(allowed, methods.slice().sort());
      assert.equal(answer.json.code, 'method_not_allowed');
    }
  }
});

test('HEAD answers as GET without the body', async () => {
  for (const operation of operations.filter(
    ({ method, id, access }) =>
      method === 'GET' && ['token', 'public'].includes(access) && !id.startsWith('stream'),
  )) {
    const path = pathOf(operation, ids);
    const get = await client.get(path);
    const head = await client.request('HEAD', path);
    assert.equal(head.status, get.status, path);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    assert.equal(head.text, '');
  }
});

test('an unknown query parameter is named', async () => {
  for (const operation of operations.filter(
    ({ access, id }) => access === 'token' && id !== 'createRunner',
  )) {
    const path = pathOf(operation, ids);
    const answer = await client.request(operation.method, `${path}?colour=red`, {
      body: operation.body,
    });
    assertProblems(answer, ['colour']);
  }
});

test('query parameters are decoded, and given once', async () => {
  assert.equal((await client.get('/v1/runners?page=%31')).status, 200);
  assert.equal((await client.get('/v1/runners?')).status, 200);
  for (const query of ['page=1&page=2', 'page=%00', 'page=%', 'page=%zz', 'page=1%00']) {
    assertProblems(await client.get(`/v1/runners?${query}`), ['page']);
  }
  for (const query of ['=', '&', '%00=1', '%ff', 'a'.repeat(4000)]) {
    const { status } = await client.get(`/v1/runners?${query}`);
    assert.ok([200, 400].includes(status), query);
  }
});

test('a body of another type is 415', async () => {
  for (const operation of withBody) {
    const as = client.as(tokenOf(operation));
    for (const type of [
      'text/plain',
      undefined,
      'application/jsonx',
      'multipart/form-data; boundary=x',
      '',
    ]) {
      const answer = await as.request(operation.method, pathOf(operation, ids), {
        body: '{}',
        headers: { 'Content-Type': type },
      });
      assertError(answer, 415, 'unsupported_media_type');
    }
  }
});

test('JSON may name its character set', async () => {
  for (const type of [
    'application/json; charset=utf-8',
    'Application/JSON;charset=UTF-8',
    'application/json ; x=y',
  ]) {
    const { status } = await client.post('/v1/runners', RUNNER, {
      headers: { 'Content-Type': type },
    });
    assert.equal(status, 200, type);
  }
});

test('a body over the ceiling is 413, one at the ceiling is read', async () => {
  const padded = (n) => JSON.stringify(RUNNER).padEnd(n, ' ');
  assert.equal((await client.post('/v1/runners', padded(1 << 20))).status, 200);
  for (const operation of withBody) {
    const answer = await client
      .as(tokenOf(operation))
      .request(operation.method, pathOf(operation, ids), {
        body: padded((1 << 20) + 1),
      });
    assertError(answer, 413, 'too_large');
  }
});

test('a required body is required', async () => {
  for (const operation of withBody.filter(({ bodyRequired }) => bodyRequired)) {
    const answer = await client
      .as(tokenOf(operation))
      .request(operation.method, pathOf(operation, ids), {
        headers: { 'Content-Type': 'application/json' },
      });
    assertProblems(answer, ['body']);
  }
});

test('a client may not choose the request id of others', async () => {
  const { headers } = await client.get('/healthz', { headers: { 'X-Request-Id': 'a\tb' } });
  assert.match(headers['x-request-id'], /^[A-Za-z0-9._-]{1,64}$/);
});
