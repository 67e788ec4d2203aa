// SPDX-License-Identifier: Apache-2.0
//
// A run's log stream as it is promised: `retry` first, each event as documented, lines without a
// gap or repeat, the state once and last.

import { EventStreamReader } from './event_stream.mjs';

const ATTEMPT_IDS = 2 ** 40;

export class EventStreamCheck {
  #reader = new EventStreamReader();
  #judge;
  #first = true;
  #lastId = null;
  #over = false;

  constructor(judge) {
    this.#judge = judge;
  }

  push(bytes) {
    return this.#reader.push(bytes).flatMap((item) => this.#item(item));
  }

  end() {
    return this.#reader.torn ? ['stream ends inside an event'] : [];
  }

  #item(item) {
    const problems = [];
    if (this.#first && !('retry' in item)) problems.push('stream does not begin with retry');
    this.#first = false;
    if (this.#over) problems.push('something follows the state event');
    if ('retry' in item)
      return /^\d+$/.test(item.retry) ? problems : [...problems, 'retry is no number'];
    if ('comment' in item) return problems;
    return [...problems, ...this.#event(item)];
  }

  #event({ id, event, data }) {
    let value;
    try {
      value = JSON.parse(data);
    } catch (error) {
      return [`event ${event}: data is no JSON: ${error.message}`];
    }
    const whole = id === undefined ? { event, data: value } : { id, event, data: value };
    const problems = this.#judge(`event ${event}`, whole);
    if (problems.length > 0) return problems;
    if (event === 'log') return this.#lines(id, [value]);
    if (event === 'logs') return this.#lines(id, value.logs);
    if (event === 'state') return this.#state(value);
    this.#attempt(value.attempt ?? 1);
    return [];
  }

  /** The log begins anew, with greater ids. */
  #attempt(attempt) {
    const base = (attempt - 1) * ATTEMPT_IDS;
    if (this.#lastId !== null && this.#lastId < base) this.#lastId = base;
  }

  #lines(id, entries) {
    const problems = [];
    for (const entry of entries) {
      const first = entry.gap?.first_id ?? entry.id;
      if (this.#lastId !== null && first !== this.#lastId + 1) {
        problems.push(`line ${entry.id} follows line ${this.#lastId}`);
      }
      this.#lastId = entry.id;
    }
    if (id !== String(this.#lastId)) problems.push(`event id ${id} carries line ${this.#lastId}`);
    return problems;
  }

  #state(state) {
    this.#over = true;
    if (this.#lastId === null || this.#lastId === state.last_id) return [];
    return [`state says last_id ${state.last_id} after line ${this.#lastId}`];
  }
}
