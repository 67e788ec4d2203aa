// SPDX-License-Identifier: Apache-2.0
//
// Where words are in the whole log: the ids of the lines, found while one can already go to the first ones.

import type { Criteria, LogApi } from './api';
import { IdList } from './id_list';
import type { Line } from './line';
import { Scan } from './scan';

export class Search {
  #hits = new IdList();
  #scan: Scan;

  constructor(
    readonly criteria: Criteria,
    api: LogApi,
    onChange: () => void,
    onError: (error: unknown) => void = () => {},
  ) {
    this.#scan = new Scan(criteria, api, {
      onLines: (lines) => {
        for (const line of lines) this.#hits.push(line.id);
        onChange();
      },
      onProgress: onChange,
      onError,
    });
  }

  get count(): number {
    return this.#hits.length;
  }

  get isDone(): boolean {
    return this.#scan.isDone;
  }

  get scannedTo(): number {
    return this.#scan.lastId;
  }

  start(end: () => number): Promise<void> {
    return this.#scan.run(end);
  }

  stop(): void {
    this.#scan.stop();
  }

  take(lines: Line[]): void {
    this.#scan.take(lines);
  }

  has(id: number): boolean {
    return this.#hits.has(id);
  }

  /** The 1-based place of this line among the hits; 0 when it is none. */
  placeOf(id: number): number {
    return this.#hits.has(id) ? this.#hits.place(id) + 1 : 0;
  }

  /** The next hit after line `id`, or before it, round the ends; null without any. */
  next(id: number, direction: 1 | -1): number | null {
    const n = this.#hits.length;
    if (n === 0) return null;
    const place = direction === 1 ? this.#hits.place(id + 1) : this.#hits.place(id) - 1;
    return this.#hits.at((place + n) % n);
  }
}
