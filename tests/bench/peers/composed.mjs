#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// composed.mjs bullmq|graphile PORT_FILE: what a user would build instead of Errand, over the same
// containers: POST /runs puts a job into a durable queue, a worker runs a container for it through
// the Docker Engine API, GET /runs/ID waits for its end. With {"argv": […], "log": true} BullMQ's
// worker also puts what the container prints into a stream of Redis, and GET /runs/ID/logs follows it
// as server-sent events, one a line; a line is in Redis, on the disk, before its event goes out.
//
// REDIS_PORT or DATABASE_URL says where the queue is, ENGINE_SOCKET where the engine, IMAGE what runs,
// WORKERS how many at a time (0: the queue alone).

import { EventEmitter, once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { Engine } from './engine.mjs';

const [kind, portFile] = process.argv.slice(2);
const WORKERS = Number(process.env.WORKERS ?? 8);
const engine = new Engine(process.env.ENGINE_SOCKET);
const ends = new EventEmitter().setMaxListeners(0);
const ended = new Map();
const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };

/** Where lines go: as they come, one entry a piece of whole lines; then the end. */
async function store(redis, id, pieces) {
  let part = '';
  for await (const piece of pieces) {
    const text = part + piece;
    const at = text.lastIndexOf('\n') + 1;
    part = text.slice(at);
    if (at > 0) await redis.xadd(`log:${id}`, '*', 'lines', text.slice(0, at));
  }
  if (part !== '') await redis.xadd(`log:${id}`, '*', 'lines', `${part}\n`);
}

async function work(id, { argv = ['/bin/true'], log = false } = {}, redis = null) {
  const onOutput = log ? (pieces) => store(redis, id, pieces) : null;
  const code = await engine.run(process.env.IMAGE, argv, onOutput);
  if (log) await redis.xadd(`log:${id}`, '*', 'end', String(code));
  ended.set(id, code);
  ends.emit(id);
}

/** Functions that add a job and resolve with its id once it is durable. */
const queues = {
  async bullmq() {
    const { Queue, Worker } = await import('bullmq');
    const { default: Redis } = await import('ioredis');
    const redis = new Redis(connection);
    const queue = new Queue('runs', { connection });
    if (WORKERS > 0) new Worker('runs', ({ id, data }) => work(id, data, redis), { connection, concurrency: WORKERS });
    return async (body) => (await queue.add('run', body)).id;
  },
  async graphile() {
    const { makeWorkerUtils, run } = await import('graphile-worker');
    const connectionString = process.env.DATABASE_URL;
    const utils = await makeWorkerUtils({ connectionString });
    await utils.migrate();
    const taskList = { run: (payload, { job }) => work(String(job.id)) };
    const logger = undefined;
    if (WORKERS > 0) await run({ connectionString, concurrency: WORKERS, taskList, noHandleSignals: true, logger });
    return async () => String((await utils.addJob('run', {})).id);
  },
};

/** The stream of a log from its beginning, until its end. */
async function followLog(id, response) {
  const { default: Redis } = await import('ioredis');
  const redis = new Redis(connection);
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (let last = '0', isOpen = true; isOpen;) {
    const found = await redis.xread('COUNT', 200, 'BLOCK', 5000, 'STREAMS', `log:${id}`, last);
    let text = '';
    for (const [key, [field, value]] of found?.[0][1] ?? []) {
      last = key;
      isOpen = field !== 'end';
      if (isOpen) text += `data: ${value.slice(0, -1).replaceAll('\n', '\n\ndata: ')}\n\n`;
      else text += `event: end\ndata: ${value}\n\n`;
    }
    if (!response.write(text)) await once(response, 'drain');
  }
  response.end();
  redis.disconnect();
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

const add = await queues[kind]();
const server = http.createServer(async (request, response) => {
  const body = await bodyOf(request);
  let [id, part] = request.url.slice('/runs/'.length).split('/');
  if (part === 'logs') return followLog(id, response);
  if (request.method === 'POST') id = await add(body);
  else if (!ended.has(id)) await once(ends, id);
  response.end(JSON.stringify({ id, exit_code: ended.get(id) ?? null }));
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync(`${portFile}.new`, String(server.address().port));
  renameSync(`${portFile}.new`, portFile);
});
