// SPDX-License-Identifier: Apache-2.0
//
// The recorder must not be felt: bytes, headers, pace and aborts pass through.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { STREAM_HEAD, behindRecorder } from './fake_upstream.mjs';

const STREAM = '/v1/runs/019356a1-7c00-7d4e-9f10-6a1b2c3d4e5f/logs/stream';

async function get(port, path, headers = {}) {
  const req = http.get({ port, path, headers, agent: false });
  const [res] = await once(req, 'response');
  return { req, res };
}

test('a request arrives as it was sent', async (t) => {
  let arrived;
  const { port } = await behindRecorder(t, async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    arrived = { url: req.url, raw: req.rawHeaders, body: Buffer.concat(chunks) };
    res.writeHead(204);
    res.end();
  });
  const body = Buffer.from([0, 255, 10, 13]);
  const req = http.request({
    port,
    agent: false,
    method: 'POST',
    path: '/v1/%zz?a=%00&b',
    headers: { 'X-CaSe': 'Kept' },
  });
  req.end(body);
  (await once(req, 'response'))[0].resume();
  assert.equal(arrived.url, '/v1/%zz?a=%00&b');
  assert.ok(arrived.raw.includes('X-CaSe'));
  assert.deepEqual(arrived.body, body);
});

test('an event passes before the next one is made', { timeout: 5000 }, async (t) => {
  let answer;
  const { port } = await behindRecorder(t, (req, res) => {
    answer = res;
    res.writeHead(200, STREAM_HEAD);
    res.write('retry: 1000\n\n');
  });
  const { req, res } = await get(port, STREAM);
  assert.equal(String((await once(res, 'data'))[0]), 'retry: 1000\n\n');
  answer.write(': keepalive\n\n');
  assert.equal(String((await once(res, 'data'))[0]), ': keepalive\n\n');
  req.destroy();
});

test('a client that leaves is noticed upstream', { timeout: 5000 }, async (t) => {
  let left;
  const { port, journal } = await behindRecorder(t, (req, res) => {
    left = once(res, 'close');
    res.writeHead(200, STREAM_HEAD);
    res.write('retry: 1000\n\n');
  });
  const { req, res } = await get(port, STREAM);
  res.on('error', () => {});
  req.destroy();
  await left;
  assert.deepEqual(journal.violations, []);
});

test('a server that breaks off is felt by the client', { timeout: 5000 }, async (t) => {
  const { port, journal } = await behindRecorder(t, (req, res) => {
    res.writeHead(200, STREAM_HEAD);
    res.write('retry: 1000\n\nevent: log\n', () => res.destroy());
  });
  const { res } = await get(port, STREAM);
  res.resume();
  await assert.rejects(once(res, 'end'), { code: 'ECONNRESET' });
  assert.deepEqual(journal.violations, []);
});
