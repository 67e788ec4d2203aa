// SPDX-License-Identifier: Apache-2.0
//
// The document for people, and what keeps browsers from mischief.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { operations } from './support/operations.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { anonymous, client } = stack;

test('the page holds every operation, and nothing that a strict policy would stop', async () => {
  const { status, headers, text } = await anonymous.get('/docs');
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/html/);
  for (const { id } of operations) assert.ok(text.includes(`id="${id}"`), id);
  assert.doesNotMatch(text, /<script|<style| style=| on[a-z]+=|javascript:/);
  assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//);
  for (const [, id] of text.matchAll(/href="#([^"]+)"/g))
    assert.ok(text.includes(`id="${id}"`), `a link to ${id}, which is not there`);
  const style = await anonymous.get('/docs.css');
  assert.match(style.headers['content-type'], /^text\/css/);
});

test('answers are not framed, not guessed at, and of no use to other sites', async () => {
  for (const path of ['/v1/runners', '/docs', '/healthz', '/nothing']) {
    const { headers } = await client.get(path, { headers: { Origin: 'https://other.example' } });
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers['referrer-policy'], 'no-referrer');
    const cors = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
    assert.deepEqual(cors, []);
  }
  const preflight = await anonymous.request('OPTIONS', '/v1/runners', {
    headers: { Origin: 'https://other.example', 'Access-Control-Request-Method': 'POST' },
  });
  assert.equal(preflight.status, 405);
});
