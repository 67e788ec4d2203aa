// SPDX-License-Identifier: Apache-2.0
//
// What the runs do, and what must come of each: known before it is asked for, from the seed alone.

const SHELL = ['sh', '-c'];

function lines(first, count, prefix = '') {
  return Array.from({ length: count }, (_, i) => `${prefix}${first + i}`);
}

/** How a run may end that nothing but its own command ends. */
function exits(code) {
  return { status: code === 0 ? 'succeeded' : 'failed', exit_code: code, termination_reason: 'exited' };
}

/** Begun anew elsewhere when its hypervisor is lost, and only then. */
function movingFor(seconds) {
  return {
    runner: 'moving',
    script: `for i in $(seq 1 ${seconds * 10}); do echo "step $i"; sleep 0.1; done`,
    log: lines(1, seconds * 10, 'step '),
    end: exits(0),
  };
}

const kinds = {
  quick(random) {
    const code = random.of([0, 0, 0, 1, 77]);
    return { script: `echo done; exit ${code}`, log: ['done'], end: exits(code) };
  },
  /** Some seconds of it, so that something happens meanwhile. */
  slow(random) {
    const count = 20 + random.below(60);
    const code = random.of([0, 3]);
    const script = `for i in $(seq 1 ${count}); do echo "line $i"; sleep 0.1; done; exit ${code}`;
    return { script, log: lines(1, count, 'line '), end: exits(code) };
  },
  loud(random) {
    const count = 1000 + random.below(20000);
    return { script: `seq 1 ${count}`, log: lines(1, count), end: exits(0) };
  },
  silent: () => ({ script: 'sleep 1', log: [], end: exits(0) }),
  /** Its last line has no end. */
  torn: () => ({ script: 'echo whole; printf torn', log: ['whole', 'torn'], end: exits(0) }),
  stubborn: () => ({
    script: 'trap "" TERM; echo here; sleep 600 & wait; sleep 600',
    fields: { timeout_seconds: 2 },
    log: ['here'],
    end: { status: 'failed', exit_code: 124, termination_reason: 'timeout' },
  }),
  /** Stopped by a user at some moment: before it starts, while it starts, while it runs. */
  stopped: (random) => ({
    script: 'echo here; exec sleep 600',
    stopAfterMs: random.below(3000),
    log: ['here'],
    mayBeShort: true,
    end: { status: 'canceled' },
  }),
  /** It has a network of its own, wherever it is. */
  networked: () => ({
    script: 'test -e /sys/class/net/eth0 && echo there',
    log: ['there'],
    end: exits(0),
  }),
  moving: (random) => movingFor(2 + random.below(10)),
  /** Tried twice, and both fail. */
  retried: () => ({
    runner: 'retrying',
    script: 'echo again; exit 9',
    log: ['again'],
    attempts: 2,
    end: exits(9),
  }),
  environment: (random) => {
    const value = `v${random.below(1000)}`;
    return {
      script: 'echo "$CHAOS"',
      fields: { env_variables: [{ env_key: 'CHAOS', env_val: value }] },
      log: [value],
      end: exits(0),
    };
  },
};

/** Some of the first go on for very long, if there is the time. */
function isEnduring(n, longestSeconds) {
  return longestSeconds > 0 && n < 30 && n % 6 === 0;
}

/**
 * The n-th thing to do. Its mark, of which no other load on this machine has the tag, is on its command
 * line, for whoever looks at processes.
 */
export function task(n, random, { tag, longestSeconds }) {
  const endures = isEnduring(n, longestSeconds);
  const kind = endures ? 'moving' : random.of(Object.keys(kinds));
  const { script, fields = {}, ...rest } = endures ? movingFor(longestSeconds) : kinds[kind](random);
  const mark = `chaos-${tag}-${n}.`;
  return {
    runner: 'plain',
    attempts: 1,
    mayBeShort: false,
    ...rest,
    n,
    kind,
    fields: { ...fields, argv: [...SHELL, script, mark] },
  };
}
