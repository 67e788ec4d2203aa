// SPDX-License-Identifier: Apache-2.0
//
// The Docker Engine API, as far as one container of ours needs it, on kept connections.

import http from 'node:http';

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
          else resolve(answer === '' ? null : JSON.parse(answer));
        },
      );
      request.on('error', reject);
      request.end(text);
    });
  }

  /** One container from its creation to its removal; its exit code. */
  async run(image, argv) {
    const { Id: id } = await this.call('POST', '/containers/create', {
      Image: image,
      Entrypoint: argv,
      HostConfig: { NetworkMode: 'none', Memory: 256 << 20 },
    });
    await this.call('POST', `/containers/${id}/start`);
    const { StatusCode: code } = await this.call('POST', `/containers/${id}/wait`);
    await this.call('DELETE', `/containers/${id}`);
    return code;
  }
}
