// SPDX-License-Identifier: Apache-2.0
//
// Numbers that a seed repeats: mulberry32, by Tommy Ettinger, public domain.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ result < limit, whole. */
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  of(list) {
    return list[this.below(list.length)];
  }
}
