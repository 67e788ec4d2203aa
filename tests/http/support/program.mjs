// SPDX-License-Identifier: Apache-2.0
//
// The programs under test, from the folder in ERRAND_BIN_DIR.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from './wait.mjs';

const BIN_DIR = process.env.ERRAND_BIN_DIR;
assert.ok(BIN_DIR, 'set ERRAND_BIN_DIR to the folder of the built programs');

/** Settings as a program reads them: {key_ring: "x"} -> ERRAND_KEY_RING=x. */
function environment(settings) {
  const env = { ...process.env };
  for (const [name, value] of Object.entries(settings)) env[`ERRAND_${name.toUpperCase()}`] = value;
  return env;
}

/** Runs to the end; returns what it printed. */
export function runProgram(name, args, settings) {
  return execFileSync(join(BIN_DIR, name), args, {
    encoding: 'utf8',
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

/** A program that keeps running. It does not outlive this process. */
export class Program {
  #name;
  #child;
  #exited;
  #logFile;
  #killed = false;

  constructor(name, settings, logFile) {
    this.#name = name;
    this.#logFile = logFile;
    const log = openSync(logFile, 'a');
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', join(BIN_DIR, name)], {
      env: environment(settings),
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#exited = once(this.#child, 'exit');
  }

  get pid() {
    return this.#child.pid;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** It runs, or it ended in peace. */
  assertNotCrashed() {
    if (this.#killed) return;
    const { exitCode, signalCode } = this.#child;
    assert.equal(
      signalCode ?? exitCode ?? 0,
      0,
      `${this.#name} crashed:\n${this.log().slice(-4000)}`,
    );
  }

  /** It ends now, and that is no crash. */
  async kill() {
    this.#killed = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  signal(name) {
    this.#child.kill(name);
  }

  log() {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Asks it to drain; it must end by itself and in peace. */
  async stop() {
    this.#child.kill('SIGTERM');
    try {
      const [code, signal] = await within(`${this.#name} to stop`, this.#exited, 20000);
      assert.equal(signal ?? code, 0, `${this.#name} ended badly:\n${this.log().slice(-4000)}`);
    } finally {
      this.#child.kill('SIGKILL');
    }
  }
}
