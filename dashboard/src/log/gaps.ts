// SPDX-License-Identifier: Apache-2.0
//
// Ranges of lines that are not to be had take one row each, however many lines they stand for.

import type { Line } from './line';

interface Gap {
  first: number;
  last: number;
  line: Line;
  /** Rows that all gaps before this one save. */
  saved: number;
}

export class Gaps {
  #gaps: Gap[] = [];
  #saved = 0;

  /** Rows that the gaps save: lines minus this is rows. */
  get saved(): number {
    return this.#saved;
  }

  clear(): void {
    this.#gaps = [];
    this.#saved = 0;
  }

  /** False when it was known. */
  add(line: Line): boolean {
    let first = line.gap!.firstId;
    let last = line.id;
    const known = this.#gaps.find((gap) => gap.first <= first && gap.last >= last);
    if (known) return false;
    const others = this.#gaps.filter((gap) => {
      const touches = gap.first <= last + 1 && gap.last >= first - 1;
      if (!touches || gap.line.gap!.reason !== line.gap!.reason) return true;
      first = Math.min(first, gap.first);
      last = Math.max(last, gap.last);
      return false;
    });
    const whole = { ...line, id: last, gap: { ...line.gap!, firstId: first } };
    this.#gaps = [...others, { first, last, line: whole, saved: 0 }].sort((a, b) => a.first - b.first);
    this.#saved = 0;
    for (const gap of this.#gaps) {
      gap.saved = this.#saved;
      this.#saved += gap.last - gap.first;
    }
    return true;
  }

  /** The line that stands for this one, if it is missing. */
  at(id: number): Line | undefined {
    const gap = this.#lastBefore((each) => each.first <= id);
    return gap && id <= gap.last ? gap.line : undefined;
  }

  rowOf(id: number): number {
    const gap = this.#lastBefore((each) => each.first <= id);
    if (!gap) return id - 1;
    if (id <= gap.last) return gap.first - 1 - gap.saved;
    return id - 1 - gap.saved - (gap.last - gap.first);
  }

  idOf(row: number): number {
    const gap = this.#lastBefore((each) => each.first - 1 - each.saved <= row);
    if (!gap) return row + 1;
    const gapRow = gap.first - 1 - gap.saved;
    return row === gapRow ? gap.first : row + 1 + gap.saved + (gap.last - gap.first);
  }

  #lastBefore(isBefore: (gap: Gap) => boolean): Gap | undefined {
    let [low, high] = [0, this.#gaps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#gaps[middle]!)) low = middle + 1;
      else high = middle;
    }
    return this.#gaps[low - 1];
  }
}
