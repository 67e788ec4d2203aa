// SPDX-License-Identifier: Apache-2.0
//
// What an exit code says to who does not know it by heart.

const SIGNALS: Record<number, [name: string, meaning: string]> = {
  1: ['SIGHUP', 'its terminal was closed'],
  2: ['SIGINT', 'it was interrupted'],
  3: ['SIGQUIT', 'it was asked to quit'],
  4: ['SIGILL', 'illegal instruction: often built for another processor'],
  6: ['SIGABRT', 'it gave up by itself: an assertion or abort()'],
  7: ['SIGBUS', 'bad access to memory'],
  8: ['SIGFPE', 'arithmetic error, such as a division by zero'],
  9: ['SIGKILL', 'it was killed'],
  11: ['SIGSEGV', 'segmentation fault: it touched memory that is not its own'],
  13: ['SIGPIPE', 'it wrote to somebody who no longer reads'],
  15: ['SIGTERM', 'it was asked to end'],
  24: ['SIGXCPU', 'it used up its processor time'],
  31: ['SIGSYS', 'it made a system call that is not allowed'],
};

const CODES: Record<number, string> = {
  0: 'success',
  1: 'the program reports an error; its log says which',
  2: 'the program reports an error: often wrong arguments',
  126: 'the command was found, but cannot be executed: is it a program, with the right to run?',
  127: 'the command was not found in the image',
  255: 'the program reports an error: often exit(-1)',
};

export function exitCodeMeaning(code: number, reason: string | null): string {
  if (reason === 'timeout') return 'killed at its time limit';
  if (reason === 'oom_killed') return 'killed by the kernel: it wanted more memory than it may have';
  const known = CODES[code];
  if (known) return known;
  const signal = SIGNALS[code - 128];
  if (signal) return `ended by ${signal[0]}: ${signal[1]}`;
  if (code > 128 && code < 128 + 65) return `ended by signal ${code - 128}`;
  return 'the program’s own code';
}
