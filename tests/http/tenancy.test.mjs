// SPDX-License-Identifier: Apache-2.0
//
// Projects, users, members, tokens, sessions: made, changed, taken away.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { UNKNOWN_ID, assertError, assertProblems, makeRunner } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;
const PASSWORD = stack.plant('correct horse battery staple');

async function make(path, body, as = client) {
  const { status, json, text } = await as.post(path, body);
  assert.equal(status, 200, text);
  return Object.values(json)[0];
}

async function tokenOf(body, as = client) {
  const made = await make('/v1/tokens', { name: 'made', ...body }, as);
  stack.plant(made.token);
  return made;
}

const ada = await make('/v1/users', { email: 'Ada@Example.org', name: 'Ada', password: PASSWORD });

/** The session's cookie as a header. */
async function logIn(email = 'ada@example.org', password = PASSWORD) {
  const { status, json, headers, text } = await stack.anonymous.post('/v1/session', {
    email,
    password,
  });
  assert.equal(status, 200, text);
  const cookie = headers['set-cookie'][0];
  stack.plant(cookie.split(';')[0].split('=')[1]);
  return { cookie, session: json.session, headers: { Cookie: cookie.split(';')[0] } };
}

test('a project is made, changed, found and deleted', async () => {
  const project = await make('/v1/projects', { name: 'reports', max_open_runs: 5 });
  assert.equal(project.max_open_runs, 5);
  assert.equal(project.max_memory_mb, null);
  assertProblems(await client.post('/v1/projects', { name: 'reports' }), ['name']);
  assertProblems(await client.post('/v1/projects', { name: 'x', max_open_runs: 0 }), [
    'name',
    'max_open_runs',
  ]);
  const path = `/v1/projects/${project.id}`;
  const changed = await client.patch(path, { max_open_runs: null, name: 'reports 2' });
  assert.equal(changed.json.project.max_open_runs, null, changed.text);
  assert.equal(changed.json.project.name, 'reports 2');
  assertProblems(await client.patch(path, { name: 'default' }), ['name']);
  const list = await client.get('/v1/projects');
  assert.deepEqual(
    list.json.projects.map(({ name }) => name),
    ['default', 'reports 2'],
  );
  assert.equal((await client.delete(path)).status, 200);
  assertError(await client.delete(path), 404, 'not_found');
});

test('a project with runners is not deleted', async () => {
  const project = await make('/v1/projects', { name: 'in use' });
  const there = { headers: { 'X-Errand-Project': project.id } };
  await client.post('/v1/runners', { name: 'sample', image_name: 'sample' }, there);
  assertError(await client.delete(`/v1/projects/${project.id}`), 409, 'conflict');
});

test('users have emails of their own, and passwords that are not told', async () => {
  assert.equal(ada.email, 'ada@example.org');
  assert.equal(ada.has_password, true);
  assertProblems(await client.post('/v1/users', { email: 'ADA@example.org', name: 'A' }), [
    'email',
  ]);
  assertProblems(await client.post('/v1/users', { email: 'no', name: '', password: 'short' }), [
    'email',
    'name',
    'password',
  ]);
  const list = await client.get('/v1/users');
  assert.ok(!list.text.includes('argon2'));
  const [stored] = stack.database.sql(`SELECT password_hash FROM users WHERE id = '${ada.id}'`);
  assert.match(stored, /^\$argon2id\$/);
  assert.equal((await client.get(`/v1/users/${ada.id}`)).json.user.name, 'Ada');
});

test('a log-in makes a session in a cookie that scripts cannot read', async () => {
  const { cookie, session, headers } = await logIn('ADA@example.org');
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Strict/);
  assert.equal(session.user.id, ada.id);
  const me = await stack.anonymous.get('/v1/session', { headers });
  assert.equal(me.json.session.kind, 'session', me.text);

  const out = await stack.anonymous.delete('/v1/session', {
    headers: { ...headers, 'X-Errand-Session': '1' },
  });
  assert.equal(out.status, 200, out.text);
  assert.match(out.headers['set-cookie'][0], /Max-Age=0/);
  assertError(await stack.anonymous.get('/v1/session', { headers }), 401, 'unauthenticated');
});

test('a token signs a browser in, and both end with it', async () => {
  const { id, token } = await tokenOf({ kind: 'user', scopes: ['read'] });
  const kept = await stack.anonymous.request('PUT', '/v1/session', {
    headers: { Authorization: `Bearer ${token}` },
  });
  assert.equal(kept.status, 200, kept.text);
  assert.equal(kept.json.session.token_id, id);
  const [cookie] = kept.headers['set-cookie'];
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  const headers = { Cookie: cookie.split(';')[0] };
  const me = await stack.anonymous.get('/v1/session', { headers });
  assert.deepEqual(me.json.session.scopes, ['read'], me.text);

  const change = { name: 'sample', image_name: 'sample' };
  const guard = { ...headers, 'X-Errand-Session': '1' };
  assertError(await stack.anonymous.delete('/v1/session', { headers }), 403, 'denied');
  assertError(await stack.anonymous.post('/v1/runners', change, { headers: guard }), 403, 'denied');

  const out = await stack.anonymous.delete('/v1/session', { headers: guard });
  assert.match(out.headers['set-cookie'][0], /Max-Age=0/);
  assert.equal((await stack.anonymous.get('/v1/session', { headers })).status, 200);
  assert.equal((await client.delete(`/v1/tokens/${id}`)).status, 200);
  assertError(await stack.anonymous.get('/v1/session', { headers }), 401, 'unauthenticated');
});

test('a wrong email and a wrong password are the same, and both are noted', async () => {
  const answers = [];
  for (const body of [
    { email: 'ada@example.org', password: 'not the password' },
    { email: 'nobody@example.org', password: PASSWORD },
  ]) {
    const answer = await stack.anonymous.post('/v1/session', body);
    assertError(answer, 401, 'unauthenticated');
    answers.push(answer.json.message);
  }
  assert.equal(answers[0], answers[1]);
  const { json } = await client.get('/v1/audit_events?action=session.refused&all_projects=1');
  assert.equal(json.audit_events.length, 2);
  assert.equal(json.audit_events[0].actor.kind, 'anonymous');
  assert.equal(json.audit_events[0].actor.remote, '127.0.0.1');
});

test('guessing is slow', async () => {
  const body = { email: 'guessed@example.org', password: 'x' };
  const statuses = [];
  for (let i = 0; i < 14; i++) {
    const answer = await stack.anonymous.post('/v1/session', body);
    statuses.push(answer.status);
    if (answer.status === 429) assert.ok(Number(answer.headers['retry-after']) >= 1);
  }
  // ten, and one more each six seconds that this took
  const tried = statuses.filter((status) => status === 401).length;
  assert.ok(tried >= 10 && tried <= 13, statuses.join(' '));
  assert.ok(statuses.includes(429));
});

test('a cookie changes nothing without the header, or from another origin', async () => {
  const { headers } = await logIn();
  const send = (more) =>
    stack.anonymous.patch(
      `/v1/users/${ada.id}`,
      { name: 'Ada' },
      { headers: { ...headers, ...more } },
    );
  assertError(await send({}), 403, 'denied');
  const elsewhere = { 'X-Errand-Session': '1', Origin: 'https://evil.example' };
  assertError(await send(elsewhere), 403, 'denied');
  assertError(await send({ 'X-Errand-Session': '1', Origin: 'null' }), 403, 'denied');
  assert.equal((await send({ 'X-Errand-Session': '1' })).status, 200);
});

test('a session comes as a cookie only, and an agent has none', async () => {
  const { headers } = await logIn();
  const text = headers.Cookie.split('=')[1];
  assertError(await stack.anonymous.as(text).get('/v1/session'), 401, 'unauthenticated');
  const { token } = await make('/v1/hypervisor_tokens', { name: 'joins' });
  stack.plant(token);
  const cookie = { headers: { Cookie: `errand_session=${token}` } };
  assertError(await stack.anonymous.get('/v1/session', cookie), 401, 'unauthenticated');
});

test('a new password needs the old one and ends the other sessions', async () => {
  const bob = await make('/v1/users', {
    email: 'bob@example.org',
    name: 'Bob',
    password: PASSWORD,
  });
  const first = await logIn('bob@example.org');
  const second = await logIn('bob@example.org');
  const next = stack.plant('a new and better password');
  const change = (body) =>
    stack.anonymous.patch(`/v1/users/${bob.id}`, body, {
      headers: { ...first.headers, 'X-Errand-Session': '1' },
    });
  assertProblems(await change({ password: next }), ['current_password']);
  assertProblems(await change({ is_admin: true }), ['is_admin']);
  assert.equal((await change({ password: next, current_password: PASSWORD })).status, 200);
  assert.equal((await stack.anonymous.get('/v1/session', first)).status, 200);
  assertError(await stack.anonymous.get('/v1/session', second), 401, 'unauthenticated');
  await logIn('bob@example.org', next);
  assert.equal((await client.patch(`/v1/users/${bob.id}`, { status: 'disabled' })).status, 200);
  assertError(await stack.anonymous.get('/v1/session', first), 401, 'unauthenticated');
  assertError(
    await stack.anonymous.post('/v1/session', { email: 'bob@example.org', password: next }),
    401,
    'unauthenticated',
  );
  assert.equal((await client.delete(`/v1/users/${bob.id}`)).status, 200);
});

test('nobody deletes itself', async () => {
  const { json } = await client.get('/v1/session');
  assertError(await client.delete(`/v1/users/${json.session.user.id}`), 409, 'conflict');
  assertError(await client.delete('/v1/session'), 409, 'conflict');
});

test('a role holds from the next request on, on every replica', async () => {
  const other = await stack.startReplica();
  const carl = await make('/v1/users', { email: 'carl@example.org', name: 'Carl' });
  await make('/v1/members', { email: 'CARL@example.org', role: 'developer' });
  const token = stack.tokenFor(carl.id);
  const create = (as) => as.as(token).post('/v1/runners', { name: 'sample', image_name: 'x' });
  assert.equal((await create(client)).status, 200);
  assert.equal((await create(other.client)).status, 200);
  assert.equal((await client.patch(`/v1/members/${carl.id}`, { role: 'viewer' })).status, 200);
  assertError(await create(client), 403, 'denied');
  // a notification is on its way to the other one; it comes within milliseconds
  const deadline = Date.now() + 1000;
  let answer = await create(other.client);
  while (answer.status === 200 && Date.now() < deadline) answer = await create(other.client);
  assertError(answer, 403, 'denied');
  assert.equal((await client.delete(`/v1/members/${carl.id}`)).status, 200);
  assertError(await create(client), 404, 'not_found');
  assertError(await client.delete(`/v1/members/${carl.id}`), 404, 'not_found');
  assertError(await client.patch(`/v1/members/${carl.id}`, { role: 'viewer' }), 404, 'not_found');
  assertProblems(await client.post('/v1/members', { email: 'who@example.org', role: 'viewer' }), [
    'email',
  ]);
  assertProblems(await client.post('/v1/members', { role: 'king' }), ['user_id', 'role']);
  await other.program.stop();
});

test('a revoked token is dead at once, on every loop', async () => {
  for (let i = 0; i < 20; i++) {
    const made = await tokenOf({ kind: 'project', scopes: ['read'] });
    const as = client.as(made.token);
    const uses = await Promise.all(Array.from({ length: 8 }, () => as.get('/v1/runners')));
    assert.ok(uses.every(({ status }) => status === 200));
    assert.equal((await client.delete(`/v1/tokens/${made.id}`)).status, 200);
    const after = await Promise.all(Array.from({ length: 8 }, () => as.get('/v1/runners')));
    assert.ok(after.every(({ status }) => status === 401));
  }
  assertError(await client.delete(`/v1/tokens/${UNKNOWN_ID}`), 404, 'not_found');
});

test('a token has no more than who made it, and its time', async () => {
  const reader = await tokenOf({ kind: 'user', scopes: ['read'] });
  const as = client.as(reader.token);
  assertProblems(await as.post('/v1/tokens', { name: 'x', kind: 'user', scopes: ['run'] }), [
    'scopes',
  ]);
  assert.deepEqual((await tokenOf({ kind: 'user' }, as)).scopes, ['read']);
  assertError(await as.post('/v1/tokens', { name: 'x', kind: 'project' }), 403, 'denied');
  assertError(await as.get('/v1/users'), 403, 'denied');
  assertProblems(
    await client.post('/v1/tokens', {
      name: '',
      kind: 'join',
      scopes: ['king'],
      expires_at: '2001-01-01T00:00:00Z',
    }),
    ['name', 'kind', 'scopes', 'expires_at'],
  );
  const soon = new Date(Date.now() + 300).toISOString();
  const brief = await tokenOf({ kind: 'project', expires_at: soon });
  stack.database.sql(`UPDATE tokens SET expires_at = now() WHERE id = '${brief.id}'`);
  assertError(await client.as(brief.token).get('/v1/runners'), 401, 'unauthenticated');
  assertError(
    await client.as(stack.tokens.project).post('/v1/tokens', { name: 'x', kind: 'user' }),
    403,
    'denied',
  );
});

test('tokens are listed without their text', async () => {
  const { json, text } = await client.get('/v1/tokens?per_page=100');
  assert.ok(json.tokens.length > 2);
  assert.ok(!/err_[a-z]_[A-Za-z0-9_-]{43}/.test(text));
});

test('a repeated request shows the same token again', async () => {
  const headers = { 'Idempotency-Key': 'once' };
  const body = { name: 'once', kind: 'project', scopes: ['read'] };
  const first = await client.post('/v1/tokens', body, { headers });
  const again = await client.post('/v1/tokens', body, { headers });
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.deepEqual(again.json, first.json);
  stack.plant(first.json.token.token);
  assert.equal((await client.as(first.json.token.token).get('/v1/runners')).status, 200);
  assertError(
    await client.post('/v1/tokens', { ...body, name: 'b' }, { headers }),
    409,
    'conflict',
  );
});

test('an Idempotency-Key holds for everything that is made', async () => {
  const runner = await makeRunner(client);
  const made = [
    ['/v1/projects', { name: 'only once' }, { name: 'another' }],
    ['/v1/users', { email: 'once@example.org', name: 'Once' }, { name: 'Twice' }],
    ['/v1/hypervisor_tokens', { name: 'once' }, { name: 'twice' }],
    ['/v1/members', { email: 'once@example.org', role: 'viewer' }, { role: 'admin' }],
    ['/v1/runners', { name: 'only once', image_name: 'x' }, { image_name: 'y' }],
    ['/v1/container_registries', { registry_type: 'ghcr', name: 'only once' }, { name: 'two' }],
    [`/v1/runners/${runner.id}/env_variables`, { env_key: 'A', env_val: 'x' }, { env_val: 'y' }],
  ];
  for (const [path, body, other] of made) {
    const headers = { 'Idempotency-Key': `key of ${path}` };
    const first = await client.post(path, body, { headers });
    const again = await client.post(path, body, { headers });
    assert.equal(first.status, 200, first.text);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.headers['idempotency-replayed'], 'true', path);
    assert.equal(again.headers.location, first.headers.location, path);
    assertError(await client.post(path, { ...body, ...other }, { headers }), 409, 'conflict');
  }
});

test('join tokens let agents register until they are revoked', async () => {
  const made = await make('/v1/hypervisor_tokens', {
    name: 'rack',
    expires_at: '2099-01-01T00:00:00Z',
  });
  stack.plant(made.token);
  assert.match(made.token, /^err_j_/);
  const { json } = await client.get('/v1/hypervisor_tokens');
  assert.equal(json.tokens[0].id, made.id);
  const path = `/v1/hypervisor_tokens/${made.id}`;
  assert.equal((await client.delete(path)).status, 200);
  assertError(await client.delete(path), 404, 'not_found');
  assertError(await client.as(made.token).post('/agent/v1/register', {}), 401, 'unauthenticated');
});

test('quotas: one run more is 429, and only just', async () => {
  const runner = await makeRunner(client);
  const [project] = (await client.get('/v1/projects')).json.projects;
  const limit = (quotas) =>
    client.patch(`/v1/projects/${project.id}`, {
      max_open_runs: null,
      max_memory_mb: null,
      max_runs_per_day: null,
      max_log_bytes_per_run: null,
      ...quotas,
    });
  const many = () =>
    Promise.all(Array.from({ length: 20 }, () => client.post(`/v1/runners/${runner.id}/runs`)));
  const count = (answers) => answers.filter(({ status }) => status === 200).length;

  await limit({ max_open_runs: 7 });
  const answers = await many();
  assert.equal(count(answers), 7);
  const refused = answers.find(({ status }) => status !== 200);
  assertError(refused, 429, 'limit');
  assert.match(refused.json.message, /max_open_runs/);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  await limit({ max_memory_mb: 256 * 10 });
  assert.equal(count(await many()), 3);
  await limit({ max_runs_per_day: 12 });
  assert.equal(count(await many()), 2);
  await limit({ max_log_bytes_per_run: 2048 });
  const { json } = await client.post(`/v1/runners/${runner.id}/runs`);
  const [bytes] = stack.database.sql(
    `SELECT log_limit_bytes FROM runs WHERE id = '${json.run.id}'`,
  );
  assert.equal(bytes, '2048');
});
