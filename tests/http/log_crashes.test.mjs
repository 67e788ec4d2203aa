// SPDX-License-Identifier: Apache-2.0
//
// A long log while everything behind it is killed: PostgreSQL and both replicas of the API, without a
// word, at random moments; deliveries come twice and out of order. What was printed, what followers
// read and what is downloaded are the same bytes.
//
// ERRAND_LOG_CRASH_LINES lines, a million for the full proof.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EventStreamReader } from '../support/contract/event_stream.mjs';
import { Random } from '../support/random.mjs';
import { FakeAgent } from './support/fake_agent.mjs';
import { logFrame } from './support/log_frame.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const LINES = Number(process.env.ERRAND_LOG_CRASH_LINES ?? 20000);
const BATCH = Math.max(50, Math.min(1500, Math.round(LINES / 200)));
const FAULTS = 10 + LINES / 5000; // so that a slow machine gets through, too
const TIMEOUT_MS = 80000 + LINES / 2;
const SILENCE_MS = 40000; // longer than a stream is without a sign of life
const SEED = Number(process.env.ERRAND_SEED ?? Date.now() % 1e9);

const random = new Random(SEED);
const below = (n) => random.below(n);

const stack = await Stack.start({ scheduler: true });
// acknowledged means on disk, here too
stack.database.sql('ALTER SYSTEM SET synchronous_commit = on');
stack.database.sql('SELECT pg_reload_conf()');
const replicas = [{ program: stack.api, port: stack.directPort }, await stack.startReplica()];
const line = (id) => `line ${id} ${'abcdefghij'.repeat(id % 7)}`;

/** Who waits for what, told when the time is over. */
const waits = {};
const over = new AbortController();
setTimeout(() => over.abort(), TIMEOUT_MS).unref();
let breaking = null;
after(async () => {
  over.abort();
  await breaking?.catch(() => {}); // it starts programs
  await stack.stop();
});

/** A request that fails when nobody answers, or nothing more comes. */
async function request(port, method, path, token, body = null) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body) headers['Content-Type'] = 'application/octet-stream';
  const to = { agent: false, host: '127.0.0.1', port, method, path, headers };
  const req = http.request({ ...to, signal: over.signal, timeout: SILENCE_MS });
  req.on('timeout', () => req.destroy(new Silence(`${method} ${path}: silence from ${port}`)));
  req.end(body);
  const [res] = await once(req, 'response');
  return res;
}

class Silence extends Error {}

/** What breaks a connection here is expected, but neither silence nor the end of the time. */
function tolerate(error) {
  if (over.signal.aborted)
    throw new Error(`not over after ${TIMEOUT_MS} ms: ${JSON.stringify(waits)}`);
  if (error.code === 'ERR_ASSERTION' || error instanceof Silence) throw error;
}

async function bytesOf(res) {
  const chunks = [];
  for await (const chunk of res) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What the API says to one POST of frames; null when it said nothing. */
async function ship(agent, bytes) {
  try {
    const { port } = replicas[below(2)];
    const res = await request(port, 'POST', '/agent/v1/logs', agent.credential, bytes);
    const body = await bytesOf(res);
    return res.statusCode === 200 ? JSON.parse(body).acks : null;
  } catch (error) {
    tolerate(error);
    return null;
  }
}

/** Ships all lines as an agent may that restarts and whose requests overtake each other. */
async function shipAll(agent, assignment, counts) {
  const frame = (from, n) => {
    const size = Math.min(n, LINES - from + 1);
    const lines = Array.from({ length: size }, (_, i) => ({
      msg: line(from + i),
      ts_us: from + i,
    }));
    return logFrame({ ...assignment, firstId: from, lines });
  };
  let acked = 0;
  while (acked < LINES) {
    const sends = [[acked + 1, 1 + below(BATCH)]];
    if (random.chance(0.2) && acked > 0) sends.push([1 + below(acked), 1 + below(BATCH)]);
    if (random.chance(0.2)) sends.push([Math.min(LINES, acked + 2 + below(BATCH)), 1 + below(BATCH)]);
    if (random.chance(0.2)) sends.push(sends[0]);
    if (random.chance(0.5)) sends.reverse();
    counts.posts += sends.length;
    const answers = await Promise.all(sends.map(([from, n]) => ship(agent, frame(from, n))));
    const heard = answers.filter(Boolean).map((acks) => acks[0]);
    counts.unanswered += sends.length - heard.length;
    for (const ack of heard) {
      assert.equal(ack.code, undefined);
      assert.ok(ack.last_id <= LINES);
      acked = Math.max(acked, ack.last_id);
    }
    waits.shipping = `line ${acked} is acknowledged`;
    if (heard.length === 0) await delay(20);
  }
}

/** Follows over as many connections as it takes; a hash of what was read. */
async function follow(name, path, counts) {
  const hash = createHash('sha256');
  let last = 0;
  for (;;) {
    let ended = null;
    try {
      const query = `?batch=${below(2)}&after_id=${last}`;
      const { port } = replicas[below(2)];
      waits[name] = `connects to ${port} at line ${last}`;
      const res = await request(port, 'GET', path + query, stack.tokens.user);
      counts.connections++;
      const reader = new EventStreamReader();
      for await (const bytes of res) {
        for (const { event, data } of reader.push(bytes)) {
          const value = data ? JSON.parse(data) : null;
          for (const entry of event === 'log' ? [value] : (value?.logs ?? [])) {
            assert.equal(entry.id, last + 1);
            assert.equal(entry.gap, undefined);
            last = entry.id;
            waits[name] = `has line ${last} from ${port}`;
            hash.update(`${entry.msg}\n`);
          }
          if (event === 'state') ended = value;
        }
      }
    } catch (error) {
      tolerate(error);
      await delay(10);
    }
    if (ended) return { ended, digest: hash.digest('hex') };
  }
}

/** Until `isOver`, or enough has died: something dies. */
async function breakThings(counts, isOver) {
  while (!isOver() && counts.apiKills + counts.databaseCrashes < FAULTS) {
    await delay(100 + below(500));
    const victim = below(3);
    if (victim === 2) {
      await stack.database.crash();
      counts.databaseCrashes++;
    } else {
      await replicas[victim].program.kill();
      replicas[victim] = await stack.startReplica({ listen: `127.0.0.1:${replicas[victim].port}` });
      counts.apiKills++;
    }
  }
}

/** Whether it was taken; a database that is not back yet is asked again. */
async function tellEnd(agent, { run, attempt }) {
  const event = agent.finishedEvent({ run, attempt }, { last_line: LINES });
  const { status, json, text } = await agent.reportAll([event]).catch((error) => {
    tolerate(error);
    return { status: 503 };
  });
  if (status === 503) return false;
  assert.equal(status, 200, text);
  assert.equal(json.results[0].ok, true, text);
  return true;
}

test('a long log is whole whatever dies', async (t) => {
  const agent = await FakeAgent.join(stack, 'node-1');
  await agent.connect();
  const run = await trigger(stack.client, await makeRunner(stack.client));
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  const logs = `/v1/runs/${run.id}/logs`;
  const counts = {
    posts: 0,
    unanswered: 0,
    connections: 0,
    apiKills: 0,
    databaseCrashes: 0,
  };

  let shipped = false;
  const following = ['one', 'two'].map((name) => follow(name, `${logs}/stream`, counts));
  const followers = Promise.all(following);
  followers.catch(() => {}); // told when it is waited for
  breaking = breakThings(counts, () => shipped || over.signal.aborted);
  await shipAll(agent, assignment, counts);
  shipped = true;
  await breaking;
  t.diagnostic(`seed ${SEED}: ${JSON.stringify(counts)}`);
  assert.ok(counts.apiKills + counts.databaseCrashes >= 3, 'too little was broken');

  await until('the end of the run to be taken', () => tellEnd(agent, assignment));

  const hash = createHash('sha256');
  for (let id = 1; id <= LINES; id++) hash.update(`${line(id)}\n`);
  const expected = hash.digest('hex');
  for (const { ended, digest } of await followers) {
    assert.equal(ended.last_id, LINES);
    assert.equal(digest, expected, 'what a follower read');
  }
  const res = await request(replicas[1].port, 'GET', `${logs}?format=text`, stack.tokens.user);
  const text = createHash('sha256').update(await bytesOf(res));
  assert.equal(text.digest('hex'), expected, 'what is downloaded');
  assert.deepEqual(
    stack.database.sql(
      `SELECT count(*), sum(last_id - first_id + 1) FROM log_chunks WHERE run_id = '${run.id}'`,
    )[0].split('|')[1],
    String(LINES),
  );
  agent.disconnect();
});
