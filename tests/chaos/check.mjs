// SPDX-License-Identifier: Apache-2.0
//
// Whether a run came to what its task says. Each fault is one line of text.

const ATTEMPT_IDS = 2 ** 40;

/** `entries`: the log of one attempt. */
function* logFaults(task, entries, what) {
  const printed = entries.filter((entry) => entry.stream !== 'system');
  for (const [i, entry] of entries.entries()) {
    if (entry.id % ATTEMPT_IDS !== i + 1) {
      yield `${what}: entry ${i + 1} has id ${entry.id}`;
      break;
    }
  }
  for (const [i, entry] of printed.entries()) {
    if (entry.msg !== task.log[i]) {
      yield `${what}: line ${i + 1} is ${JSON.stringify(entry.msg)}, not ${JSON.stringify(task.log[i])}`;
      return;
    }
  }
  if (printed.length !== task.log.length && !task.mayBeShort) {
    yield `${what}: ${printed.length} lines of ${task.log.length}`;
  }
}

/** The ways a run may end that its task does not know, by what was done to it. */
const EXCUSED = {
  killed_shim: (run) => run.termination_reason === 'internal',
  killed_runtime: (run) => run.termination_reason === 'start_failed',
  killed_container: (run) => run.termination_reason === 'exited' && run.exit_code === 137,
  cut_off: (run) => run.termination_reason === 'hypervisor_lost' && run.hypervisor.name === 'far',
};

/** A disk that fills in the moment of a start is told, and nothing was begun. */
function wasNotBegun(run) {
  return run.termination_reason === 'start_failed' && /No space left|disk/.test(run.termination_message);
}

/** Attempts that ended because the far hypervisor was lost, which nothing but a long cut may bring. */
function lostAttempts(attempts) {
  return attempts.filter((attempt) => attempt.termination_reason === 'hypervisor_lost' && attempt.completed_at);
}

/** `outcome`: {run, attempts, log, followed: {log, states}}; `done`: set of what was done to it. */
export function* faults(task, outcome, done) {
  const { run, attempts, log, followed } = outcome;
  const isExcused = wasNotBegun(run) || [...done].some((what) => EXCUSED[what]?.(run));
  const expected = isExcused ? { ...task, mayBeShort: true } : task;
  const moves = lostAttempts(attempts.slice(0, -1));
  for (const attempt of moves) {
    if (!done.has('cut_off') || attempt.hypervisor.name !== 'far') {
      yield `attempt ${attempt.attempt} was lost with ${attempt.hypervisor.name}, which was there`;
    }
  }
  if (!isExcused) {
    for (const [name, value] of Object.entries(task.end)) {
      if (run[name] !== value) yield `${name} is ${run[name]} (${run.termination_message}), not ${value}`;
    }
    const wanted = task.attempts + moves.length;
    if (run.attempt !== wanted && !(task.mayBeShort && run.attempt === 0)) {
      yield `attempt is ${run.attempt}, not ${wanted}`;
    }
  }
  yield* logFaults(expected, log, 'stored log');
  const last = followed.log.filter(({ id }) => id > (run.attempt - 1) * ATTEMPT_IDS);
  yield* logFaults(expected, last, 'followed log');
  if (last.length !== log.length) {
    yield `the follower got ${last.length} entries of the last attempt, ${log.length} are stored`;
  }
  if (followed.states.length !== 1) yield `the follower got ${followed.states.length} states`;
  else if (followed.states[0].status !== run.status) yield `the follower was told ${followed.states[0].status}`;
}
