// SPDX-License-Identifier: Apache-2.0
//
// A hypervisor that runs nothing: it speaks the agent protocol and says what a test wants it to.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { logFrame } from './log_frame.mjs';
import { within } from './wait.mjs';

export const DIGEST = `sha256:${'5'.repeat(64)}`;

/** A fresh X25519 public key, as 32 bytes in base64. */
function publicKey() {
  const der = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' });
  return der.subarray(-32).toString('base64');
}

export function registration(name, change = {}) {
  return {
    name,
    region: 'local',
    cpu: 64,
    mem_total: 65536,
    disk_free: 1e12,
    version: '0.1.0',
    runtimes: ['crun'],
    labels: {},
    public_key: publicKey(),
    ...change,
  };
}

export class FakeAgent {
  #client;
  #seq = 0;
  #stream = null;
  #beat = null;
  #vitals = {};
  #lines = [];
  #rest = '';
  #wake = () => {};

  constructor(client, hypervisor, credential) {
    this.#client = client.as(credential);
    this.hypervisor = hypervisor;
    this.credential = credential;
  }

  /** Registers; `stack` is a Stack. */
  static async join(stack, name, change = {}) {
    const joining = stack.anonymous.as(stack.tokens.join);
    const { status, json, text } = await joining.post(
      '/agent/v1/register',
      registration(name, change),
    );
    assert.equal(status, 200, text);
    stack.plant(json.credential);
    const agent = new FakeAgent(stack.anonymous, json.hypervisor, json.credential);
    agent.#vitals = change;
    await agent.heartbeat();
    return agent;
  }

  heartbeat() {
    const { mem_total: total = 65536 } = this.#vitals;
    return this.report({
      type: 'heartbeat',
      mem_total: total,
      mem_free: total,
      disk_free: 1e12,
      runs: 0,
      images_cached: 0,
    });
  }

  /** Opens the assignment stream and beats from now on; returns the stream's first line. */
  async connect() {
    const { req, res } = await this.#client.open('GET', '/agent/v1/assignments');
    assert.equal(res.statusCode, 200);
    this.#stream = req;
    this.#beat = setInterval(() => this.heartbeat().catch(() => {}), 5000).unref();
    this.#rest = '';
    this.#lines = [];
    res.setEncoding('utf8');
    res.on('error', () => {});
    res.on('data', (text) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop();
      this.#lines.push(...lines.map((line) => JSON.parse(line)));
      this.#wake();
    });
    return this.#shift(() => true);
  }

  disconnect() {
    clearInterval(this.#beat);
    this.#stream?.destroy();
    this.#stream = null;
  }

  /** The next line of this type, for this run if one is given. Others stay where they are. */
  next(type, run = null) {
    return this.#shift((line) => line.type === type && (run === null || line.run === run.id));
  }

  async #shift(wanted) {
    const found = (async () => {
      for (;;) {
        const at = this.#lines.findIndex(wanted);
        if (at >= 0) return this.#lines.splice(at, 1)[0];
        await new Promise((resolve) => {
          this.#wake = resolve;
        });
      }
    })();
    return within('an assignment line', found);
  }

  /** Sends one event; returns its result. */
  async report(event) {
    const { status, json, text } = await this.reportAll([event]);
    assert.equal(status, 200, text);
    return json.results[0];
  }

  reportAll(events) {
    const numbered = events.map((event) => ({ seq: ++this.#seq, ...event }));
    return this.#client.post('/agent/v1/events', { events: numbered });
  }

  started({ run, attempt }, change = {}) {
    return this.report({
      type: 'started',
      run,
      attempt,
      at: new Date().toISOString(),
      image_digest: DIGEST,
      pull_ms: 7,
      start_ms: 3,
      ...change,
    });
  }

  finished(assignment, change = {}) {
    return this.report(this.finishedEvent(assignment, change));
  }

  finishedEvent({ run, attempt }, change = {}) {
    return {
      type: 'finished',
      run,
      attempt,
      at: new Date().toISOString(),
      exit_code: 0,
      reason: 'exited',
      message: '',
      last_line: 0,
      log_bytes: 0,
      log_truncated: false,
      cpu_ms: 5,
      memory_peak_bytes: 1048576,
      io_read_bytes: 4096,
      io_write_bytes: 8192,
      oom_killed: false,
      ...change,
    };
  }

  usage({ run, attempt }, change = {}) {
    return this.report({
      type: 'usage',
      run,
      attempt,
      at: new Date().toISOString(),
      cpu_ms: 1,
      memory_bytes: 2,
      io_read_bytes: 3,
      io_write_bytes: 4,
      processes: 5,
      ...change,
    });
  }

  /** Ships lines firstId… of one assignment; returns its acknowledgement. */
  async log({ run, attempt }, firstId, lines) {
    const { status, json, text } = await this.ship(logFrame({ run, attempt, firstId, lines }));
    assert.equal(status, 200, text);
    return json.acks[0];
  }

  ship(bytes) {
    const headers = { 'Content-Type': 'application/octet-stream' };
    return this.#client.post('/agent/v1/logs', bytes, { headers });
  }
}
