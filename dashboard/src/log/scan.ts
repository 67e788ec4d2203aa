// SPDX-License-Identifier: Apache-2.0
//
// Reads through the stored log for the lines that match, from the first to the last one stored; what comes live
// afterwards is looked at here. Search and filters are both this.

import { PAGE_LINES, type Criteria, type LogApi } from './api';
import { lineFromEntry, type Line } from './line';

/** As the server does it: other letters than A-Z are as they are, and no text changes its length. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function contains(text: string, q: string, ignoresCase: boolean): boolean {
  return ignoresCase ? lowerCase(text).includes(lowerCase(q)) : text.includes(q);
}

export function matches(line: Line, { stream, q, ignore_case }: Criteria): boolean {
  if (line.gap) return q === undefined;
  if (stream !== undefined && line.stream !== stream) return false;
  return q === undefined || contains(line.text, q, ignore_case === 1);
}

export interface ScanHandlers {
  onLines(lines: Line[]): void;
  /** How far it has come. */
  onProgress(lastId: number, done: boolean): void;
  onError(error: unknown): void;
}

const RETRY_MS = 2000;

export class Scan {
  #stopping = new AbortController();
  #lastId = 0;
  #isDone = false;
  #end = () => 0;

  constructor(
    readonly criteria: Criteria,
    private readonly api: LogApi,
    private readonly handlers: ScanHandlers,
  ) {}

  /** Everything up to this line was looked at. */
  get lastId(): number {
    return this.#lastId;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Reads until there is nothing stored after `end()`. */
  async run(end: () => number): Promise<void> {
    const { signal } = this.#stopping;
    this.#end = end;
    this.#isDone = false;
    while (!signal.aborted) {
      try {
        await this.#readTo(end, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.handlers.onError(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Lines that came live; those that come too early are read from what is stored. */
  take(lines: Line[]): void {
    if (!this.#isDone) return;
    const fresh = lines.filter((line) => line.id > this.#lastId);
    if (fresh.length === 0) return;
    const firstId = fresh[0]!.gap?.firstId ?? fresh[0]!.id;
    if (firstId > this.#lastId + 1) {
      // some were left out on the way here; they are stored
      void this.run(this.#end);
      return;
    }
    this.#lastId = fresh.at(-1)!.id;
    const wanted = fresh.filter((line) => matches(line, this.criteria));
    if (wanted.length > 0) this.handlers.onLines(wanted);
  }

  async #readTo(end: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#lastId < end()) {
      const before = this.#lastId;
      const query = { ...this.criteria, after_id: before, limit: PAGE_LINES };
      const page = await this.api.page(query, signal);
      if (signal.aborted) return;
      const lines = page.logs.map(lineFromEntry).filter((line) => matches(line, this.criteria));
      this.#lastId = Math.max(page.meta.last_id, before);
      if (lines.length > 0) this.handlers.onLines(lines);
      // a log that is not stored has nothing to read
      if (this.#lastId === before) this.#lastId = end();
      this.handlers.onProgress(this.#lastId, false);
    }
    if (signal.aborted) return;
    this.#isDone = true;
    this.handlers.onProgress(this.#lastId, true);
  }
}
