// SPDX-License-Identifier: Apache-2.0
//
// The dashboard's files as browsers and caches see them. They are no part of the contract, so these
// requests go to the API directly.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());

function get(path, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const sent = request({ port: stack.directPort, path, method, headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () =>
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const page = await get('/');
const script = /<script type="module" src="([^"]+)"/.exec(page.body)[1];

test('the page runs no script but its own files', () => {
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'], /^text\/html/);
  const policy = page.headers['content-security-policy'];
  assert.match(policy, /default-src 'none'.*script-src 'self'; connect-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
  const html = page.body.toString();
  for (const [, inside] of html.matchAll(/<script[^>]*>(.*?)<\/script>/gs)) assert.equal(inside, '');
  assert.doesNotMatch(html, /<style|style=|https?:|\son\w+=/);
});

test('the page is asked for again each time, and sent only when it changed', async () => {
  assert.equal(page.headers['cache-control'], 'no-cache');
  const again = await get('/', { 'If-None-Match': page.headers.etag });
  assert.equal(again.status, 304);
  assert.equal(again.body.length, 0);
  assert.equal((await get('/', { 'If-None-Match': '"another"' })).status, 200);
});

test('what is named by its content is kept for ever', async () => {
  const { status, headers } = await get(script);
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/javascript/);
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
});

test('files come as the client can read them', async () => {
  const plain = await get(script);
  const cases = [
    ['br, gzip', 'br', brotliDecompressSync],
    ['GZIP;q=0.5', 'gzip', gunzipSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
    ['br;q=0.0;x=1, identity', undefined, (bytes) => bytes],
    ['brotli, xgzip', undefined, (bytes) => bytes],
    ['', undefined, (bytes) => bytes],
  ];
  for (const [accepted, coding, decode] of cases) {
    const { headers, body } = await get(script, { 'Accept-Encoding': accepted });
    assert.equal(headers['content-encoding'], coding, accepted);
    assert.equal(headers.vary, 'Accept-Encoding');
    assert.equal(Number(headers['content-length']), body.length);
    assert.ok(decode(body).equals(plain.body), accepted);
  }
});

test('a deep link is the page; what the API does not have stays an error', async () => {
  for (const path of ['/runs/1', '/runners', '/any/where?tab=x']) {
    const { status, body } = await get(path, BROWSER);
    assert.equal(status, 200, path);
    assert.ok(body.equals(page.body), path);
    assert.equal((await get(path)).status, 404, path);
  }
  for (const path of ['/v1/nothing', '/agent/v1/nothing', '/assets/main-OLD.js']) {
    const { status, headers } = await get(path, BROWSER);
    assert.equal(status, 404, path);
    assert.match(headers['content-type'], /json/);
  }
  assert.equal((await get('/runs/1', BROWSER, 'POST')).status, 404);
});

test('HEAD has the head of GET', async () => {
  const { status, headers, body } = await get('/', {}, 'HEAD');
  assert.equal(status, 200);
  assert.equal(headers['content-length'], page.headers['content-length']);
  assert.equal(body.length, 0);
});

test('the first page is small', async () => {
  let total = 0;
  for (const [, path] of page.body.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    total += (await get(path, { 'Accept-Encoding': 'br' })).body.length;
    const { body } = await get(path);
    // what a module imports at once comes along with it
    for (const [, name] of body.toString().matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g))
      total += (await get(`/assets/${name}`, { 'Accept-Encoding': 'br' })).body.length;
  }
  assert.ok(total > 10_000, `${total} bytes cannot be all of it`);
  assert.ok(total <= 120 * 1024, `${total} bytes for the first page`);
});
