// SPDX-License-Identifier: Apache-2.0
//
// A run's log as the page has it: the end of it first, then what comes, then whatever somebody looks at. Knows no
// element of the page.

import { AllLines } from './all_lines';
import { PAGE_LINES, type Criteria, type LogApi } from './api';
import { attemptOf, AttemptLog } from './attempt_log';
import { Follower, type Connection, type RunState, type RunStatus } from './follower';
import type { LogEntry } from './line';
import { PickedLines } from './picked_lines';
import type { Rows } from './rows';
import { Search } from './search';

/** Further behind than this, what was missed is read when somebody looks at it. */
const BEHIND_MAX = 5000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;

export interface LogModelOptions {
  api: LogApi;
  /** Another attempt's log than the latest one's: it has ended. */
  attempt?: number;
  /** How many lines there are by now; asked before a stream is taken up again. */
  countLines(): Promise<number>;
  onChange(): void;
  /** The rows are others. */
  onRows(): void;
  onStatus?(status: RunStatus): void;
  onState?(state: RunState): void;
}

export class LogModel {
  readonly all: AllLines;
  #options: LogModelOptions;
  #picked: PickedLines | null = null;
  #search: Search | null = null;
  #follower: Follower;
  #log: AttemptLog;
  #stopping = new AbortController();
  connection: Connection = 'connecting';
  /** When the stream is tried again. */
  retryAt = 0;
  /** The stream broke, and is not back yet. */
  isLost = false;
  /** The end of the log was read: how long it is is known. */
  isLoaded = false;
  error: string | null = null;

  constructor(options: LogModelOptions) {
    this.#options = options;
    const { api, attempt, onChange } = options;
    this.#log = new AttemptLog(api, attempt);
    this.all = new AllLines(this.#log, onChange);
    this.#follower = new Follower(
      {
        open: (afterNumber, signal) => this.#log.stream(afterNumber, signal),
        lastId: () => this.all.lastId,
        prepare: () => this.#catchUp(),
      },
      {
        onLines: (entries) => this.#take(entries),
        onStatus: (status) => options.onStatus?.(status),
        onState: (state) => options.onState?.(state),
        onConnection: (connection, retryInMs) => {
          this.connection = connection;
          this.isLost = connection === 'waiting' || (connection === 'connecting' && this.isLost);
          this.retryAt = retryInMs === undefined ? 0 : Date.now() + retryInMs;
          onChange();
        },
      },
    );
  }

  get rows(): Rows {
    return this.#picked ?? this.all;
  }

  get picked(): PickedLines | null {
    return this.#picked;
  }

  /** The lines of the attempt that is shown, by their numbers. */
  get log(): LogApi {
    return this.#log;
  }

  get search(): Search | null {
    return this.#search;
  }

  /** Reads the end of the log, and follows it when more may come. */
  async start(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.#readEnd(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.error = error instanceof Error ? error.message : String(error);
        this.#options.onChange();
        const ms = Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS);
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.#follower.stop();
    this.#picked?.stop();
    this.#search?.stop();
    this.all.clear();
  }

  pause(): void {
    this.#follower.pause();
  }

  resume(): void {
    this.#follower.resume();
  }

  reconnect(): void {
    this.#follower.restart();
  }

  /** Show only these lines; all when empty. */
  pick(criteria: Criteria): void {
    this.#picked?.stop();
    this.#picked = null;
    if (criteria.stream !== undefined || criteria.q !== undefined) {
      this.#picked = new PickedLines(criteria, this.#log, this.#options.onChange);
      void this.#picked.start(() => this.all.lastId);
    }
    this.#options.onRows();
  }

  /** Look for `q`; for nothing when there is none. */
  find(criteria: Criteria): void {
    this.#search?.stop();
    this.#search = null;
    if (criteria.q !== undefined) {
      this.#search = new Search(criteria, this.#log, this.#options.onChange);
      void this.#search.start(() => this.all.lastId);
    }
    this.#options.onChange();
  }

  async #readEnd(signal: AbortSignal): Promise<void> {
    const page = await this.#log.tail(PAGE_LINES, signal);
    this.all.append(page.logs);
    this.isLoaded = true;
    this.error = null;
    if (page.meta.complete || this.#options.attempt !== undefined) this.connection = 'ended';
    else this.#follower.start();
    this.#options.onChange();
  }

  #take(entries: LogEntry[]): void {
    const attempt = attemptOf(entries.at(-1)?.id ?? 0);
    if (attempt > this.#log.attempt) this.#restart(attempt);
    this.#append(this.#log.numbered(entries));
  }

  #append(entries: LogEntry[]): void {
    const fresh = this.all.append(entries);
    if (fresh.length === 0) return;
    this.#picked?.take(fresh);
    this.#search?.take(fresh);
    this.#options.onChange();
  }

  /** What is much more than somebody wants to see pass by is read when it is looked at. */
  async #catchUp(): Promise<void> {
    const lines = await this.#options.countLines();
    if (lines <= this.all.lastId + BEHIND_MAX) return;
    const { attempt } = this.#log;
    const page = await this.#log.tail(PAGE_LINES, this.#stopping.signal);
    if (this.#log.attempt !== attempt) this.#restart(this.#log.attempt);
    this.#append(page.logs);
  }

  /** The run is tried again: its log begins anew. */
  #restart(attempt: number): void {
    this.#log.attempt = attempt;
    this.all.clear();
    if (this.#picked) this.pick(this.#picked.criteria);
    if (this.#search) this.find(this.#search.criteria);
    this.#options.onRows();
  }
}
