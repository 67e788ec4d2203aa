#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// peers.mjs CONFIG: one container of `true`, from asking for it until its end is known, by Errand and
// by each peer, in turn; then as many as each finishes with CONCURRENCY of them in flight. CONFIG is
// JSON: {rounds, seconds, concurrency, subjects: {name: {kind, …}}}. Prints JSON rows.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { Engine } from './engine.mjs';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

function ask(method, url, { headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      { agent, method, headers: { 'Content-Length': Buffer.byteLength(body), ...headers } },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        if (response.statusCode >= 400) reject(new Error(`${method} ${url}: ${text}`));
        else resolve(text);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** By kind: a function that runs one to its end. */
const kinds = {
  errand({ url, token, runner }) {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    return async () => {
      const answer = await ask('POST', `${url}/v1/runners/${runner}/runs`, { headers, body: '{}' });
      const stream = await ask('GET', `${url}/v1/runs/${JSON.parse(answer).run.id}/logs/stream`, { headers });
      if (!stream.includes('"status":"succeeded"')) throw new Error(stream);
    };
  },
  composed: ({ url }) => async () => {
    const { id } = JSON.parse(await ask('POST', `${url}/runs`));
    const { exit_code: code } = JSON.parse(await ask('GET', `${url}/runs/${id}`));
    if (code !== 0) throw new Error(`exit code ${code}`);
  },
  engine({ socket, image }) {
    const engine = new Engine(socket);
    return async () => {
      if ((await engine.run(image, ['/bin/true'])) !== 0) throw new Error('it failed');
    };
  },
  command: ({ argv, numbered }) => {
    let n = 0;
    return async () => {
      const words = numbered ? [...argv, `errand-bench-${n++}`] : argv;
      const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`${words.join(' ')}: exit code ${code}`);
    };
  },
};

const percentile = (sorted, p) => sorted[Math.round(p * (sorted.length - 1))];
const round = (value) => Number(value.toPrecision(4));

async function measureLatency(subjects) {
  const times = new Map([...subjects.keys()].map((name) => [name, []]));
  for (let i = -3; i < config.rounds; i++) {
    for (const [name, once] of subjects) {
      const from = performance.now();
      await once();
      if (i >= 0) times.get(name).push(performance.now() - from);
    }
  }
  const rows = [];
  for (const [name, values] of times) {
    const sorted = values.sort((a, b) => a - b);
    const spread = round(percentile(sorted, 0.9) - percentile(sorted, 0.1));
    for (const [metric, p] of [['submit_to_finished_p50', 0.5], ['submit_to_finished_p99', 0.99]]) {
      rows.push({ subject: name, metric, value: round(percentile(sorted, p)), unit: 'ms', n: values.length, spread });
    }
  }
  return rows;
}

async function finishedPerSecond(once) {
  const end = performance.now() + config.seconds * 1000;
  const from = performance.now();
  let finished = 0;
  await Promise.all(
    Array.from({ length: config.concurrency }, async () => {
      while (performance.now() < end) {
        await once();
        finished++;
      }
    }),
  );
  return finished / ((performance.now() - from) / 1000);
}

async function measureRate(subjects) {
  const rates = new Map([...subjects.keys()].map((name) => [name, []]));
  for (let i = 0; i < 3; i++) {
    for (const [name, once] of subjects) rates.get(name).push(await finishedPerSecond(once));
  }
  return [...rates].map(([subject, values]) => {
    const sorted = values.sort((a, b) => a - b);
    const spread = round(sorted[2] - sorted[0]);
    return { subject, metric: 'finished_per_second', value: round(sorted[1]), unit: '1/s', n: 3, spread };
  });
}

/** Errand's value over each peer's. */
function addRatios(rows) {
  for (const row of rows.filter(({ subject }) => subject === 'errand')) {
    row.ratio_to = {};
    for (const other of rows) {
      if (other.metric === row.metric && other !== row) row.ratio_to[other.subject] = round(row.value / other.value);
    }
  }
  return rows;
}

/** A peer that cannot run here says why, and is left out. */
async function leaveOutBroken(subjects) {
  for (const [name, once] of subjects) {
    try {
      await once();
    } catch (error) {
      if (name === 'errand') throw error;
      console.error(`peers: ${name} is left out: ${error.message}`);
      subjects.delete(name);
    }
  }
}

const subjects = new Map(Object.entries(config.subjects).map(([name, it]) => [name, kinds[it.kind](it)]));
await leaveOutBroken(subjects);
const rows = addRatios([...(await measureLatency(subjects)), ...(await measureRate(subjects))]);
console.log(JSON.stringify(rows));
process.exit(0); // kept connections
