// SPDX-License-Identifier: Apache-2.0
//
// Every limit of a runner's fields: the last value that is taken and the first that is not.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { RUNNER, UNKNOWN_ID, assertProblems, makeRunner } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;
const runner = await makeRunner(client);

const text = (n) => 'x'.repeat(n);
const wide = (n) => '𝄞'.repeat(n); // one code point, two UTF-16 units, four bytes
const DIGEST = `sha256:${'a'.repeat(64)}`;
const NOT_TEXT = [null, 1, true, [], {}];
const NOT_INTEGER = [null, '5', true, [], {}, 1.5];
const NUL = 'a\u0000b';

const integer = (min, max) => ({
  good: [min, max],
  bad: [...NOT_INTEGER, min - 1, max + 1, -1e15, 9223372036854774784, 1e300],
});
const choice = (...values) => ({
  good: values,
  bad: [...NOT_TEXT, '', values[0].toUpperCase() + 'x'],
});
const orNull = ({ good, bad }) => ({ good: [...good, null], bad: bad.filter((v) => v !== null) });
const labels = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, 'v']));

const FIELDS = {
  name: {
    good: [text(3), text(50), wide(50), 'a b', '<b>', "';--"],
    bad: [...NOT_TEXT, '', text(2), text(51), wide(51), NUL, 'a\nb\nc'],
  },
  image_name: {
    good: [
      'a',
      'a/b',
      'docker.io/library/busybox',
      'localhost:5000/x',
      'h.test:1/a-b/c__d/e.f',
      text(255),
    ],
    bad: [
      ...NOT_TEXT,
      '',
      text(256),
      'A',
      'a:tag',
      `a@${DIGEST}`,
      'a//b',
      '/a',
      'a/',
      'a b',
      'a_-b',
      'ä',
      'http://a/b',
      '../a',
      NUL,
    ],
  },
  image_tag: {
    good: ['a', '_', 'A.b-c_1', text(128)],
    bad: [...NOT_TEXT, '', text(129), '.a', '-a', 'a b', 'a:b', 'ä', NUL],
  },
  image_digest: orNull({
    good: [DIGEST],
    bad: [
      1,
      [],
      '',
      'sha256:',
      DIGEST.slice(0, -1),
      `${DIGEST}a`,
      DIGEST.toUpperCase(),
      `sha512:${'a'.repeat(64)}`,
    ],
  }),
  run_command: orNull({
    good: ['x', text(1000), wide(1000), 'a\n\t"\'\\'],
    bad: [...NOT_TEXT, '', text(1001), wide(1001), NUL],
  }),
  argv: {
    good: [[], [''], Array(200).fill('x'), [text(8000)], [wide(8000)], ['a\nb', '']],
    bad: [null, 'x', 1, {}, Array(201).fill('x'), [text(8001)], [text(8000), 'x']],
  },
  entrypoint: orNull({
    good: ['x', text(500), wide(500)],
    bad: [...NOT_TEXT, '', text(501), wide(501), NUL],
  }),
  timeout_seconds: integer(1, 86400),
  stop_grace_seconds: integer(0, 300),
  stop_signal: choice(
    'SIGTERM',
    'SIGINT',
    'SIGQUIT',
    'SIGHUP',
    'SIGUSR1',
    'SIGUSR2',
    'SIGWINCH',
    'SIGKILL',
  ),
  pull_policy: choice('missing', 'always', 'never'),
  pull_timeout_seconds: integer(1, 86400),
  priority: integer(0, 100),
  max_concurrency: orNull(integer(1, 10000)),
  on_overlap: choice('queue', 'skip', 'replace'),
  pending_timeout_seconds: orNull(integer(1, 2592000)),
  hypervisor_labels: {
    good: [{}, { gpu: 'a100' }, { a: 'x'.repeat(255) }],
    bad: [null, 1, 'a', [], labels(33), { a: text(250), b: text(250), c: text(250), d: text(250) }],
  },
  pids_limit: integer(8, 32768),
  shm_size_mb: integer(1, 65536),
  log_limit_bytes: integer(1024, 68719476736),
  network: choice('bridge', 'none'),
  sandbox: choice('default', 'untrusted', 'trusted'),
  read_only: { good: [true, false], bad: [null, 0, 1, 'true', [], {}] },
  user: orNull({
    good: ['0', '1000:1000', '999999999'],
    bad: [...NOT_TEXT, '', 'root', '1:', ':1', '-1', '1:2:3', ' 1', '1234567890', NUL],
  }),
  region: { good: ['local'], bad: [...NOT_TEXT, '', 'nowhere', 'LOCAL', NUL] },
  instance_type: { good: ['standard-s', 'standard-xl'], bad: [...NOT_TEXT, '', 'nothing'] },
  region_id: { good: [], bad: [...NOT_TEXT, '', 'local', UNKNOWN_ID] },
  instance_type_id: { good: [], bad: [...NOT_TEXT, '', 'standard-s', UNKNOWN_ID] },
  labels: {
    good: [{}, labels(32), { [text(63)]: '' }, { a: text(255) }, { a: wide(255) }],
    bad: [null, [], 'x', labels(33)],
  },
};

/** Short enough for a message. */
const show = (value) => JSON.stringify(value).slice(0, 60);

for (const [field, { good, bad }] of Object.entries(FIELDS)) {
  test(`${field} takes what is inside its limits`, async () => {
    for (const value of good) {
      const made = await client.post('/v1/runners', { ...RUNNER, [field]: value });
      assert.equal(made.status, 200, `${show(value)}: ${made.text}`);
      const rest =
        field === 'argv' ? { run_command: null } : field === 'run_command' ? { argv: [] } : {};
      const changed = await client.patch(`/v1/runners/${runner.id}`, { ...rest, [field]: value });
      assert.equal(changed.status, 200, `${show(value)}: ${changed.text}`);
      if (!['region', 'instance_type'].includes(field))
        assert.deepEqual(made.json.runner[field], value);
    }
  });

  test(`${field} refuses what is outside its limits`, async () => {
    const before = (await client.get(`/v1/runners/${runner.id}`)).json;
    for (const value of bad) {
      for (const answer of [
        await client.post('/v1/runners', { ...RUNNER, [field]: value }),
        await client.patch(`/v1/runners/${runner.id}`, { [field]: value }),
      ]) {
        assert.equal(answer.status, 400, `${show(value)}: ${answer.text}`);
        assertProblems(answer, [field]);
      }
    }
    assert.deepEqual((await client.get(`/v1/runners/${runner.id}`)).json, before);
  });
}

test('problems inside lists and maps are named by their place', async () => {
  assertProblems(await client.post('/v1/runners', { ...RUNNER, argv: ['a', 1, NUL] }), [
    'argv[1]',
    'argv[2]',
  ]);
  const bad = { ok: 'x', number: 1, long: text(256), '-a': 'x', [text(64)]: 'x' };
  assertProblems(await client.post('/v1/runners', { ...RUNNER, labels: bad }), [
    'labels.number',
    'labels.long',
    'labels.-a',
    `labels.${text(64)}`,
  ]);
});

test('a retry policy is written as a whole', async () => {
  const write = (retry) => client.patch(`/v1/runners/${runner.id}`, { retry });
  const defaults = {
    delay_seconds: 10,
    factor: 2,
    max_delay_seconds: 3600,
    jitter: 0.1,
    on: ['failed', 'timeout', 'oom_killed', 'hypervisor_lost'],
  };
  for (const given of [
    { max_attempts: 1 },
    { max_attempts: 10, delay_seconds: 0, factor: 1, max_delay_seconds: 0, jitter: 1, on: [] },
    { max_attempts: 2, factor: 100, jitter: 0, on: ['internal'], exit_codes: [1, 255] },
  ]) {
    const { status, json, text: body } = await write(given);
    assert.equal(status, 200, body);
    assert.deepEqual(json.runner.retry, { ...defaults, ...given });
  }
  assert.equal((await write(null)).json.runner.retry, null);
  for (const [bad, field] of [
    [1, 'retry'],
    [[], 'retry'],
    [{}, 'retry.max_attempts'],
    [{ max_attempts: 0 }, 'retry.max_attempts'],
    [{ max_attempts: 11 }, 'retry.max_attempts'],
    [{ max_attempts: 2, delay_seconds: 86401 }, 'retry.delay_seconds'],
    [{ max_attempts: 2, factor: 0.9 }, 'retry.factor'],
    [{ max_attempts: 2, jitter: 1.1 }, 'retry.jitter'],
    [{ max_attempts: 2, on: ['canceled'] }, 'retry.on'],
    [{ max_attempts: 2, on: 'failed' }, 'retry.on'],
    [{ max_attempts: 2, exit_codes: [0] }, 'retry.exit_codes'],
    [{ max_attempts: 2, exit_codes: [256] }, 'retry.exit_codes'],
    [{ max_attempts: 2, unknown: 1 }, 'retry.unknown'],
  ])
    assertProblems(await write(bad), [field]);
});

test('required fields are named', async () => {
  assertProblems(await client.post('/v1/runners', {}), ['name', 'image_name']);
});

test('all problems come at once', async () => {
  const answer = await client.post('/v1/runners', {
    name: 'x',
    timeout_seconds: 0,
    run_command: 'a',
    argv: ['b'],
    priority: 'high',
    colour: 'red',
    id: UNKNOWN_ID,
  });
  assertProblems(answer, [
    'name',
    'image_name',
    'timeout_seconds',
    'argv',
    'priority',
    'colour',
    'id',
  ]);
  assert.ok(answer.json.errors.includes('Name must be between 3 and 50 characters'));
});

test('fields that are only answered cannot be written', async () => {
  for (const field of [
    'id',
    'status',
    'version',
    'warmed_at',
    'created_at',
    'container_registry',
    'env_variables',
  ]) {
    assertProblems(
      await client.patch(`/v1/runners/${runner.id}`, { [field]: runner[field] ?? null }),
      [field],
    );
  }
});

test('a region or instance type is given once', async () => {
  const { region, instance_type: type } = runner;
  assertProblems(
    await client.post('/v1/runners', { ...RUNNER, region: region.slug, region_id: region.id }),
    ['region'],
  );
  assertProblems(
    await client.post('/v1/runners', {
      ...RUNNER,
      instance_type: type.slug,
      instance_type_id: type.id,
    }),
    ['instance_type'],
  );
});
