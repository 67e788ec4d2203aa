#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// load.mjs --seed N --tag TEXT --longest SECONDS --parallel N --stop-file FILE --excuses FILE --image IMAGE
//
// Posts runs, follows them and checks every one, until the stop file is there. Exit code 1 and a line
// for each fault when anything is not as it must be.

import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faults } from './check.mjs';
import { Client } from './client.mjs';
import { Random } from '../support/random.mjs';
import { Witness } from './witness.mjs';
import { task } from './work.mjs';

const END_MS = 180000; // of the last run after the last fault

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    tag: { type: 'string' },
    longest: { type: 'string', default: '0' },
    parallel: { type: 'string' },
    'stop-file': { type: 'string' },
    excuses: { type: 'string' },
    image: { type: 'string' },
  },
});
const seed = Number(options.seed);
const style = { tag: options.tag, longestSeconds: Number(options.longest) };
const client = new Client(process.env.ERRAND_URL, process.env.ERRAND_TOKEN);

async function makeRunner(name, fields) {
  const runner = { name, image_name: options.image, image_tag: '1', stop_grace_seconds: 1, ...fields };
  return (await client.ask('POST', '/v1/runners', { body: runner })).runner.id;
}

async function stopLater(run, ms) {
  await delay(ms);
  await client.ask('POST', `/v1/runs/${run}/stop`);
}

/** What was done from outside, a line each, written before it is done. */
function excuses() {
  const text = existsSync(options.excuses) ? readFileSync(options.excuses, 'utf8') : '';
  return text.split('\n').filter(Boolean).map((line) => line.split(' '));
}

/** What was done to a run: its own excuses, and `cut_off` if the far hypervisor was while it lived. */
function excusesOf(id, from) {
  const done = new Set();
  let lostAt = null;
  for (const [whom, what, at] of excuses()) {
    if (whom === id) done.add(what);
    else if (what === 'lost') lostAt = Number(at);
    else if (what === 'back' && from > Number(at)) lostAt = null;
  }
  if (lostAt !== null) done.add('cut_off');
  return done;
}

const wrong = [];
const counts = {};
const ended = new Map(); // id -> how

function count(end) {
  counts[end] = (counts[end] ?? 0) + 1;
}

async function check(work, id, followed, from) {
  const { run } = await client.ask('GET', `/v1/runs/${id}`);
  const { attempts } = await client.ask('GET', `/v1/runs/${id}/attempts`);
  const done = excusesOf(id, from);
  for (const fault of faults(work, { run, attempts, followed, log: await client.log(id) }, done)) {
    wrong.push(`${work.kind} ${work.n} (${id}): ${fault}`);
  }
  const own = [...done].filter((what) => what.startsWith('killed'));
  const moves = attempts.filter((attempt) => attempt.termination_reason === 'hypervisor_lost').length;
  const end = own.length > 0 ? `${run.termination_reason} (${own.sort()})` : run.status;
  count(moves > 0 ? `${end} (lost ${moves} times)` : end);
  ended.set(id, endOf(run));
}

const endOf = ({ status, exit_code: code, attempt }) => `${status} ${code} ${attempt}`;

async function doOne(runners, n) {
  const work = task(n, new Random(seed * 1000003 + n), style);
  const from = Date.now();
  const { run } = await client.ask('POST', `/v1/runners/${runners[work.runner]}/runs`, {
    body: work.fields,
    headers: { 'Idempotency-Key': `chaos-${seed}-${n}` },
  });
  const stopped = work.stopAfterMs === undefined ? null : stopLater(run.id, work.stopAfterMs);
  const followed = await client.follow(run.id, giveUpAt());
  await stopped;
  await check(work, run.id, followed, from);
}

let stoppedAt = null;
const isOver = () => existsSync(options['stop-file']);
const giveUpAt = () => (stoppedAt ?? Date.now()) + END_MS;

/** Every run that there is was asked for, and is as it was when it ended. */
async function checkAll(runners) {
  for (const runner of Object.values(runners)) {
    for (const run of await client.runs(runner)) {
      const end = ended.get(run.id);
      if (end === undefined) wrong.push(`nobody asked for run ${run.id}`);
      else if (end !== endOf(run)) wrong.push(`run ${run.id} ended as ${end} and now is ${endOf(run)}`);
      ended.delete(run.id);
    }
  }
  for (const id of ended.keys()) wrong.push(`run ${id} is gone`);
}

async function main() {
  const retry = { max_attempts: 2, delay_seconds: 0, jitter: 0, on: ['failed'] };
  const runners = {
    plain: await makeRunner('plain', {}),
    retrying: await makeRunner('retrying', { retry }),
    moving: await makeRunner('moving', { retry: { ...retry, max_attempts: 3, on: ['hypervisor_lost'] } }),
  };
  const witness = new Witness(options.tag);
  let next = 0;
  const workers = Array.from({ length: Number(options.parallel) }, async () => {
    while (!isOver()) await doOne(runners, next++);
    stoppedAt ??= Date.now();
  });
  await Promise.all(workers);

  const total = ended.size;
  await checkAll(runners);
  wrong.push(...witness.stop().map((mark) => `${mark} ran twice at once`));
  wrong.push(...witness.running().map((mark) => `${mark} still runs`));
  wrong.push(...new Set(client.serverErrors));
  console.log(`${total} runs: ${JSON.stringify(counts)}`);
  for (const line of wrong) console.log(`WRONG ${line}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

await main();
