// SPDX-License-Identifier: Apache-2.0
//
// Plain HTTP for tests: says exactly what it is told, hides nothing of the answer.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { EventStreamReader } from '../../support/contract/event_stream.mjs';
import { within } from './wait.mjs';

/** Objects go as JSON; text and bytes go as they are. */
function encode(body, headers) {
  if (body === undefined) return { bytes: null, headers };
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    return {
      bytes: Buffer.from(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    };
  }
  return encode(JSON.stringify(body), headers);
}

export class Client {
  #port;
  #token;

  constructor(port, token = null) {
    this.#port = port;
    this.#token = token;
  }

  as(token) {
    return new Client(this.#port, token);
  }

  /** Sends it and resolves with the answer's head: {req, res}. */
  async open(method, path, { body, headers = {} } = {}) {
    const encoded = encode(body, headers);
    const all = { ...encoded.headers };
    if (this.#token && !('Authorization' in all)) all.Authorization = `Bearer ${this.#token}`;
    if (encoded.bytes) all['Content-Length'] = encoded.bytes.length;
    // an undefined header is one that the test wants left out
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    const req = http.request({
      agent: false,
      host: '127.0.0.1',
      port: this.#port,
      method,
      path,
      headers: all,
    });
    if (encoded.bytes) req.write(encoded.bytes);
    req.end();
    const [res] = await within(`${method} ${path}`, once(req, 'response'), 30000);
    return { req, res };
  }

  /** {status, headers, text, json}; `json` is undefined when the body is none. */
  async request(method, path, options) {
    const { res } = await this.open(method, path, options);
    const chunks = [];
    for await (const chunk of res) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: res.statusCode, headers: res.headers, text, json };
  }

  get(path, options) {
    return this.request('GET', path, options);
  }

  post(path, body, options) {
    return this.request('POST', path, { body, ...options });
  }

  patch(path, body, options) {
    return this.request('PATCH', path, { body, ...options });
  }

  delete(path, options) {
    return this.request('DELETE', path, options);
  }

  /** Follow an event stream. */
  async follow(path, options) {
    const { req, res } = await this.open('GET', path, options);
    return new Follower(req, res);
  }
}

/** A stream being read: events come out one by one, whenever they arrive. */
export class Follower {
  #req;
  #items = [];
  #ended = false;
  #wake = () => {};

  constructor(req, res) {
    const reader = new EventStreamReader();
    this.#req = req;
    this.status = res.statusCode;
    this.headers = res.headers;
    res.on('data', (bytes) => this.#note(() => this.#items.push(...reader.push(bytes))));
    res.on('error', () =>
      this.#note(() => {
        this.#ended = true;
      }),
    );
    res.on('end', () =>
      this.#note(() => {
        this.#ended = true;
      }),
    );
  }

  /** The next item {event, id, data} | {comment} | {retry}; `null` when the stream has ended. */
  async nextItem() {
    while (this.#items.length === 0 && !this.#ended) {
      await within(
        'an event',
        new Promise((resolve) => {
          this.#wake = resolve;
        }),
        20000,
      );
    }
    return this.#items.shift() ?? null;
  }

  /** The next event with `data` parsed, comments and retry skipped; `null` at the end. */
  async next() {
    const deadline = Date.now() + 20000;
    while (Date.now() < deadline) {
      const item = await this.nextItem();
      if (item === null) return null;
      if ('event' in item) return { ...item, data: JSON.parse(item.data) };
    }
    throw new Error('nothing but comments for 20 s');
  }

  /** The next event that `wanted` says yes to. */
  async find(wanted) {
    for (;;) {
      const event = await this.next();
      assert.ok(event, 'the stream ended before');
      if (wanted(event)) return event;
    }
  }

  /** Everything up to the end. */
  async rest() {
    const events = [];
    for (let event = await this.next(); event; event = await this.next()) events.push(event);
    return events;
  }

  close() {
    this.#req.destroy();
  }

  #note(change) {
    change();
    this.#wake();
  }
}
