// SPDX-License-Identifier: Apache-2.0
//
// setTimeout under a test's control. (node's own mock timers differ between the versions we run on.)

import type { TestContext } from 'node:test';

interface Waiting {
  id: number;
  at: number;
  call: () => void;
}

export interface Clock {
  /** Let so much time go by; what is due is called in its order. */
  tick: (ms: number) => void;
}

export function fakeTimeouts(t: TestContext): Clock {
  const { setTimeout, clearTimeout } = globalThis;
  let waiting: Waiting[] = [];
  let now = 0;
  let last = 0;
  t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  Object.assign(globalThis, {
    setTimeout: (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      waiting.push({ id: ++last, at: now + ms, call: () => call(...args) });
      return last;
    },
    clearTimeout: (id: unknown) => {
      waiting = waiting.filter((one) => one.id !== id);
    },
  });
  return {
    tick(ms) {
      const until = now + ms;
      for (;;) {
        const next = waiting.filter((one) => one.at <= until).sort((a, b) => a.at - b.at || a.id - b.id)[0];
        if (!next) break;
        waiting = waiting.filter((one) => one !== next);
        now = next.at;
        next.call();
      }
      now = until;
    },
  };
}
