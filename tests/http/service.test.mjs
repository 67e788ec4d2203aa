// SPDX-License-Identifier: Apache-2.0
//
// Health, and the document.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client, anonymous } = stack;

test('the served document is the committed one', async () => {
  const { status, headers, text } = await anonymous.get('/openapi.json');
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^application\/json/);
  assert.ok(text === readFileSync(new URL('../../openapi/errand.json', import.meta.url), 'utf8'));
});

test('alive without a token', async () => {
  assert.deepEqual((await anonymous.get('/healthz')).json, { status: 'ok' });
});

test('regions and instance types are there from the start', async () => {
  const { regions } = (await client.get('/v1/regions')).json;
  assert.deepEqual(
    regions.map(({ slug }) => slug),
    ['local'],
  );
  const { instance_types: types } = (await client.get('/v1/instance_types')).json;
  assert.ok(types.some(({ slug }) => slug === 'standard-s'));
  const sizes = types.map(({ mem }) => mem);
  assert.deepEqual(
    sizes,
    sizes.slice().sort((a, b) => a - b),
  );
});

test('ready when a scheduler leads', async () => {
  const { status, json } = await anonymous.get('/readyz');
  assert.equal(status, 503);
  assert.deepEqual(json, {
    status: 'not_ready',
    checks: { database: 'ok', schema: 'ok', scheduler: 'failed' },
  });
  const scheduler = stack.startScheduler();
  const ready = await until('readiness', async () => {
    const answer = await anonymous.get('/readyz');
    return answer.status === 200 && answer;
  });
  assert.deepEqual(ready.json, {
    status: 'ready',
    checks: { database: 'ok', schema: 'ok', scheduler: 'ok' },
  });
  await scheduler.stop();
});
