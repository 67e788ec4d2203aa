// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a condition, with an end.

import { setTimeout as delay } from 'node:timers/promises';

/** Ask `probe` until it answers something true, and return that. */
export async function until(what, probe, timeoutMs = 15000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await delay(10);
  }
}

/** Reject when `promise` takes longer than this. */
export async function within(what, promise, timeoutMs = 15000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms for ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
