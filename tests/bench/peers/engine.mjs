// SPDX-License-Identifier: Apache-2.0
//
// The Docker Engine API, as far as one container of ours needs it, on kept connections.

import { once } from 'node:events';
import http from 'node:http';
import { StringDecoder } from 'node:string_decoder';

/** What comes after each head of 8 bytes, the last 4 of which say how long it is. */
async function* payloads(socket) {
  const decoder = new StringDecoder('utf8');
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = bytes.length > 0 ? Buffer.concat([bytes, chunk]) : chunk;
    let text = '';
    let at = 0;
    while (bytes.length >= at + 8) {
      const n = bytes.readUInt32BE(at + 4);
      if (bytes.length < at + 8 + n) break;
      text += decoder.write(bytes.subarray(at + 8, at + 8 + n));
      at += 8 + n;
    }
    bytes = bytes.subarray(at);
    if (text !== '') yield text;
  }
}

export class Engine {
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  #socket;

  constructor(socket) {
    this.#socket = socket;
  }

  call(method, path, body) {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          agent: this.#agent,
          socketPath: this.#socket,
          method,
          path: `/v1.41${path}`,
          headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
        },
        async (response) => {
          let answer = '';
          for await (const chunk of response) answer += chunk;
          if (response.statusCode >= 400) reject(new Error(`${method} ${path}: ${answer}`));
          else resolve(answer.startsWith('{') && !answer.includes('}\r\n{') ? JSON.parse(answer) : null);
        },
      );
      request.on('error', reject);
      request.end(text);
    });
  }

  /** Pull an image: the answer comes once it is there. */
  pull(image) {
    return this.call('POST', `/images/create?fromImage=${encodeURIComponent(image)}`);
  }

  /** What a container prints, as pieces of text. */
  async #attach(id) {
    const request = http.request({
      socketPath: this.#socket,
      method: 'POST',
      path: `/v1.41/containers/${id}/attach?stream=1&stdout=1&stderr=1`,
      headers: { Connection: 'Upgrade', Upgrade: 'tcp' },
    });
    request.end();
    const [, socket, head] = await once(request, 'upgrade');
    if (head.length > 0) socket.unshift(head);
    return payloads(socket);
  }

  /** One container from its creation to its removal; its exit code. `onOutput` is given its output. */
  async run(image, argv, onOutput = null, onCreated = null) {
    const { Id: id } = await this.call('POST', '/containers/create', {
      Image: image,
      Entrypoint: argv,
      AttachStdout: onOutput !== null,
      HostConfig: { NetworkMode: 'none', Memory: 256 << 20 },
    });
    onCreated?.();
    const output = onOutput?.(await this.#attach(id));
    await this.call('POST', `/containers/${id}/start`);
    await output;
    const { StatusCode: code } = await this.call('POST', `/containers/${id}/wait`);
    await this.call('DELETE', `/containers/${id}`);
    return code;
  }
}
