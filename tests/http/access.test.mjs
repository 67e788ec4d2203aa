// SPDX-License-Identifier: Apache-2.0
//
// Who may do what: each rule for every documented operation.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import { operations, pathOf } from './support/operations.mjs';
import { UNKNOWN_ID, assertError, makeRegistry, makeRunner, trigger } from './support/samples.mjs';
import { runProgram } from './support/program.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());

const own = {};
let foreign;
let tokens;

before(async () => {
  const runner = await makeRunner(stack.client);
  const variable = await stack.client.post(`/v1/runners/${runner.id}/env_variables`, {
    env_key: 'A',
    env_val: '',
  });
  Object.assign(own, {
    runner_id: runner.id,
    run_id: (await trigger(stack.client, runner)).id,
    env_id: variable.json.env_variable.id,
    container_registry_id: (await makeRegistry(stack.client)).id,
    project_id: '01900000-0000-7000-8000-000000000001',
    user_id: UNKNOWN_ID,
    token_id: UNKNOWN_ID,
  });
  foreign = { ...own, ...stack.makeForeignProject(), project_id: UNKNOWN_ID };
  const agent = await FakeAgent.join(stack, 'node-access');
  tokens = { ...stack.tokens, hypervisor: agent.credential };
  own.hypervisor_id = agent.hypervisor.id;
});

/** The operation with the ids given, sent with a body that fits. */
function send(operation, ids, token, headers = {}) {
  return stack.anonymous.as(token).request(operation.method, pathOf(operation, ids), {
    body: operation.body,
    headers: { ...(operation.bodyType && { 'Content-Type': operation.bodyType }), ...headers },
  });
}

const protectedOperations = operations.filter(({ access }) => access !== 'public');
const projectOperations = operations.filter(({ access }) => access === 'token');
const RIGHT_KINDS = {
  token: ['user', 'project'],
  joinToken: ['join'],
  metricsToken: ['metrics'],
  hypervisorCredential: ['hypervisor'],
};

test('without a valid token everything but the public pages is 401', async () => {
  const { user } = tokens;
  const nobody = [
    undefined,
    'Bearer',
    'Bearer ',
    `Basic ${user}`,
    user,
    `Bearer ${user}x`,
    `Bearer ${user.slice(0, -1)}`,
    `Bearer ${user} ${user}`,
    `Bearer err_u_${'A'.repeat(43)}`,
    `Bearer err_x_${'A'.repeat(43)}`,
    `Bearer ${'A'.repeat(8000)}`,
    'Bearer \xff\xfe',
  ];
  for (const operation of protectedOperations) {
    for (const Authorization of operation.id === 'getRun' ? nobody : nobody.slice(0, 1)) {
      assertError(await send(operation, own, null, { Authorization }), 401, 'unauthenticated');
    }
  }
});

test('the scheme is not case sensitive', async () => {
  const { status } = await stack.anonymous.get('/v1/runners', {
    headers: { Authorization: `bearer ${tokens.user}` },
  });
  assert.equal(status, 200);
});

test('a valid token of the wrong kind is 403', async () => {
  for (const operation of protectedOperations) {
    const wrong = Object.keys(tokens).filter(
      (kind) => !RIGHT_KINDS[operation.access].includes(kind),
    );
    for (const kind of wrong) {
      const answer = await send(operation, own, tokens[kind]);
      assert.equal(answer.status, 403, `${operation.id} with a ${kind} token: ${answer.text}`);
      assert.equal(answer.json.code, 'denied');
    }
  }
});

test('hypervisors are for user tokens only', async () => {
  const fleet = operations.filter(({ template }) => template.startsWith('/v1/hypervisors'));
  assert.equal(fleet.length, 7);
  for (const operation of fleet) {
    assertError(await send(operation, own, tokens.project), 403, 'denied');
    const wanted = operation.id === 'deleteHypervisor' ? 409 : 200;
    assert.equal((await send(operation, own, tokens.user)).status, wanted, operation.id);
  }
});

test('objects of another project do not exist', async () => {
  for (const operation of projectOperations.filter(
    ({ template }) => template.includes('{') && !template.includes('{hypervisor_id}'),
  )) {
    for (const kind of ['user', 'project']) {
      const answer = await send(operation, foreign, tokens[kind]);
      const expected = kind === 'project' && operation.scope === 'installation' ? 403 : 404;
      assert.equal(answer.status, expected, `${operation.id} with a ${kind} token: ${answer.text}`);
      assert.ok(!answer.text.includes('sample'), 'a foreign name leaks');
    }
  }
  for (const [path, list] of [
    ['/v1/runners', 'runners'],
    ['/v1/runs', 'runs'],
  ]) {
    const { json } = await stack.client.get(path);
    assert.equal(json[list].length, 1);
  }
});

test('a foreign variable is not reached through a runner of mine', async () => {
  const ids = { ...own, env_id: foreign.env_id };
  for (const operation of projectOperations.filter(({ template }) =>
    template.includes('{env_id}'),
  )) {
    assertError(await send(operation, ids, tokens.user), 404, 'not_found');
  }
});

test('malformed ids are 404', async () => {
  const broken = [
    'x',
    '0',
    own.run_id.slice(1),
    `${own.run_id}0`,
    own.run_id.replaceAll('-', ''),
    `{${own.run_id}}`,
    '%00',
    '%ff',
    '..',
    `${own.run_id}%00`,
    "'%20OR%201=1--",
  ];
  for (const operation of projectOperations.filter(({ template }) => template.includes('{'))) {
    for (const id of operation.id === 'getRun' ? broken : broken.slice(0, 1)) {
      const ids = Object.fromEntries(Object.keys(own).map((name) => [name, id]));
      const answer = await send(operation, ids, tokens.user);
      assert.equal(answer.status, 404, `${operation.id} ${id}: ${answer.text}`);
    }
  }
});

test('ids are taken in either case', async () => {
  const { status } = await stack.client.get(`/v1/runs/${own.run_id.toUpperCase()}`);
  assert.equal(status, 200);
});

test('a user token may name its project, a project token has one', async () => {
  const operation = operations.find(({ id }) => id === 'getRunner');
  for (const name of ['X-Errand-Project', 'X-Nodion-Project']) {
    const there = { [name]: foreign.project };
    assert.equal((await send(operation, foreign, tokens.user, there)).status, 200);
    assert.equal((await send(operation, own, tokens.user, there)).status, 404);
    assert.equal((await send(operation, own, tokens.project, there)).status, 200);
  }
});

test('a token that was made elsewhere is taken from a file, once or twice', async () => {
  const token = stack.plant(`err_u_${randomBytes(32).toString('base64url')}`);
  const folder = mkdtempSync(join(tmpdir(), 'errand-token-'));
  const take = (kind, text) => {
    writeFileSync(join(folder, 'token'), text);
    const words = ['token', 'create', '--kind', kind, '--from', join(folder, 'token')];
    return runProgram('errand-api', words, stack.programSettings);
  };
  try {
    assert.equal(take('user', `${token}\n`), '');
    assert.equal(take('user', token), '');
    const { status } = await stack.client.as(token).get('/v1/runners');
    assert.equal(status, 200);
    assert.throws(() => take('join', token), { status: 2 });
    assert.throws(() => take('user', `${token}x`), { status: 2 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a project that does not exist is 404 everywhere', async () => {
  for (const operation of projectOperations.filter(({ method }) => method !== 'DELETE')) {
    for (const project of [UNKNOWN_ID, 'x']) {
      const answer = await send(operation, own, tokens.user, { 'X-Errand-Project': project });
      assert.equal(answer.status, 404, `${operation.id} in ${project}: ${answer.text}`);
    }
  }
});
