// SPDX-License-Identifier: Apache-2.0
//
// A private PostgreSQL with one database, and SQL into it for what has no endpoint.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../../support/postgres.sh', import.meta.url));

export class Database {
  #dir;
  #conninfo;

  constructor(dir) {
    this.#dir = dir;
    this.#script('start', dir);
    this.#conninfo = this.#script('createdb', dir, 'errand');
  }

  stop() {
    this.#script('stop', this.#dir);
  }

  /** For a program that connects as `role`; without one: as the owner. */
  conninfo(role) {
    return role ? this.#conninfo.replace(/user=\S+/, `user=${role}`) : this.#conninfo;
  }

  /** Runs the statements; returns the rows as text, columns separated by "|". */
  sql(text, database = 'errand') {
    const conninfo = this.#conninfo.replace(/dbname=\S+/, `dbname=${database}`);
    const args = ['--no-psqlrc', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', conninfo, '-c', text];
    return execFileSync('psql', args, { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
  }

  /** Runs one statement and stays in its transaction: {held, release()}, two promises. */
  hold(statement) {
    const psql = spawn('psql', ['--no-psqlrc', '-qAtX', '-d', this.#conninfo], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    psql.stdin.write(`BEGIN; ${statement}; SELECT 'held';\n`);
    return {
      held: once(psql.stdout, 'data'),
      release() {
        psql.stdin.end();
        return psql.exitCode === null ? once(psql, 'exit') : null;
      },
    };
  }

  /** As if the server were gone: sessions end, and no new one is let in until `comeBack`. */
  goAway() {
    this.sql('ALTER DATABASE errand ALLOW_CONNECTIONS false', 'postgres');
    this.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'errand'`,
      'postgres',
    );
  }

  /** Kills every process of the server without a word, and starts it again. */
  async crash() {
    await promisify(execFile)(SCRIPT, ['crash', this.#dir]);
  }

  comeBack() {
    this.sql('ALTER DATABASE errand ALLOW_CONNECTIONS true', 'postgres');
  }

  #script(...args) {
    const env = { ...process.env, OWNER_PID: String(process.pid) };
    return execFileSync(SCRIPT, args, { encoding: 'utf8', env }).trim();
  }
}
