// SPDX-License-Identifier: Apache-2.0
//
// Bytes to a port and bytes back, for requests that no HTTP client would send.

import { once } from 'node:events';
import net from 'node:net';
import { within } from './wait.mjs';

/**
 * Write `parts` one after another, then wait until the server closes or has sent `answers` status
 * lines. Returns all it sent.
 */
export async function exchange(port, parts, { answers = 1, halfClose = false } = {}) {
  const socket = net.connect(port, '127.0.0.1');
  let received = '';
  const done = new Promise((resolve) => {
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (statuses(received).length >= answers) resolve();
    });
    socket.on('close', resolve);
    socket.on('error', resolve);
  });
  try {
    await once(socket, 'connect');
    for (const part of [parts].flat()) {
      if (socket.writable)
        await new Promise((resolve) => {
          socket.write(part, () => resolve());
        });
    }
    if (halfClose) socket.end();
    await within('an answer', done, 15000);
  } finally {
    socket.destroy();
  }
  return received;
}

/** The status codes in a byte stream of answers. */
export function statuses(received) {
  return [...received.matchAll(/(?:^|\n)HTTP\/1\.[01] (\d{3})[ \r]/g)].map((m) => Number(m[1]));
}
