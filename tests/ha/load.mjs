// SPDX-License-Identifier: Apache-2.0
//
// node load.mjs RUNS LINES SECONDS: triggers RUNS runs over SECONDS, each of which prints LINES
// numbered lines, follows every log from its first line to its `state` event through whatever breaks
// in between, and then asks for each run and its log once more. Ends with 0 when every run ended well
// and every line was seen exactly once, in order, both live and afterwards; prints what it went
// through as JSON.
//
// URL, TOKEN and RUNNER say where. A request that fails is sent again, a trigger with its
// Idempotency-Key; a stream goes on behind the last line that was seen.

import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const { URL: base, TOKEN, RUNNER } = process.env;
const [RUNS, LINES, SECONDS] = process.argv.slice(2).map(Number);
const GIVE_UP_MS = 120_000;
const ATTEMPT_IDS = 2 ** 40; // ids of lines that each attempt has for itself
const deadline = Date.now() + SECONDS * 1000 + GIVE_UP_MS;
const seen = { runs: RUNS, lines: 0, retries: 0, resumes: 0, slowest_ms: 0 };

function request(method, path, { body, headers = {} } = {}) {
  const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const req = http.request(new URL(path, base), {
      agent: false,
      method,
      headers: {
        Authorization: `Bearer ${TOKEN}`,
        ...(bytes && { 'Content-Type': 'application/json', 'Content-Length': bytes.length }),
        ...headers,
      },
    });
    req.setTimeout(20_000, () => req.destroy(new Error('silent for 20 s')));
    req.on('error', reject);
    req.on('response', resolve);
    req.end(bytes);
  });
}

async function textOf(res) {
  const chunks = [];
  for await (const chunk of res) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The answer's JSON, however often it has to be asked for. */
async function insist(method, path, options) {
  const began = Date.now();
  for (;;) {
    try {
      const res = await request(method, path, options);
      const text = await textOf(res);
      if (res.statusCode === 200) {
        seen.slowest_ms = Math.max(seen.slowest_ms, Date.now() - began);
        return JSON.parse(text);
      }
      if (res.statusCode < 500) throw Object.assign(new Error(`${res.statusCode} ${text}`), { fatal: true });
    } catch (error) {
      if (error.fatal || Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error(`${method} ${path}: no answer`);
    seen.retries++;
    await delay(100);
  }
}

/** Events of one connection; returns when it ends, however. */
async function* eventsOf(path, headers) {
  const res = await request('GET', path, { headers });
  if (res.statusCode === 204) return;
  if (res.statusCode !== 200) {
    await textOf(res);
    throw new Error(`stream: ${res.statusCode}`);
  }
  let rest = '';
  res.setEncoding('utf8');
  for await (const chunk of res) {
    rest += chunk;
    for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
      const fields = Object.fromEntries(
        rest.slice(0, end).split('\n').filter((line) => !line.startsWith(':'))
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]),
      );
      if (fields.event) yield { event: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

async function follow(run) {
  let last = 0;
  let n = 0;
  for (let connection = 0; ; connection++) {
    if (Date.now() > deadline) throw new Error(`${run.id}: the log stands at ${last}`);
    if (connection > 0) {
      seen.resumes++;
      await delay(100);
    }
    try {
      for await (const { event, data } of eventsOf(`/v1/runs/${run.id}/logs/stream`, last > 0 ? { 'Last-Event-ID': String(last) } : {})) {
        if (event === 'log') {
          // a run that was placed anew before it started begins at its attempt's first id
          const follows = data.id === last + 1 || (last === 0 && data.id % ATTEMPT_IDS === 1);
          if (!follows || data.msg !== `line ${n + 1}`)
            throw Object.assign(new Error(`${run.id}: ${JSON.stringify(data)} after ${last}`), { fatal: true });
          last = data.id;
          n++;
          seen.lines++;
        } else if (event === 'state') {
          return { n, state: data };
        }
      }
    } catch (error) {
      if (error.fatal) throw error;
    }
  }
}

async function one(i) {
  const body = { argv: ['sh', '-c', `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo line $i; [ $((i%20)) -ne 0 ] || sleep 0.2; done`] };
  const { run } = await insist('POST', `/v1/runners/${RUNNER}/runs`, { body, headers: { 'Idempotency-Key': `ha-${process.pid}-${i}` } });
  const { n, state } = await follow(run);
  if (state.status !== 'succeeded' || n !== LINES)
    throw new Error(`${run.id} ended ${JSON.stringify(state)} with ${n} lines seen`);
  const after = (await insist('GET', `/v1/runs/${run.id}`)).run;
  if (after.status !== 'succeeded' || after.exit_code !== 0)
    throw new Error(`${run.id} is ${after.status} afterwards: ${after.termination_reason}`);
  const page = await insist('GET', `/v1/runs/${run.id}/logs?limit=1000`);
  const stored = page.logs.map(({ msg }) => msg);
  if (stored.length !== LINES || stored.some((msg, k) => msg !== `line ${k + 1}`))
    throw new Error(`${run.id}: ${stored.length} lines are stored`);
  return run.id;
}

const began = Date.now();
const results = await Promise.allSettled(
  Array.from({ length: RUNS }, async (_, i) => {
    await delay((SECONDS * 1000 * i) / RUNS);
    return one(i);
  }),
);
const ids = results.filter(({ value }) => value).map(({ value }) => value);
const failures = results.filter(({ reason }) => reason).map(({ reason }) => reason.message);
if (new Set(ids).size !== ids.length) failures.push('two triggers made one run');
console.log(JSON.stringify({ ...seen, took_ms: Date.now() - began, failures: failures.slice(0, 5), failed: failures.length }));
process.exit(failures.length === 0 ? 0 : 1);
