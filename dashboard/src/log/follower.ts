// SPDX-License-Identifier: Apache-2.0
//
// The live stream by fetch, and what to do when it breaks: the place in the log is a number, so it goes on from there,
// on whatever network and server there is by then.

import type { LogEntry } from './line';
import { SseParser, type SseEvent } from './sse';

/** The server says something every 15 s. */
const SILENCE_MS = 35_000;
/** A connection that was kept from before may be dead without a word. */
const ANSWER_MS = 10_000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 15_000;

export interface RunStatus {
  status: string;
  attempt?: number;
  hypervisor?: string | null;
  pending_reason?: string | null;
  pull?: { done_bytes: number; total_bytes: number };
}

export interface RunState {
  status: string;
  exit_code: number | null;
  termination_reason: string;
  last_id: number;
}

export type Connection = 'connecting' | 'live' | 'waiting' | 'paused' | 'ended' | 'refused';

export interface FollowerHandlers {
  onLines(entries: LogEntry[]): void;
  onStatus(status: RunStatus): void;
  onState(state: RunState): void;
  onConnection(connection: Connection, retryInMs?: number): void;
}

export interface FollowerOptions {
  open(afterId: number, signal: AbortSignal): Promise<Response>;
  lastId(): number;
  /** Before each connection but the first. */
  prepare?(): Promise<void>;
  random?(): number;
}

/** An answer that will not get better by asking again. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

export class Follower {
  #options: FollowerOptions;
  #handlers: FollowerHandlers;
  #connection: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #heardAt = 0;
  #isOver = true;
  #isFirst = true;

  constructor(options: FollowerOptions, handlers: FollowerHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  start(): void {
    this.#isOver = false;
    void this.#connect();
  }

  /** For good. */
  stop(): void {
    this.#isOver = true;
    this.#close();
  }

  /** Nobody looks: the connection is given back (a browser has six of them a server). */
  pause(): void {
    if (this.#isOver) return;
    this.#close();
    this.#handlers.onConnection('paused');
  }

  /** Somebody looks again, the network is back, or a wait was long enough: what is not alive is tried at once. */
  resume(): void {
    if (this.#isOver) return;
    if (this.#connection && Date.now() - this.#heardAt < SILENCE_MS / 2) return;
    this.#failures = 0;
    this.#close();
    void this.#connect();
  }

  /** The network changed: a connection of before may hang for minutes without a word. */
  restart(): void {
    if (this.#isOver) return;
    this.#failures = 0;
    this.#close();
    void this.#connect();
  }

  #close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#connection?.abort();
    this.#connection = null;
  }

  async #connect(): Promise<void> {
    const connection = new AbortController();
    this.#connection = connection;
    this.#handlers.onConnection('connecting');
    this.#hear(connection, ANSWER_MS);
    try {
      if (!this.#isFirst) await this.#options.prepare?.();
      this.#isFirst = false;
      await this.#read(connection);
    } catch {
      // whatever broke, the answer is the same
    }
    if (this.#connection === connection) this.#wait();
  }

  async #read(connection: AbortController): Promise<void> {
    const { signal } = connection;
    if (signal.aborted) return;
    const response = await this.#options.open(this.#options.lastId(), signal);
    if (signal.aborted) return;
    if (isRefusal(response.status)) this.#end('refused');
    if (response.status !== 200 || !response.body) return;
    this.#hear(connection);
    this.#handlers.onConnection('live');
    const parser = new SseParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done || signal.aborted) return;
      this.#failures = 0;
      this.#hear(connection);
      for (const event of parser.push(value)) if (!signal.aborted) this.#take(event);
    }
  }

  #take({ event, data }: SseEvent): void {
    if (event === 'logs') this.#handlers.onLines((JSON.parse(data) as { logs: LogEntry[] }).logs);
    else if (event === 'log') this.#handlers.onLines([JSON.parse(data) as LogEntry]);
    else if (event === 'status') this.#handlers.onStatus(JSON.parse(data) as RunStatus);
    else if (event === 'state') {
      const state = JSON.parse(data) as RunState;
      this.#end('ended');
      this.#handlers.onState(state);
    }
  }

  #end(connection: 'ended' | 'refused'): void {
    this.stop();
    this.#handlers.onConnection(connection);
  }

  #hear(connection: AbortController, silenceMs = SILENCE_MS): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      connection.abort();
      if (this.#connection === connection) this.#wait();
    }, silenceMs);
  }

  #wait(): void {
    clearTimeout(this.#watch);
    this.#connection = null;
    if (this.#isOver) return;
    const random = this.#options.random ?? Math.random;
    const ceiling = Math.min(RETRY_MIN_MS * 2 ** this.#failures++, RETRY_MAX_MS);
    const ms = ceiling * (0.5 + random() / 2);
    this.#handlers.onConnection('waiting', ms);
    this.#timer = setTimeout(() => void this.#connect(), ms);
  }
}
