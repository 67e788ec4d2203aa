// SPDX-License-Identifier: Apache-2.0
//
// A client that does not give up: what may be asked again is asked again until it is answered.

import { setTimeout as delay } from 'node:timers/promises';
import { EventStreamReader } from '../support/contract/event_stream.mjs';

const RETRYABLE = new Set([429, 500, 502, 503, 504]);

export class Client {
  #url;
  #token;
  /** Answers that only a broken server gives. */
  serverErrors = [];

  constructor(url, token) {
    this.#url = url;
    this.#token = token;
  }

  #fetch(method, path, { body, headers = {}, timeoutMs = 20000 } = {}) {
    return fetch(this.#url + path, {
      method,
      body: body && JSON.stringify(body),
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
  }

  /** The answer's JSON. Throws when it is a refusal. */
  async ask(method, path, options) {
    for (;;) {
      try {
        const answer = await this.#fetch(method, path, options);
        const json = await answer.json();
        if (answer.ok) return json;
        if (answer.status === 500) this.serverErrors.push(`${method} ${path}: 500`);
        if (!RETRYABLE.has(answer.status)) {
          throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`), {
            refused: true,
          });
        }
      } catch (error) {
        if (error.refused) throw error;
      }
      await delay(100);
    }
  }

  /** Follows a run's log to its end: {log: [entries], states}. */
  async follow(run, until) {
    const log = [];
    const states = [];
    while (states.length === 0 && Date.now() < until) {
      try {
        await this.#readStream(`/v1/runs/${run}/logs/stream?after_id=${log.at(-1)?.id ?? 0}`, log, states);
      } catch (error) {
        if (error.refused) throw error;
      }
      if (states.length === 0) await delay(100);
    }
    return { log, states };
  }

  async #readStream(path, log, states) {
    // a stream that is silent has a comment every 15 s
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), 25000);
    try {
      const answer = await fetch(this.#url + path, {
        headers: { Authorization: `Bearer ${this.#token}` },
        signal: silence.signal,
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      const reader = new EventStreamReader();
      for await (const bytes of answer.body) {
        timer.refresh();
        for (const item of reader.push(Buffer.from(bytes))) {
          if (item.event === 'log') log.push(JSON.parse(item.data));
          else if (item.event === 'state') states.push(JSON.parse(item.data));
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The whole log, page by page. */
  async log(run) {
    const entries = [];
    for (;;) {
      const page = await this.ask('GET', `/v1/runs/${run}/logs?limit=1000&after_id=${entries.at(-1)?.id ?? 0}`);
      if (page.logs.length === 0) return entries;
      entries.push(...page.logs);
    }
  }

  /** Every run of a runner. */
  async runs(runner) {
    const all = [];
    for (let page = 1; ; page++) {
      const { runs } = await this.ask('GET', `/v1/runners/${runner}/runs?per_page=100&page=${page}`);
      if (runs.length === 0) return all;
      all.push(...runs);
    }
  }
}
