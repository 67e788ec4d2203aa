// SPDX-License-Identifier: Apache-2.0
//
// Runs that print just what a test says.

import { makeRunner, trigger } from '../../http/support/samples.mjs';

const CHUNK_LINES = 1000;

/** A run that has begun: {run, runner, assignment, path}. */
export async function startRun(stack, agent, { runner, body, fields } = {}) {
  runner ??= await makeRunner(stack.client, { name: 'nightly-report', ...fields });
  const run = await trigger(stack.client, runner, body);
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  return { run, runner, assignment, path: `/runs/${run.id}`, printed: 0 };
}

/** Prints `lines` after what was printed before. */
export async function print(agent, item, lines) {
  for (let i = 0; i < lines.length; i += CHUNK_LINES) {
    const some = lines.slice(i, i + CHUNK_LINES);
    await agent.log(item.assignment, item.printed + 1, some);
    item.printed += some.length;
  }
}

/** Prints `n` lines that `text(id)` says. */
export async function printMany(agent, item, n, text = (id) => `line ${id}`) {
  while (n > 0) {
    const some = Math.min(n, CHUNK_LINES);
    const first = item.printed + 1;
    await print(agent, item, Array.from({ length: some }, (_, i) => text(first + i)));
    n -= some;
  }
}

export function end(agent, item, change = {}) {
  return agent.finished(item.assignment, { last_line: item.printed, ...change });
}
