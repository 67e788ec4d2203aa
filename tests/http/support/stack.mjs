// SPDX-License-Identifier: Apache-2.0
//
// errand-api on a database of its own, behind the contract recorder; with the scheduler on wish.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract } from '../../support/contract/contract.mjs';
import { Journal } from '../../support/contract/journal.mjs';
import { Recorder } from '../../support/contract/recorder.mjs';
import { Client } from './client.mjs';
import { Database } from './database.mjs';
import { Program, runProgram } from './program.mjs';
import { until } from './wait.mjs';

export class Stack {
  #dir = mkdtempSync(join(tmpdir(), 'errand-http.'));
  #journal = new Journal(process.env.ERRAND_CONTRACT_JOURNAL || null);
  #programs = [];
  #recorders = [];
  #settings = {};
  #secrets = new Set();

  /** Start it all; call `stop` when done. `settings` go to errand-api. */
  static async start({ scheduler = false, settings = {} } = {}) {
    const stack = new Stack();
    try {
      await stack.#start(scheduler, settings);
    } catch (error) {
      console.error(stack.#logs());
      await stack.#tearDown().catch(() => {});
      throw error;
    }
    return stack;
  }

  async #start(scheduler, settings) {
    this.database = new Database(join(this.#dir, 'postgres'));
    this.keyRing = join(this.#dir, 'key_ring');
    this.#settings = {
      database_url: this.database.conninfo('errand_api'),
      key_ring: this.keyRing,
    };
    runProgram('errand-api', ['migrate'], { database_url: this.database.conninfo() });
    runProgram('errand-api', ['keys', 'init'], this.#settings);
    this.tokens = {
      user: this.makeToken('user', 'tester'),
      project: this.makeToken('project', 'ci'),
      join: this.makeToken('join', 'fleet'),
      metrics: this.makeToken('metrics', 'prometheus'),
    };

    const first = await this.startReplica(settings);
    this.api = first.program;
    /** Past the recorder, for what no HTTP client would send. */
    this.directPort = first.port;
    this.anonymous = first.client.as(null);
    this.client = first.client;
    if (scheduler) this.startScheduler();
  }

  /** One more errand-api on the same database, behind a recorder of its own. */
  async startReplica(settings = {}) {
    const portFile = join(this.#dir, `port-${this.#programs.length}`);
    const program = this.#run('errand-api', {
      ...this.#settings,
      listen: '127.0.0.1:0',
      port_file: portFile,
      log_level: 'debug',
      threads: '2',
      ...settings,
    });
    await until('errand-api to listen', () => existsSync(portFile) || !program.isRunning);
    assert.ok(program.isRunning, 'errand-api ended at once');
    const port = Number(readFileSync(portFile, 'utf8'));
    const recorder = new Recorder({
      contract: Contract.load(),
      journal: this.#journal,
      upstream: `http://127.0.0.1:${port}`,
    });
    this.#recorders.push(recorder);
    return { program, port, client: new Client(await recorder.listen(), this.tokens.user) };
  }

  startScheduler(settings = {}) {
    return this.#run('errand-scheduler', {
      database_url: this.database.conninfo('errand_scheduler'),
      log_level: 'debug',
      ...settings,
    });
  }

  makeToken(kind, name) {
    const args = ['token', 'create', '--kind', kind, '--name', name];
    return this.plant(runProgram('errand-api', args, this.#settings));
  }

  /** What errand-api's commands need. */
  get programSettings() {
    return this.#settings;
  }

  /** A user token of this user, made past the API: nobody but the user could ask for it there. */
  tokenFor(userId) {
    const text = this.makeToken('user', 'made for');
    this.database.sql(`UPDATE tokens SET user_id = '${userId}', project_id = NULL
      WHERE id = (SELECT max(id::text)::uuid FROM tokens WHERE name = 'made for')`);
    return text;
  }

  /**
   * A second project with copies of one runner, one of its variables, one run and one container
   * registry: what must stay invisible. At least one of each must have been made before.
   */
  makeForeignProject() {
    const ids = Object.fromEntries(
      ['project', 'runner_id', 'env_id', 'run_id', 'container_registry_id'].map((name, i) => [
        name,
        `0190ffff-0000-7000-8000-00000000000${i}`,
      ]),
    );
    this.database.sql(`
      INSERT INTO projects (id, name) VALUES ('${ids.project}', 'foreign');
      CREATE TEMP TABLE runner AS SELECT * FROM runners LIMIT 1;
      UPDATE runner SET id = '${ids.runner_id}', project_id = '${ids.project}';
      INSERT INTO runners SELECT * FROM runner;
      CREATE TEMP TABLE env AS SELECT * FROM runner_env LIMIT 1;
      UPDATE env SET id = '${ids.env_id}', runner_id = '${ids.runner_id}';
      INSERT INTO runner_env SELECT * FROM env;
      CREATE TEMP TABLE run AS SELECT * FROM runs LIMIT 1;
      UPDATE run SET id = '${ids.run_id}', runner_id = '${ids.runner_id}', project_id = '${ids.project}';
      INSERT INTO runs SELECT * FROM run;
      CREATE TEMP TABLE registry AS SELECT * FROM container_registries LIMIT 1;
      UPDATE registry SET id = '${ids.container_registry_id}', project_id = '${ids.project}';
      INSERT INTO container_registries SELECT * FROM registry;`);
    return ids;
  }

  /** A value that must never be found in a log of ours. */
  plant(secret) {
    this.#secrets.add(secret);
    return secret;
  }

  /** Ends everything, then says what was wrong while it ran. */
  async stop() {
    let logs;
    try {
      for (const program of this.#programs) program.assertNotCrashed();
      for (const program of [...this.#programs].reverse())
        if (program.isRunning) await program.stop();
      logs = this.#logs();
    } finally {
      await this.#tearDown();
    }
    assert.deepEqual(this.#journal.violations, [], 'answers that break the contract');
    for (const secret of this.#secrets) {
      assert.ok(!logs.includes(secret), `a planted secret is in a log: ${secret.slice(0, 8)}…`);
    }
  }

  #run(name, settings) {
    const log = join(this.#dir, `${name}-${this.#programs.length}.log`);
    const program = new Program(name, settings, log);
    this.#programs.push(program);
    return program;
  }

  #logs() {
    return this.#programs.map((program) => program.log()).join('\n');
  }

  async #tearDown() {
    for (const recorder of this.#recorders) await recorder.close();
    for (const program of this.#programs) if (program.isRunning) await program.stop();
    this.database?.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
