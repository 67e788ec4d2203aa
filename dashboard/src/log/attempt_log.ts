// SPDX-License-Identifier: Apache-2.0
//
// Each attempt of a run numbers its lines 1, 2, 3 … On the way they have ids that grow over all attempts. The page shows
// one attempt, and speaks of its line numbers only: here is where the two meet.

import type { LogApi, LogPage, PageQuery } from './api';
import type { LogEntry } from './line';

const ATTEMPT_IDS = 2 ** 40;

export function attemptOf(id: number): number {
  return Math.floor(id / ATTEMPT_IDS) + 1;
}

export class AttemptLog implements LogApi {
  /** The attempt that is shown; another one when the run is tried again. */
  attempt = 1;

  /** `fixed` for one that is not the latest. */
  constructor(
    private readonly api: LogApi,
    private readonly fixed?: number,
  ) {
    if (fixed !== undefined) this.attempt = fixed;
  }

  /** Reads the end, which tells which attempt is the latest. */
  async tail(lines: number, signal: AbortSignal): Promise<LogPage> {
    const page = await this.api.page({ tail: lines, attempt: this.fixed }, signal);
    this.attempt = this.fixed ?? attemptOf(page.meta.last_id);
    return this.#numbered(page);
  }

  async page(query: PageQuery, signal: AbortSignal): Promise<LogPage> {
    const after_id = this.#id(query.after_id ?? 0);
    return this.#numbered(await this.api.page({ ...query, after_id, attempt: this.fixed }, signal));
  }

  stream(afterNumber: number, signal: AbortSignal): Promise<Response> {
    return this.api.stream(this.#id(afterNumber), signal);
  }

  /** The entries with the numbers of their lines; those of other attempts are left out. */
  numbered(entries: LogEntry[]): LogEntry[] {
    const base = this.#id(0);
    return entries
      .filter(({ id }) => attemptOf(id) === this.attempt)
      .map((entry) => {
        const { gap } = entry;
        const moved = gap && { ...gap, first_id: Math.max(gap.first_id - base, 1) };
        return base === 0 ? entry : { ...entry, id: entry.id - base, ...(moved && { gap: moved }) };
      });
  }

  #numbered(page: LogPage): LogPage {
    const last_id = Math.max(page.meta.last_id - this.#id(0), 0);
    return { logs: this.numbered(page.logs), meta: { ...page.meta, last_id } };
  }

  #id(number: number): number {
    return (this.attempt - 1) * ATTEMPT_IDS + number;
  }
}
