// SPDX-License-Identifier: Apache-2.0
//
// The lines that a filter lets through. Their ids are found by reading through the log once; the lines themselves are
// kept as long as there is room, and read again by the same filter.

import { PLAIN, type Style } from './ansi';
import { PAGE_LINES, type Criteria, type LogApi } from './api';
import { IdList } from './id_list';
import { lineFromEntry, type Line } from './line';
import { LinePages } from './line_pages';
import type { Rows } from './rows';
import { matches, Scan } from './scan';

export class PickedLines implements Rows {
  #ids = new IdList();
  #pages: LinePages;
  #scan: Scan;
  #looked = 0;

  constructor(
    readonly criteria: Criteria,
    private readonly api: LogApi,
    private readonly onChange: () => void,
    onError: (error: unknown) => void = () => {},
    budget?: number,
  ) {
    this.#pages = new LinePages((first, signal) => this.#read(first, signal), budget);
    this.#scan = new Scan(criteria, api, {
      onLines: (lines) => this.#found(lines),
      onProgress: () => this.onChange(),
      onError,
    });
  }

  get count(): number {
    return this.#ids.length;
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
    this.#pages.clear();
  }

  take(lines: Line[]): void {
    this.#scan.take(lines);
  }

  line(row: number): Line | undefined {
    return this.#pages.get(row);
  }

  id(row: number): number {
    return this.#ids.at(row);
  }

  row(id: number): number {
    return this.#ids.place(id);
  }

  /** Colours that began in a line which is not shown are not known. */
  style(): Style {
    return PLAIN;
  }

  want(from: number, to: number): void {
    this.#looked = from;
    if (this.count > 0) this.#pages.want(from, Math.min(to, this.count - 1));
  }

  #found(lines: Line[]): void {
    for (const line of lines) {
      this.#pages.put(this.#ids.length, line);
      this.#ids.push(line.id);
    }
    this.#pages.trim(this.#looked);
    this.onChange();
  }

  async #read(first: number, signal: AbortSignal): Promise<void> {
    const end = Math.min(first + PAGE_LINES, this.count);
    let row = first;
    let after = first === 0 ? 0 : this.#ids.at(first - 1);
    while (row < end) {
      const query = { ...this.criteria, after_id: after, limit: PAGE_LINES };
      const page = await this.api.page(query, signal);
      for (const entry of page.logs) {
        const line = lineFromEntry(entry);
        if (row < end && matches(line, this.criteria)) this.#pages.put(row++, line);
      }
      if (page.meta.last_id <= after) break;
      after = page.meta.last_id;
    }
    this.#pages.trim(this.#looked);
    this.onChange();
  }
}
