// SPDX-License-Identifier: Apache-2.0
//
// Bytes on the socket: what is right is answered in order, what is wrong never does harm.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, afterEach, test } from 'node:test';
import { exchange, statuses } from './support/raw.mjs';
import { RUNNER } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
afterEach(async () => {
  assert.ok(stack.api.isRunning, 'errand-api is gone');
  assert.equal((await stack.client.get('/healthz')).status, 200);
});

const port = stack.directPort;
const AUTH = `Host: x\r\nAuthorization: Bearer ${stack.tokens.user}\r\n`;
const BODY = JSON.stringify(RUNNER);
const post = (headers, body = BODY) =>
  `POST /v1/runners HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\n${headers}\r\n${body}`;

/** Refused or hung up on: no success, no failure of ours. */
async function assertRefused(what, parts, options) {
  const received = await exchange(port, parts, options);
  for (const status of statuses(received)) {
    assert.ok(
      (status >= 400 && status < 500) || status === 501,
      `${what}: ${received.slice(0, 200)}`,
    );
  }
}

test('pipelined requests are answered in order', async () => {
  const one = (path) => `GET ${path} HTTP/1.1\r\n${AUTH}\r\n`;
  const received = await exchange(
    port,
    one('/healthz') + one('/v1/nothing') + one('/v1/regions') + one('/healthz'),
    { answers: 4 },
  );
  assert.deepEqual(statuses(received), [200, 404, 200, 200]);
});

test('a hundred requests in one write are all answered', async () => {
  const received = await exchange(port, `GET /v1/regions HTTP/1.1\r\n${AUTH}\r\n`.repeat(100), {
    answers: 100,
  });
  assert.deepEqual(new Set(statuses(received)), new Set([200]));
  assert.equal(statuses(received).length, 100);
});

test('a request may come byte by byte', async () => {
  const bytes = [...post(`Content-Length: ${BODY.length}\r\n`)];
  assert.deepEqual(statuses(await exchange(port, bytes)), [200]);
});

test('a chunked body is read', async () => {
  const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  assert.deepEqual(
    statuses(await exchange(port, post('Transfer-Encoding: chunked\r\n', chunks))),
    [200],
  );
});

test('Expect: 100-continue is answered', async () => {
  const head = post(`Content-Length: ${BODY.length}\r\nExpect: 100-continue\r\n`, '');
  const received = await exchange(port, [head, BODY], { answers: 2 });
  assert.deepEqual(statuses(received), [100, 200]);
});

test('a body that stops short leaves nothing behind', async () => {
  const before = (await stack.client.get('/v1/runners')).json.meta.pagination.total_objects;
  await assertRefused('short body', post('Content-Length: 1000\r\n'), { halfClose: true });
  await assertRefused('short chunk', post('Transfer-Encoding: chunked\r\n', 'ff\r\n{"'), {
    halfClose: true,
  });
  assert.equal((await stack.client.get('/v1/runners')).json.meta.pagination.total_objects, before);
});

test('wrong lengths and encodings are refused', async () => {
  for (const headers of [
    'Content-Length: -1\r\n',
    'Content-Length: x\r\n',
    'Content-Length: \r\n',
    'Content-Length: 1\r\nContent-Length: 2\r\n',
    'Content-Length: 99999999999999999999\r\n',
    'Content-Length: 0x10\r\n',
    'Transfer-Encoding: gzip\r\n',
    'Transfer-Encoding: chunked, identity\r\n',
  ]) {
    await assertRefused(headers.trim(), post(headers), { halfClose: true });
  }
  for (const chunks of ['zz\r\n', '-1\r\n', 'ffffffffffffffffff\r\n', '3\r\nabcXX0\r\n\r\n']) {
    await assertRefused(`chunk ${chunks}`, post('Transfer-Encoding: chunked\r\n', chunks), {
      halfClose: true,
    });
  }
});

test('a length beside chunks does not smuggle a second request', async () => {
  const smuggled = 'GET /v1/regions HTTP/1.1\r\nHost: x\r\n\r\n';
  const received = await exchange(
    port,
    post(
      `Content-Length: ${5 + smuggled.length}\r\nTransfer-Encoding: chunked\r\n`,
      `0\r\n\r\n${smuggled}`,
    ),
    { answers: 2, halfClose: true },
  );
  assert.ok(!received.includes('"regions"'));
  assert.ok(statuses(received)[0] < 500);
});

test('broken request lines and headers are refused', async () => {
  for (const head of [
    '\r\n\r\n\r\n',
    'GET\r\n\r\n',
    'GET /healthz\r\n\r\n',
    'GET /healthz HTTP/9.9\r\n\r\n',
    'G\u0000T /healthz HTTP/1.1\r\n\r\n',
    'GET /v1/\u0000 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /v1/run ners HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /v1/runners HTTP/1.1\r\nHost: x\r\nA\u0000: b\r\n\r\n',
    'GET /v1/runners HTTP/1.1\r\n: b\r\n\r\n',
    'GET /v1/runners HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET /v1/runners HTTP/1.1\r\nno colon\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish',
  ]) {
    await assertRefused(JSON.stringify(head), Buffer.from(head, 'latin1'), { halfClose: true });
  }
});

test('huge headers are refused', async () => {
  const get = (headers) => `GET /v1/runners HTTP/1.1\r\n${AUTH}${headers}\r\n`;
  await assertRefused('one long header', get(`X: ${'a'.repeat(1 << 20)}\r\n`), { halfClose: true });
  await assertRefused('many headers', get('X: a\r\n'.repeat(20000)), { halfClose: true });
  await assertRefused('a long path', `GET /${'a'.repeat(1 << 20)} HTTP/1.1\r\nHost: x\r\n\r\n`, {
    halfClose: true,
  });
});

test('an absolute address is served or refused, never forwarded', async () => {
  const received = await exchange(
    port,
    `GET http://elsewhere.test/healthz HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n`,
  );
  assert.ok([200, 400, 404].includes(statuses(received)[0]));
  await assertRefused(
    'CONNECT',
    'CONNECT elsewhere.test:80 HTTP/1.1\r\nHost: elsewhere.test:80\r\n\r\n',
    { halfClose: true },
  );
  await assertRefused('OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n');
});

test('clients that hang up in the middle are forgotten', async () => {
  const parts = [
    'G',
    'GET /v1/runners HTT',
    post('Content-Length: 100\r\n', '{'),
    `GET /v1/runners HTTP/1.1\r\n${AUTH}\r\n`,
  ];
  await Promise.all(
    parts.flatMap((part) =>
      Array.from(
        { length: 10 },
        () =>
          new Promise((resolve) => {
            const socket = net.connect(port, '127.0.0.1', () =>
              socket.write(part, () => socket.resetAndDestroy()),
            );
            socket.on('error', () => {});
            socket.on('close', resolve);
          }),
      ),
    ),
  );
});

test('HTTP/1.0 is answered and closed', async () => {
  const received = await exchange(port, 'GET /healthz HTTP/1.0\r\n\r\n');
  assert.deepEqual(statuses(received), [200]);
});
