// SPDX-License-Identifier: Apache-2.0
//
// Who really runs, told by the kernel and by nobody of ours: every process of the machine that has a
// task's mark on its command line, and the PID namespace it lives in. Two namespaces with one mark at
// the same moment are two attempts of one run at once.

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const MARK = /\0(chaos-\d+\.)\0/;

/** [mark, namespace] of a process, or null. */
function look(pid) {
  try {
    const mark = MARK.exec(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))?.[1];
    return mark ? [mark, readlinkSync(`/proc/${pid}/ns/pid`)] : null;
  } catch {
    return null; // it ended
  }
}

/** Map of mark to Map of namespace to a pid in it. */
function sweep() {
  const own = readlinkSync('/proc/self/ns/pid');
  const seen = new Map();
  for (const pid of readdirSync('/proc')) {
    const found = /^\d+$/.test(pid) && look(pid);
    if (!found || found[1] === own) continue; // the runtime's, before it enters its own
    if (!seen.has(found[0])) seen.set(found[0], new Map());
    seen.get(found[0]).set(found[1], pid);
  }
  return seen;
}

export class Witness {
  #timer;
  #overlaps = new Set();

  constructor() {
    this.#timer = setInterval(() => this.#check(), 25);
  }

  #check() {
    for (const [mark, places] of sweep()) {
      if (places.size < 2) continue;
      const alive = [...places].filter(([place, pid]) => look(pid)?.[1] === place);
      if (alive.length > 1) this.#overlaps.add(mark);
    }
  }

  /** Marks that were seen twice at once. */
  stop() {
    clearInterval(this.#timer);
    return [...this.#overlaps];
  }

  /** Marks of what runs now. */
  static running() {
    return [...sweep().keys()];
  }
}
