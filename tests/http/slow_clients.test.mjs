// SPDX-License-Identifier: Apache-2.0
//
// Clients that keep a server busy by doing little: none is waited for, none is in others' way.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { after, afterEach, test } from 'node:test';
import { exchange, statuses } from './support/raw.mjs';
import { Stack } from './support/stack.mjs';
import { until, within } from './support/wait.mjs';

const CONNECTIONS = 40;
const stack = await Stack.start({
  settings: { idle_seconds: '2', max_connections: `${CONNECTIONS}`, threads: '1' },
});
after(() => stack.stop());

const AUTH = `Host: x\r\nAuthorization: Bearer ${stack.tokens.user}\r\n`;
const openSockets = () => readdirSync(`/proc/${stack.api.pid}/fd`).length;
const quiet = openSockets();
const allGone = () => until('the connections to go', () => openSockets() <= quiet);
afterEach(allGone);

/** Writes `head`, then a byte each 50 ms until it is hung up on; resolves with how long that took. */
async function dribble(head, text = 'x') {
  const socket = net.connect(stack.directPort, '127.0.0.1');
  const closed = new Promise((resolve) => {
    socket.on('close', resolve);
  });
  const began = Date.now();
  socket.on('error', () => {}).resume();
  socket.write(head);
  const more = setInterval(() => socket.writable && socket.write(text), 50);
  await within('the server to hang up', closed, 12000);
  clearInterval(more);
  return Date.now() - began;
}

test('a head, a line of it or a body that trickles in is cut off, however it trickles', async () => {
  const cut = await Promise.all([
    dribble(''),
    dribble('GET /healthz HTTP/1.1\r\nHost: x\r\nX: '),
    dribble('GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X: y\r\n'),
    dribble(`POST /v1/runners HTTP/1.1\r\n${AUTH}Content-Length: 100000\r\n\r\n`),
    dribble(`POST /v1/runners HTTP/1.1\r\n${AUTH}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'),
  ]);
  for (const took of cut) assert.ok(took >= 1500 && took < 10000, `${cut}`);
});

test('a connection that says nothing is closed', async () => {
  const received = await exchange(stack.directPort, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', {
    answers: 2,
  });
  assert.deepEqual(statuses(received), [200]);
});

test('slow ones do not hinder others, and are not too many', async () => {
  const slow = Array.from({ length: CONNECTIONS - 10 }, () => dribble('GET /'));
  await until('the slow ones', () => openSockets() >= quiet + CONNECTIONS - 10);
  let cut = 0;
  for (const one of slow) one.then(() => cut++);
  assert.equal((await stack.client.get('/v1/runners')).status, 200);
  assert.equal(cut, 0, 'the answer waited for them');

  const tooMany = Array.from({ length: 30 }, () => dribble('GET /'));
  const turnedAway = (await Promise.all(tooMany)).filter((took) => took < 1000);
  assert.ok(turnedAway.length >= 10, `${turnedAway.length} were turned away`);
  await Promise.all(slow);
  await allGone();
  assert.equal((await stack.client.get('/v1/runners')).status, 200);
});

test('a client that does not read its answers is given up', async () => {
  const socket = net.connect(stack.directPort, '127.0.0.1');
  socket.on('error', () => {}).pause();
  await once(socket, 'connect');
  // more than the buffers of both ends take
  socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(60));
  await until('the connection', () => openSockets() > quiet);
  await allGone();
  socket.destroy();
});
