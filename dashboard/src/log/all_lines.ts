// SPDX-License-Identifier: Apache-2.0
//
// The whole log. How long it is is known from the start; the lines come when they are looked at, and at the end by
// themselves.

import type { Style } from './ansi';
import { PAGE_LINES, type LogApi } from './api';
import { Gaps } from './gaps';
import { lineFromEntry, type Line, type LogEntry } from './line';
import { LinePages } from './line_pages';
import type { Rows } from './rows';

export class AllLines implements Rows {
  #pages: LinePages;
  #gaps = new Gaps();
  #lastId = 0;
  #looked = 0;
  #api: LogApi;
  #onChange: () => void;

  constructor(api: LogApi, onChange: () => void, budget?: number) {
    this.#api = api;
    this.#onChange = onChange;
    this.#pages = new LinePages((first, signal) => this.#read(first, signal), budget);
  }

  get lastId(): number {
    return this.#lastId;
  }

  get bytes(): number {
    return this.#pages.bytes;
  }

  get count(): number {
    return this.#lastId - this.#gaps.saved;
  }

  line(row: number): Line | undefined {
    const id = this.id(row);
    return this.#gaps.at(id) ?? this.#pages.get(id - 1);
  }

  id(row: number): number {
    return this.#gaps.idOf(row);
  }

  row(id: number): number {
    return Math.min(this.#gaps.rowOf(Math.max(id, 1)), this.count);
  }

  style(row: number): Style {
    return this.#pages.styleBefore(this.id(row) - 1);
  }

  want(from: number, to: number): void {
    if (this.count === 0) return;
    const [first, last] = [this.id(from), this.id(Math.min(to, this.count - 1))];
    this.#looked = first - 1;
    // what lies in one gap is there
    if (this.#gaps.at(first) && this.#gaps.at(first) === this.#gaps.at(last)) return;
    this.#pages.want(first - 1, last - 1);
  }

  /** New lines at the end; those that are known are let pass. Returns the new ones. */
  append(entries: LogEntry[]): Line[] {
    const fresh: Line[] = [];
    for (const entry of entries) {
      if (entry.id <= this.#lastId) continue;
      const line = lineFromEntry(entry);
      this.#put(line);
      this.#lastId = line.id;
      fresh.push(line);
    }
    this.#pages.trim(this.#looked);
    return fresh;
  }

  clear(): void {
    this.#pages.clear();
    this.#gaps.clear();
    this.#lastId = 0;
  }

  #put(line: Line): void {
    if (line.gap) this.#gaps.add(line);
    else this.#pages.put(line.id - 1, line);
  }

  async #read(first: number, signal: AbortSignal): Promise<void> {
    const end = Math.min(first + PAGE_LINES, this.#lastId);
    let after = first;
    // a page of long lines comes in parts
    while (after < end) {
      const limit = Math.min(PAGE_LINES, end - after);
      const page = await this.#api.page({ after_id: after, limit }, signal);
      for (const entry of page.logs) if (entry.id <= this.#lastId || entry.gap) this.#put(lineFromEntry(entry));
      if (page.meta.last_id <= after) break;
      after = page.meta.last_id;
      this.#onChange();
    }
    this.#pages.trim(this.#looked);
    this.#onChange();
  }
}
