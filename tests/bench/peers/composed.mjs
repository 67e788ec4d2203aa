#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// composed.mjs bullmq|graphile PORT_FILE: what a user would build instead of Errand, over the same
// containers: POST /runs puts a job into a durable queue, a worker runs a container for it through
// the Docker Engine API, GET /runs/ID waits for its end.
//
// REDIS_PORT or DATABASE_URL says where the queue is, ENGINE_SOCKET where the engine, IMAGE what runs.

import { EventEmitter, once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { Engine } from './engine.mjs';

const [kind, portFile] = process.argv.slice(2);
const WORKERS = 8;
const engine = new Engine(process.env.ENGINE_SOCKET);
const ends = new EventEmitter().setMaxListeners(0);
const ended = new Map();

async function work(id) {
  ended.set(id, await engine.run(process.env.IMAGE, ['/bin/true']));
  ends.emit(id);
}

/** Functions that add a job and resolve with its id once it is durable. */
const queues = {
  async bullmq() {
    const { Queue, Worker } = await import('bullmq');
    const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };
    const queue = new Queue('runs', { connection });
    new Worker('runs', ({ id }) => work(id), { connection, concurrency: WORKERS });
    return async () => (await queue.add('run', {})).id;
  },
  async graphile() {
    const { makeWorkerUtils, run } = await import('graphile-worker');
    const connectionString = process.env.DATABASE_URL;
    const utils = await makeWorkerUtils({ connectionString });
    await utils.migrate();
    const taskList = { run: (payload, { job }) => work(String(job.id)) };
    await run({ connectionString, concurrency: WORKERS, taskList, noHandleSignals: true, logger: undefined });
    return async () => String((await utils.addJob('run', {})).id);
  },
};

const add = await queues[kind]();
const server = http.createServer(async (request, response) => {
  request.resume();
  let id = request.url.slice('/runs/'.length);
  if (request.method === 'POST') id = await add();
  else if (!ended.has(id)) await once(ends, id);
  response.end(JSON.stringify({ id, exit_code: ended.get(id) ?? null }));
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync(`${portFile}.new`, String(server.address().port));
  renameSync(`${portFile}.new`, portFile);
});
