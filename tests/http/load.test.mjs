// SPDX-License-Identifier: Apache-2.0
//
// A replica restarts under load: 64 connections post runs, 1,000 streams are open. Whoever tries
// again gets through, no run is lost or made twice, and every stream sees one end.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, test } from 'node:test';
import { EventStreamReader } from '../support/contract/event_stream.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { within } from './support/wait.mjs';

const POSTERS = 64;
const RUNS_EACH = 20;
const STREAMS = 1000;
const FOLLOWED_RUNS = 10;

const stack = await Stack.start();
after(() => stack.stop());
const { port: restartedPort, program: restarted } = await stack.startReplica();
const ports = [stack.directPort, restartedPort];
const headers = { Authorization: `Bearer ${stack.tokens.user}` };

/** Resolves with the answer's head, or with null when there was none. */
async function open(agent, port, method, path, more = {}) {
  const req = http.request({
    agent,
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { ...headers, ...more },
  });
  req.end();
  try {
    const [res] = await within(`${method} ${path}`, once(req, 'response'), 60000);
    res.on('error', () => {});
    return res;
  } catch (error) {
    if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code)) return null;
    throw error;
  }
}

/** One run, tried with the same key, at one replica after the other, until it is there. */
async function post(agent, path, first, counts) {
  const key = randomUUID();
  for (let attempt = first; ; attempt++) {
    const res = await open(agent, ports[attempt % 2], 'POST', path, { 'Idempotency-Key': key });
    const chunks = [];
    if (res) for await (const chunk of res) chunks.push(chunk);
    if (res?.statusCode === 200) return JSON.parse(Buffer.concat(chunks)).run.id;
    assert.ok(res === null || res.statusCode === 503, `${res?.statusCode}: ${chunks}`);
    counts.retries++;
  }
}

async function postAll(runner) {
  const path = `/v1/runners/${runner.id}/runs`;
  const counts = { retries: 0 };
  const ids = [];
  await Promise.all(
    Array.from({ length: POSTERS }, async (_, poster) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < RUNS_EACH; i++) ids.push(await post(agent, path, poster + i, counts));
      agent.destroy();
    }),
  );
  return { ids, ...counts };
}

/** Follow to the end over as many connections as it takes; resolves with the `state` events. */
async function follow(run, index, opened) {
  const states = [];
  for (let attempt = index; states.length === 0; attempt++) {
    const res = await open(false, ports[attempt % 2], 'GET', `/v1/runs/${run.id}/logs/stream`);
    opened();
    if (!res) continue;
    assert.ok(res.statusCode === 200 || res.statusCode === 503, `stream: ${res.statusCode}`);
    const reader = new EventStreamReader();
    res.on('data', (bytes) => {
      for (const { event, data } of reader.push(bytes))
        if (event === 'state') states.push(JSON.parse(data));
    });
    await once(res, 'close');
  }
  return states;
}

test('a replica restarts under load', async (t) => {
  const runner = await makeRunner(stack.client, { name: 'load' });
  const followed = [];
  for (let i = 0; i < FOLLOWED_RUNS; i++) followed.push(await trigger(stack.client, runner));

  let n = 0;
  let allOpen;
  const streamsOpen = new Promise((resolve) => {
    allOpen = resolve;
  });
  const streams = Array.from({ length: STREAMS }, (_, i) =>
    follow(followed[i % FOLLOWED_RUNS], i, () => {
      if (++n === STREAMS) allOpen();
    }),
  );
  await within('the streams to open', streamsOpen, 60000);

  const posting = postAll(runner);
  await restarted.stop();
  await stack.startReplica({ listen: `127.0.0.1:${restartedPort}` });
  const { ids, retries } = await posting;
  assert.ok(retries > 0, 'the restart was not felt');
  t.diagnostic(`${ids.length} runs, ${retries} tries again, ${n} streams opened`);

  assert.equal(new Set(ids).size, POSTERS * RUNS_EACH);
  const stored = stack.database.sql(`SELECT id FROM runs WHERE runner_id = '${runner.id}'`);
  assert.deepEqual(stored.sort(), [...ids, ...followed.map((run) => run.id)].sort());

  for (const run of followed) await stack.client.post(`/v1/runs/${run.id}/stop`);
  for (const states of await within('the streams to end', Promise.all(streams), 60000)) {
    assert.equal(states.length, 1);
    assert.equal(states[0].status, 'canceled');
  }
});
