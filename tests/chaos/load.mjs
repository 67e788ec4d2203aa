#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// load.mjs --seed N --parallel N --stop-file FILE --excuses FILE --image IMAGE
//
// Posts runs and follows them while others break things, until FILE is there; then waits for their
// ends and checks every one. Exit code 1 and a line for each fault when anything is not as it must be.

import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faults } from './check.mjs';
import { Client } from './client.mjs';
import { Random } from './random.mjs';
import { Witness } from './witness.mjs';
import { task } from './work.mjs';

const END_MS = 180000; // of the last run after the last fault

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    parallel: { type: 'string' },
    'stop-file': { type: 'string' },
    excuses: { type: 'string' },
    image: { type: 'string' },
  },
});
const seed = Number(options.seed);
const client = new Client(process.env.ERRAND_URL, process.env.ERRAND_TOKEN);
const outcomes = [];

async function makeRunner(name, fields) {
  const runner = { name, image_name: options.image, image_tag: '1', stop_grace_seconds: 1, ...fields };
  return (await client.ask('POST', '/v1/runners', { body: runner })).runner.id;
}

async function stopLater(run, ms) {
  await delay(ms);
  await client.ask('POST', `/v1/runs/${run}/stop`);
}

async function doOne(runners, n) {
  const work = task(n, new Random(seed * 1000003 + n));
  const { run } = await client.ask('POST', `/v1/runners/${runners[work.runner]}/runs`, {
    body: work.fields,
    headers: { 'Idempotency-Key': `chaos-${seed}-${n}` },
  });
  const stopped = work.stopAfterMs === undefined ? null : stopLater(run.id, work.stopAfterMs);
  outcomes.push({ work, id: run.id, followed: await client.follow(run.id, giveUpAt()) });
  await stopped;
}

let stoppedAt = null;
const isOver = () => existsSync(options['stop-file']);
const giveUpAt = () => (stoppedAt ?? Date.now()) + END_MS;

function readExcuses() {
  const lines = existsSync(options.excuses) ? readFileSync(options.excuses, 'utf8').trim().split('\n') : [];
  return new Map(lines.filter(Boolean).map((line) => line.split(' ', 2)));
}

async function main() {
  const retry = { max_attempts: 2, delay_seconds: 0, jitter: 0, on: ['failed'] };
  const runners = { plain: await makeRunner('plain', {}), retrying: await makeRunner('retrying', { retry }) };
  const witness = new Witness();
  let next = 0;
  const workers = Array.from({ length: Number(options.parallel) }, async () => {
    while (!isOver()) await doOne(runners, next++);
    stoppedAt ??= Date.now();
  });
  await Promise.all(workers);

  const excuses = readExcuses();
  const wrong = [];
  const counts = {};
  for (const { work, id, followed } of outcomes.sort((a, b) => a.work.n - b.work.n)) {
    const { run } = await client.ask('GET', `/v1/runs/${id}`);
    const outcome = { run, followed, log: await client.log(id) };
    for (const fault of faults(work, outcome, excuses.get(id))) wrong.push(`${work.kind} ${work.n} (${id}): ${fault}`);
    const end = excuses.has(id) ? `${run.termination_reason} (${excuses.get(id)})` : run.status;
    counts[end] = (counts[end] ?? 0) + 1;
  }
  const known = new Set(outcomes.map(({ id }) => id));
  for (const runner of Object.values(runners)) {
    for (const run of await client.runs(runner)) if (!known.has(run.id)) wrong.push(`nobody asked for run ${run.id}`);
  }
  wrong.push(...witness.stop().map((mark) => `${mark} ran twice at once`));
  wrong.push(...Witness.running().map((mark) => `${mark} still runs`));
  wrong.push(...new Set(client.serverErrors));
  console.log(`${outcomes.length} runs: ${JSON.stringify(counts)}`);
  for (const line of wrong) console.log(`WRONG ${line}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

await main();
