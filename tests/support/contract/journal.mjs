// SPDX-License-Identifier: Apache-2.0
//
// What was seen, as JSON lines that several processes may append to:
//   {"seen":{"operation":ID,"status":N}}                          once a pair and process
//   {"violation":{"request":"GET /v1/runs","status":N,"problems":[…]}}

import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export class Journal {
  #file;
  #seen = new Set();
  violations = [];

  /** Without a file it keeps violations in memory only. */
  constructor(file = null) {
    this.#file = file;
  }

  seen(operation, status) {
    const key = `${operation} ${status}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#append({ seen: { operation, status } });
  }

  violation(request, status, problems) {
    const violation = { request, status, problems: [...problems] };
    this.violations.push(violation);
    this.#append({ violation });
  }

  #append(entry) {
    if (this.#file) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}

export function readJournal(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
