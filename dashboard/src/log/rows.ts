// SPDX-License-Identifier: Apache-2.0
//
// What the list shows: all lines, or those that somebody picked out. A row is a place in the list; an id is the line's.

import type { Style } from './ansi';
import type { Line } from './line';

export interface Rows {
  readonly count: number;
  /** Undefined while it has not been read. */
  line(row: number): Line | undefined;
  id(row: number): number;
  /** The row of this line, or of the next one that there is; at most count. */
  row(id: number): number;
  style(row: number): Style;
  /** Somebody looks at these rows. */
  want(from: number, to: number): void;
}
