// SPDX-License-Identifier: Apache-2.0
//
// A log and the API's rules about it, in memory.

import type { LogApi, LogPage, PageQuery } from '../../src/log/api';
import type { LogEntry, StreamName } from '../../src/log/line';

export class FakeLog implements LogApi {
  entries: LogEntry[] = [];
  isComplete = true;
  requests: PageQuery[] = [];
  failures = 0;
  /** A page holds no more than this, as one that is cut by its bytes or a second of searching. */
  pageMax = 1000;

  add(n: number, text: (id: number) => string = (id) => `line ${id}`, stream: StreamName = 'stdout') {
    for (let i = 0; i < n; i++) this.put(text((this.entries.at(-1)?.id ?? 0) + 1), stream);
    return this;
  }

  put(msg: string, stream: StreamName = 'stdout'): LogEntry {
    const id = (this.entries.at(-1)?.id ?? 0) + 1;
    const entry = { id, ts: new Date(1e12 + id).toISOString(), stream, msg };
    this.entries.push(entry);
    return entry;
  }

  async page(query: PageQuery, signal?: AbortSignal): Promise<LogPage> {
    this.requests.push(query);
    if (this.failures > 0) {
      this.failures--;
      throw new Error('no network');
    }
    await Promise.resolve();
    signal?.throwIfAborted();
    const { after_id = 0, tail, limit = 200, stream, q, ignore_case } = query;
    const last = this.entries.at(-1)?.id ?? 0;
    const after = tail ? Math.max(last - tail, 0) : after_id;
    const logs: LogEntry[] = [];
    let lastId = after;
    // ids are dense but for gaps, so the place is not before it
    let i = Math.min(after, this.entries.length);
    while (i > 0 && this.entries[i - 1]!.id > after) i--;
    for (const entry of this.entries.slice(i, i + 100_000)) {
      if (logs.length >= Math.min(tail ?? limit, this.pageMax)) break;
      lastId = entry.id;
      if (stream && entry.stream !== stream) continue;
      if (q && !(ignore_case ? entry.msg!.toLowerCase().includes(q.toLowerCase()) : entry.msg!.includes(q))) continue;
      logs.push(entry);
    }
    const more = lastId < last;
    return { logs, meta: { last_id: lastId, complete: this.isComplete && !more, more } };
  }

  stream(): Promise<Response> {
    return Promise.reject(new Error('not in this test'));
  }
}

/** Lets everything that waits for nothing but promises happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}
