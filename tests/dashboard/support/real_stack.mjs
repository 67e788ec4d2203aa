// SPDX-License-Identifier: Apache-2.0
//
// Everything as its users have it: `errand up`, a registry with one image, real containers. Needs root.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = process.env.ERRAND_BIN_DIR;
const SOURCE = new URL('../../..', import.meta.url).pathname;

const BRIDGE = `errd${process.pid}`;

function run(program, args, env = {}) {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
  }).trim();
}

export class RealStack {
  #dir = mkdtempSync(join(tmpdir(), 'errand-dashboard.'));

  static async start({ memory = 1024 } = {}) {
    const stack = new RealStack();
    try {
      stack.#start(memory);
    } catch (error) {
      stack.stop();
      throw error;
    }
    return stack;
  }

  #start(memory) {
    chmodSync(this.#dir, 0o755); // PostgreSQL runs as another user
    this.#guard();
    const registry = run(join(SOURCE, 'scripts/registry.sh'), ['start', join(this.#dir, 'registry')]);
    this.image = `${registry}/test/busybox`;
    run(join(SOURCE, 'tests/support/make_image.sh'), [join(this.#dir, 'image'), `${this.image}:1`]);
    run(join(BIN, 'errand'), ['up', '--data', this.#data, '--port', '0'], {
      ERRAND_MEM_TOTAL_MB: String(memory),
      ERRAND_CPU: '8',
      ERRAND_NETWORK_BRIDGE: BRIDGE,
      ERRAND_NETWORK_SUBNET: `10.${192 + (process.pid % 32)}.${process.pid % 256}.0/24`,
    });
    const env = Object.fromEntries(
      readFileSync(join(this.#data, 'env'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    this.url = env.ERRAND_URL;
    /** As Browser.start() wants it. */
    this.directPort = new URL(this.url).port;
    this.tokens = { user: env.ERRAND_TOKEN };
  }

  get #data() {
    return join(this.#dir, 'data');
  }

  /** What the API answers; fails on any other status than 200 or 202. */
  async api(method, path, body, { token = this.tokens.user, headers = {} } = {}) {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok([200, 202].includes(answer.status), `${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  async runner(fields) {
    const body = { image_name: this.image, image_tag: '1', ...fields };
    return (await this.api('POST', '/v1/runners', body)).runner;
  }

  /** Triggers a run and waits for its end, unless `wait` is 0. */
  async trigger(runner, body = {}, wait = 30) {
    const query = wait > 0 ? `?wait=${wait}` : '';
    return (await this.api('POST', `/v1/runners/${runner.id}/runs${query}`, body)).run;
  }

  /** SQL as the owner of the database, for what no API makes (yesterday's history). */
  sql(text) {
    const at = `host='${this.#data}/state/run' dbname=errand user=errand_owner`;
    return run('psql', [at, '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--command', text]);
  }

  /** Takes it all down when this process ends without doing so. */
  #guard() {
    const end =
      'tail --pid="$1" --follow --sleep-interval 0.1 /dev/null; [ -d "$2" ] || exit 0; ' +
      '"$3/errand" down --data "$2/data"; "$4/scripts/registry.sh" stop "$2/registry"; ' +
      'ip link delete "$5"; nft delete table inet "$5"; rm -rf "$2" "/run/errand/net/$5"';
    const args = ['-c', end, 'guard', String(process.pid), this.#dir, BIN, SOURCE, BRIDGE];
    spawn('bash', args, { detached: true, stdio: 'ignore' }).unref();
  }

  stop() {
    const tries = [
      [join(BIN, 'errand'), ['down', '--data', this.#data]],
      [join(SOURCE, 'scripts/registry.sh'), ['stop', join(this.#dir, 'registry')]],
      // an agent leaves them to containers that outlive it; here nothing does
      ['ip', ['link', 'delete', BRIDGE]],
      ['nft', ['delete', 'table', 'inet', BRIDGE]],
    ];
    for (const [program, args] of tries) {
      try {
        run(program, args);
      } catch {
        // it was not up
      }
    }
    for (const dir of [this.#dir, `/run/errand/net/${BRIDGE}`]) rmSync(dir, { recursive: true, force: true });
  }
}
