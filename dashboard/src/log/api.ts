// SPDX-License-Identifier: Apache-2.0
//
// What the log needs of the server, so that tests can be the server.

import type { LogEntry, StreamName } from './line';

/** Which lines; all of them when empty. */
export interface Criteria {
  stream?: StreamName;
  q?: string;
  /** A-Z are a-z in `q`. */
  ignore_case?: 1;
}

export interface PageQuery extends Criteria {
  after_id?: number;
  tail?: number;
  limit?: number;
  attempt?: number;
}

export interface LogPage {
  logs: LogEntry[];
  meta: { last_id: number; complete: boolean; more: boolean };
}

/** As many lines as the API gives at once. */
export const PAGE_LINES = 1000;

export interface LogApi {
  page(query: PageQuery, signal: AbortSignal): Promise<LogPage>;
  /** The live stream; its status is for the caller to look at. */
  stream(afterId: number, signal: AbortSignal): Promise<Response>;
}
