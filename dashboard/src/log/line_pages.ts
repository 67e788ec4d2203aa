// SPDX-License-Identifier: Apache-2.0
//
// Lines by their row, in pages of PAGE_LINES, as many as fit a budget: what was looked at longest ago is let go and
// read again when somebody scrolls there. The memory is the same for a thousand lines and for a million.

import { PLAIN, styleAfter, type Style } from './ansi';
import { PAGE_LINES } from './api';
import { lineBytes, type Line } from './line';

const BUDGET_BYTES = 32 << 20;
/** A page that is being read is worth it only if somebody still looks there. */
const READS_MAX = 3;
const RETRY_MS = 2000;

/** Reads the rows of a page that are missing: from row `first` on. */
export type ReadPage = (first: number, signal: AbortSignal) => Promise<void>;

interface Page {
  slots: (Line | undefined)[];
  bytes: number;
  used: number;
  reading: AbortController | null;
  failedAt: number;
  /** Before each line that was asked for, by stream: stdout, stderr. */
  styles: [Style, Style][];
}

export class LinePages {
  #pages = new Map<number, Page>();
  #bytes = 0;
  #clock = 0;
  #read: ReadPage;
  #budget: number;

  constructor(read: ReadPage, budget = BUDGET_BYTES) {
    this.#read = read;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(row: number): Line | undefined {
    const page = this.#pages.get(Math.floor(row / PAGE_LINES));
    if (!page) return undefined;
    page.used = ++this.#clock;
    return page.slots[row % PAGE_LINES];
  }

  put(row: number, line: Line): void {
    const page = this.#page(Math.floor(row / PAGE_LINES));
    const slot = row % PAGE_LINES;
    if (page.slots[slot]) return;
    page.slots[slot] = line;
    page.bytes += lineBytes(line);
    this.#bytes += lineBytes(line);
    if (page.styles.length > slot + 1) page.styles.length = slot + 1;
  }

  /** After a series of `put`: lets go of what is too much. `keep` is where somebody looks. */
  trim(keep: number): void {
    const kept = Math.floor(keep / PAGE_LINES);
    while (this.#bytes > this.#budget) {
      let oldest: number | null = null;
      for (const [n, page] of this.#pages) {
        if (Math.abs(n - kept) <= 1 || page.reading) continue;
        if (oldest === null || page.used < this.#pages.get(oldest)!.used) oldest = n;
      }
      if (oldest === null) return;
      this.#bytes -= this.#pages.get(oldest)!.bytes;
      this.#pages.delete(oldest);
    }
  }

  /** Somebody looks at the rows from..to: what is missing of them is read, what is not is not any more. */
  want(from: number, to: number, now = Date.now()): void {
    const [first, last] = [Math.floor(from / PAGE_LINES), Math.floor(to / PAGE_LINES)];
    for (const [n, page] of this.#pages) {
      if ((n < first - 1 || n > last + 1) && page.reading) page.reading.abort();
    }
    for (let n = first; n <= last && n < first + READS_MAX; n++) {
      const page = this.#page(n);
      page.used = ++this.#clock;
      if (page.reading || now - page.failedAt < RETRY_MS) continue;
      if (this.#lacks(page, n, from, to)) this.#start(page, n);
    }
  }

  clear(): void {
    for (const page of this.#pages.values()) page.reading?.abort();
    this.#pages.clear();
    this.#bytes = 0;
  }

  /** The style that the line of this row begins with. */
  styleBefore(row: number): Style {
    const n = Math.floor(row / PAGE_LINES);
    const page = this.#pages.get(n);
    const line = page?.slots[row % PAGE_LINES];
    if (!page || !line || line.stream === 'system') return PLAIN;
    this.#follow(page, n, row % PAGE_LINES);
    return page.styles[row % PAGE_LINES]![line.stream === 'stdout' ? 0 : 1];
  }

  #follow(page: Page, n: number, slot: number): void {
    const { styles, slots } = page;
    if (styles.length === 0) styles.push(this.#stylesAfter(n - 1));
    for (let i = styles.length - 1; i < slot; i++) {
      const line = slots[i];
      const [out, err] = styles[i]!;
      if (line?.stream === 'stdout') styles.push([styleAfter(line.text, out), err]);
      else if (line?.stream === 'stderr') styles.push([out, styleAfter(line.text, err)]);
      else styles.push([out, err]);
    }
  }

  #stylesAfter(n: number): [Style, Style] {
    const page = this.#pages.get(n);
    // only as far as it was looked at: colours that last for pages are rare
    if (!page || page.styles.length === 0) return [PLAIN, PLAIN];
    this.#follow(page, n, PAGE_LINES);
    return page.styles[PAGE_LINES]!;
  }

  #page(n: number): Page {
    let page = this.#pages.get(n);
    if (!page) {
      page = { slots: [], bytes: 0, used: ++this.#clock, reading: null, failedAt: 0, styles: [] };
      this.#pages.set(n, page);
    }
    return page;
  }

  #lacks(page: Page, n: number, from: number, to: number): boolean {
    const first = n * PAGE_LINES;
    const [low, high] = [Math.max(from - first, 0), Math.min(to - first, PAGE_LINES - 1)];
    for (let slot = low; slot <= high; slot++) if (!page.slots[slot]) return true;
    return false;
  }

  #start(page: Page, n: number): void {
    const reading = new AbortController();
    page.reading = reading;
    this.#read(n * PAGE_LINES, reading.signal)
      .catch(() => {
        if (!reading.signal.aborted) page.failedAt = Date.now();
      })
      .finally(() => {
        page.reading = null;
      });
  }
}
