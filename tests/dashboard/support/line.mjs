// SPDX-License-Identifier: Apache-2.0
//
// The wire between browser and server, in the test's hands: it can be cut, and it can fall silent as a network does
// that is gone without a word.

import net from 'node:net';

export class Line {
  #server;
  #pairs = new Set();
  #isCut = false;

  static async to(port) {
    const line = new Line();
    line.#server = net.createServer((socket) => line.#join(socket, port));
    await new Promise((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    line.port = line.#server.address().port;
    return line;
  }

  /** Every connection breaks, and none can be made. */
  cut() {
    this.#isCut = true;
    for (const [client, server] of this.#pairs) for (const socket of [client, server]) socket.destroy();
  }

  /** Streams stay connected and hear nothing any more. Other connections work. */
  fallSilent() {
    for (const [client, server] of this.#pairs) {
      if (!server.isStream) continue;
      client.unpipe();
      server.unpipe();
      server.destroy();
      client.resume();
    }
  }

  mend() {
    this.#isCut = false;
  }

  async close() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client, port) {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = net.connect(port, '127.0.0.1');
    const pair = [client, server];
    this.#pairs.add(pair);
    for (const socket of pair) socket.on('error', () => {});
    server.on('data', (bytes) => {
      server.isStream ||= bytes.includes('text/event-stream');
    });
    client.pipe(server);
    server.pipe(client);
    client.on('close', () => {
      this.#pairs.delete(pair);
      server.destroy();
    });
  }
}
