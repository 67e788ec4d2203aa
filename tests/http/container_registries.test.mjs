// SPDX-License-Identifier: Apache-2.0
//
// Container registries: written with credentials that nobody reads again and that go to one host.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from './support/fake_agent.mjs';
import {
  UNKNOWN_ID,
  assertError,
  assertProblems,
  makeRegistry,
  makeRunner,
  trigger,
} from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();

const PASSWORD = stack.plant('planted-registry-password-3b1d');
const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const PATH = '/v1/container_registries';
const guarded = (change = {}) =>
  makeRegistry(client, { username: 'robot', password: PASSWORD, ...change });

test('a registry is made, shown, listed, changed and deleted', async () => {
  const made = await guarded({ ca_pem: CA });
  assert.equal(made.hostname, 'registry.test');
  assert.equal(made.has_credentials, true);
  assert.equal(made.ca_pem, CA);
  assert.match(made.region_id, /^[0-9a-f-]{36}$/);

  const answers = [
    await client.get(`${PATH}/${made.id}`),
    await client.get(PATH),
    await client.patch(`${PATH}/${made.id}`, { name: 'renamed' }),
  ];
  for (const { status, text } of answers) {
    assert.equal(status, 200);
    assert.ok(!text.includes(PASSWORD));
    assert.ok(!text.includes('robot'));
  }
  assert.equal(answers[1].json.container_registries[0].id, made.id);
  assert.equal(answers[2].json.container_registry.name, 'renamed');
  assert.equal(answers[2].json.container_registry.has_credentials, true);

  const bare = await client.patch(`${PATH}/${made.id}`, { username: null });
  assert.equal(bare.json.container_registry.has_credentials, false);
  assert.deepEqual((await client.delete(`${PATH}/${made.id}`)).json, { deleted: true });
  assertError(await client.get(`${PATH}/${made.id}`), 404, 'not_found');
  assertError(await client.patch(`${PATH}/${made.id}`, {}), 404, 'not_found');
  assertError(await client.delete(`${PATH}/${made.id}`), 404, 'not_found');
});

test('the known ones know their host', async () => {
  const hub = await makeRegistry(client, { registry_type: 'docker_hub', hostname: undefined });
  assert.equal(hub.hostname, 'docker.io');
  const answer = await client.post(PATH, {
    registry_type: 'ghcr',
    name: 'other',
    hostname: 'evil.test',
  });
  assertProblems(answer, ['hostname']);
  assertProblems(await client.post(PATH, { registry_type: 'custom', name: 'none' }), ['hostname']);
  assertProblems(
    await client.post(PATH, { registry_type: 'ghcr', name: 'no text', hostname: 5 }),
    ['hostname'],
  );
});

test('all that is wrong is said at once', async () => {
  const answer = await client.post(PATH, {
    registry_type: 'odd',
    name: 'x',
    hostname: 'no host',
    username: 'a:b',
    insecure: 1,
    ca_pem: 'none',
    region_id: 'x',
    more: 1,
  });
  assertProblems(answer, [
    'registry_type',
    'name',
    'hostname',
    'username',
    'insecure',
    'ca_pem',
    'region_id',
    'more',
  ]);
  const half = { registry_type: 'ghcr', name: 'half' };
  assertProblems(await client.post(PATH, { ...half, username: 'me' }), ['password']);
  assertProblems(await client.post(PATH, { ...half, password: PASSWORD }), ['username']);
  assertProblems(await client.post(PATH, { ...half, region_id: UNKNOWN_ID }), ['region_id']);
});

test('credentials do not travel in the clear', async () => {
  const open = { insecure: true, hostname: 'registry.test:5000' };
  const answer = await client.post(PATH, {
    registry_type: 'custom',
    name: 'open',
    username: 'robot',
    password: PASSWORD,
    ...open,
  });
  assertProblems(answer, ['insecure']);
  assert.equal((await makeRegistry(client, open)).insecure, true);
  assert.equal((await guarded({ insecure: true, hostname: '127.0.0.1:5000' })).insecure, true);
});

test('a stored password does not follow to another host', async () => {
  const { id } = await guarded();
  for (const change of [{ hostname: 'evil.test' }, { ca_pem: CA }]) {
    assertProblems(await client.patch(`${PATH}/${id}`, change), ['password']);
  }
  const moved = { hostname: 'new.test', username: 'robot', password: PASSWORD };
  assert.equal((await client.patch(`${PATH}/${id}`, moved)).status, 200);
  const free = { hostname: 'free.test', username: null };
  assert.equal((await client.patch(`${PATH}/${id}`, free)).status, 200);
});

test('passwords lie encrypted in the database', async () => {
  const { id } = await guarded();
  const [hex] = stack.database.sql(
    `SELECT encode(password, 'hex') FROM container_registries WHERE id = '${id}'`,
  );
  assert.ok(hex.length > 2 * PASSWORD.length);
  assert.ok(!Buffer.from(hex, 'hex').includes(PASSWORD));
});

test('an image is at its registry, and nowhere else', async () => {
  const registry = await guarded();
  const runner = await makeRunner(client, {
    image_name: 'team/tool',
    container_registry_id: registry.id,
  });
  assert.deepEqual(runner.container_registry, registry);
  const run = await trigger(client, runner);
  assert.equal(run.image, 'registry.test/team/tool:latest');

  const path = `/v1/runners/${runner.id}`;
  const away = { image_name: 'evil.test/tool' };
  assertProblems(await client.patch(path, away), ['image_name']);
  assertProblems(await client.patch(path, { container_registry_id: UNKNOWN_ID }), [
    'container_registry_id',
  ]);
  const { json } = await client.patch(path, { ...away, container_registry_id: null });
  assert.equal(json.runner.container_registry, null);
  assert.equal((await trigger(client, runner)).image, 'evil.test/tool:latest');
});

test('the login comes sealed with the assignment', async () => {
  const registry = await guarded({ ca_pem: CA });
  const runner = await makeRunner(client, { container_registry_id: registry.id });
  const run = await trigger(client, runner);
  const { registry_sealed: sealed } = await agent.next('assign', run);
  const login = {
    host: 'registry.test',
    username: 'robot',
    ca_pem: CA,
    password: PASSWORD,
    insecure: false,
  };
  const bytes = Buffer.from(sealed, 'base64');
  assert.equal(bytes.length, 48 + JSON.stringify(login).length);
  assert.ok(!bytes.includes(PASSWORD));
});

test('what is in use stays', async () => {
  const registry = await makeRegistry(client, {});
  const runner = await makeRunner(client, { container_registry_id: registry.id });
  assertError(await client.delete(`${PATH}/${registry.id}`), 409, 'conflict');

  const run = await trigger(client, runner);
  const assignment = await agent.next('assign', run);
  await client.patch(`/v1/runners/${runner.id}`, { container_registry_id: null });
  assertError(await client.delete(`${PATH}/${registry.id}`), 409, 'conflict');
  await agent.finished(assignment);
  assert.equal((await client.delete(`${PATH}/${registry.id}`)).status, 200);
});

test('a registry of another project is not there', async () => {
  await makeRegistry(client);
  await client.post(`/v1/runners/${(await makeRunner(client)).id}/env_variables`, {
    env_key: 'A',
    env_val: '',
  });
  const { container_registry_id: id } = stack.makeForeignProject();
  assertError(await client.get(`${PATH}/${id}`), 404, 'not_found');
  const answer = await client.post('/v1/runners', {
    name: 'thief',
    image_name: 'registry.test/tool',
    container_registry_id: id,
  });
  assertProblems(answer, ['container_registry_id']);
});
