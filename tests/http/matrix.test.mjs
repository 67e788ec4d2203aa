// SPDX-License-Identifier: Apache-2.0
//
// Every documented operation, for every role and scope, in one's own project and in another. What
// an operation asks for is `x-access` of the document, which unit.routes holds against the program.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { operations, pathOf } from './support/operations.mjs';
import { UNKNOWN_ID, makeRegistry, makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start({ settings: { requests_per_second: '0' } });
after(() => stack.stop());

const SCOPES = ['read', 'run', 'write', 'env', 'admin'];
const ROLES = {
  viewer: ['read'],
  operator: ['read', 'run'],
  developer: ['read', 'run', 'write', 'env'],
  admin: SCOPES,
};

const checked = operations.filter(({ access }) => access === 'token');
const own = { project_id: '01900000-0000-7000-8000-000000000001' };
let foreign;
/** {name, token, tokenScopes, scopes in the own project, isAdmin, isProject}[] */
const principals = [];

async function post(path, body, token = stack.tokens.user) {
  const answer = await stack.client.as(token).post(path, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

before(async () => {
  const runner = await makeRunner(stack.client);
  const variable = await post(`/v1/runners/${runner.id}/env_variables`, {
    env_key: 'A',
    env_val: '',
  });
  Object.assign(own, {
    runner_id: runner.id,
    run_id: (await trigger(stack.client, runner)).id,
    env_id: variable.env_variable.id,
    container_registry_id: (await makeRegistry(stack.client)).id,
  });
  foreign = stack.makeForeignProject();

  for (const [role, scopes] of [...Object.entries(ROLES), ['outsider', []]]) {
    const { user } = await post('/v1/users', { email: `${role}@example.org`, name: role });
    if (scopes.length > 0) await post('/v1/members', { user_id: user.id, role });
    const token = stack.tokenFor(user.id);
    principals.push({ name: role, token, tokenScopes: SCOPES, scopes });
    if (role !== 'admin') continue;
    for (const scope of SCOPES) {
      const made = await post('/v1/tokens', { name: scope, kind: 'user', scopes: [scope] }, token);
      const text = stack.plant(made.token.token);
      principals.push({
        name: `admin ${scope}`,
        token: text,
        tokenScopes: [scope],
        scopes: [scope],
      });
    }
  }
  for (const scopes of [...SCOPES.map((scope) => [scope]), SCOPES]) {
    const made = await post('/v1/tokens', { name: 'p', kind: 'project', scopes });
    const token = stack.plant(made.token.token);
    const name = `project ${scopes}`;
    principals.push({ name, token, tokenScopes: scopes, scopes, isProject: true });
  }
  principals.push({
    name: 'installation',
    token: stack.tokens.user,
    tokenScopes: SCOPES,
    scopes: SCOPES,
    isAdmin: true,
  });
});

/** Whether these scopes are enough. */
function admits(operation, scopes, isAdmin = false) {
  if (operation.scope === 'self') return true;
  return operation.scope === 'installation' ? isAdmin : scopes.includes(operation.scope);
}

/** Sent so that it changes nothing: what would be changed does not exist or is said wrongly. */
function send(operation, token, ids, headers = {}) {
  const reads = operation.method === 'GET';
  const body = operation.body === undefined ? undefined : { nonsense: 1 };
  const used = reads
    ? ids
    : { ...ids, run_id: UNKNOWN_ID, env_id: UNKNOWN_ID, container_registry_id: UNKNOWN_ID };
  if (operation.method === 'DELETE') used.runner_id = UNKNOWN_ID;
  const all = { user_id: UNKNOWN_ID, token_id: UNKNOWN_ID, hypervisor_id: UNKNOWN_ID, ...used };
  if (operation.id === 'deleteProject' || operation.id === 'updateProject')
    all.project_id = UNKNOWN_ID;
  if (operation.id.startsWith('stream')) headers = { ...headers, 'Last-Event-ID': 'end' };
  return stack.anonymous.as(token).request(operation.method, pathOf(operation, all), {
    body,
    headers,
  });
}

test('every operation says what it asks for', () => {
  const known = ['self', 'installation', ...SCOPES];
  for (const operation of checked) assert.ok(known.includes(operation.scope), operation.id);
});

test('in the own project: what role and scope allow, and nothing else', async () => {
  for (const operation of checked) {
    for (const principal of principals.filter(({ name }) => name !== 'outsider')) {
      const { status, text } = await send(operation, principal.token, own);
      const what = `${operation.id} as ${principal.name}: ${status} ${text}`;
      if (admits(operation, principal.scopes, principal.isAdmin)) {
        assert.ok(![401, 403, 500, 503].includes(status), what);
        const elsewhere = ['getUser', 'getHypervisor', 'getHypervisorHistory'];
        const isOwn = operation.method === 'GET' && !elsewhere.includes(operation.id);
        if (isOwn) assert.ok([200, 204].includes(status), what);
      } else {
        assert.equal(status, 403, what);
      }
    }
  }
});

test('in a project of others there is nothing, whoever asks', async () => {
  const there = { 'X-Errand-Project': foreign.project };
  for (const operation of checked) {
    for (const principal of principals.filter(({ isAdmin, isProject }) => !isAdmin && !isProject)) {
      const { status, text } = await send(operation, principal.token, own, there);
      const expected = admits(operation, principal.tokenScopes) ? 404 : 403;
      assert.equal(status, expected, `${operation.id} as ${principal.name}: ${status} ${text}`);
    }
  }
});

test('objects of others do not exist, whoever asks', async () => {
  const ids = { ...own, ...foreign, project_id: foreign.project };
  const withIds = checked.filter(({ template }) =>
    /\{(runner|run|env|project|container_registry)_id\}/.test(template),
  );
  for (const operation of withIds) {
    for (const principal of principals) {
      if (principal.isAdmin && operation.template.includes('{project_id}')) continue;
      if (principal.name === 'outsider') continue;
      const body = operation.body;
      const { status, text } = await stack.anonymous
        .as(principal.token)
        .request(operation.method, pathOf(operation, ids), { body });
      const expected = admits(operation, principal.scopes, principal.isAdmin) ? 404 : 403;
      assert.equal(status, expected, `${operation.id} as ${principal.name}: ${status} ${text}`);
    }
  }
});

test('who is in no project finds none', async () => {
  const { token } = principals.find(({ name }) => name === 'outsider');
  for (const operation of checked) {
    const { status, text } = await send(operation, token, own);
    const expected =
      operation.scope === 'installation'
        ? [403]
        : operation.scope === 'self'
          ? [200, 400, 404, 409]
          : [404];
    assert.ok(expected.includes(status), `${operation.id}: ${status} ${text}`);
  }
});
