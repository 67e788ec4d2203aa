// SPDX-License-Identifier: Apache-2.0
//
// Ascending line ids, eight bytes each.

export class IdList {
  #ids = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(i: number): number {
    return this.#ids[i]!;
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) {
      const larger = new Float64Array(this.#ids.length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#length++] = id;
  }

  /** The place of `id`, or of the first one after it. */
  place(id: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  has(id: number): boolean {
    const i = this.place(id);
    return i < this.#length && this.#ids[i] === id;
  }
}
