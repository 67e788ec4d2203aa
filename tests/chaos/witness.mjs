// SPDX-License-Identifier: Apache-2.0
//
// Who really runs, told by the kernel and by nobody of ours: every process of the machine that has a
// task's mark on its command line, and the PID namespace it lives in. Two namespaces with one mark at
// the same moment are two attempts of one run at once.

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** [mark, namespace] of a process, or null. */
function look(pattern, pid) {
  try {
    const mark = pattern.exec(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))?.[1];
    return mark ? [mark, readlinkSync(`/proc/${pid}/ns/pid`)] : null;
  } catch {
    return null; // it ended
  }
}

/** Map of mark to Map of namespace to a pid in it. */
function sweep(pattern) {
  const own = readlinkSync('/proc/self/ns/pid');
  const seen = new Map();
  for (const pid of readdirSync('/proc')) {
    const found = /^\d+$/.test(pid) && look(pattern, pid);
    if (!found || found[1] === own) continue; // the runtime's, before it enters its own
    if (!seen.has(found[0])) seen.set(found[0], new Map());
    seen.get(found[0]).set(found[1], pid);
  }
  return seen;
}

export class Witness {
  #pattern;
  #timer;
  #overlaps = new Set();

  /** `tag`: of the marks to look for. */
  constructor(tag) {
    this.#pattern = new RegExp(`\\0(chaos-${tag}-\\d+\\.)\\0`);
    this.#timer = setInterval(() => this.#check(), 25);
  }

  #check() {
    for (const [mark, places] of sweep(this.#pattern)) {
      if (places.size < 2) continue;
      const alive = [...places].filter(([place, pid]) => look(this.#pattern, pid)?.[1] === place);
      if (alive.length > 1) this.#overlaps.add(mark);
    }
  }

  /** Marks that were seen twice at once. */
  stop() {
    clearInterval(this.#timer);
    return [...this.#overlaps];
  }

  /** Marks of what runs now. */
  running() {
    return [...sweep(this.#pattern).keys()];
  }
}
