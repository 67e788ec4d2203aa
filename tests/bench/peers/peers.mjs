#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// peers.mjs CONFIG: one container of `true`, from asking for it until its end is known, by Errand and
// by each peer, in turn; then as many as each finishes with CONCURRENCY of them in flight; then of an
// image that nobody has, where a subject can pull. CONFIG is JSON: {rounds, seconds, concurrency,
// images: [NAME…], subjects: {name: {kind, method, repeat, concurrency, …}}}. Prints JSON rows.

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
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

/** What a program prints, once it ended well. */
async function outputOf(words) {
  const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${words.join(' ')}: exit code ${code}`);
  return text;
}

function errand({ url, token }) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const post = async (path, body) => JSON.parse(await ask('POST', url + path, { headers, body: JSON.stringify(body) }));
  return {
    post,
    async run(runner, onAccepted) {
      const { run } = await post(`/v1/runners/${runner}/runs`, {});
      onAccepted();
      const stream = await ask('GET', `${url}/v1/runs/${run.id}/logs/stream`, { headers });
      if (!stream.includes('"status":"succeeded"')) throw new Error(stream);
    },
  };
}

async function engineRun(engine, image, onAccepted) {
  if ((await engine.run(image, ['/bin/true'], null, onAccepted)) !== 0) throw new Error('it failed');
}

/** By kind: `once(onAccepted)` runs one to its end; `pulled(image)` prepares one of another image. */
const kinds = {
  errand(it) {
    const { run, post } = errand(it);
    return {
      once: (onAccepted) => run(it.runner, onAccepted),
      pulled: it.definition && (async (image) => {
        const [, name, tag] = image.match(/^(.*):([^:]*)$/);
        const runner = { ...it.definition, name: `bench-${tag}`, image_name: name, image_tag: tag };
        const { id } = (await post('/v1/runners', runner)).runner;
        return () => run(id, () => {});
      }),
    };
  },
  composed: ({ url }) => ({
    async once(onAccepted) {
      const { id } = JSON.parse(await ask('POST', `${url}/runs`));
      onAccepted();
      const { exit_code: code } = JSON.parse(await ask('GET', `${url}/runs/${id}`));
      if (code !== 0) throw new Error(`exit code ${code}`);
    },
  }),
  engine({ socket, image }) {
    const engine = new Engine(socket);
    return {
      once: (onAccepted) => engineRun(engine, image, onAccepted),
      pulled: async (other) => async () => {
        await engine.pull(other);
        await engineRun(engine, other, () => {});
      },
    };
  },
  command({ argv, numbered, image }) {
    let n = 0;
    return {
      once: () => outputOf(numbered ? [...argv, `errand-bench-${n++}`] : argv),
      pulled: image && (async (other) => () => outputOf(argv.map((word) => (word === image ? other : word)))),
    };
  },
  // Each job's last command writes its exit code to a file of DIR that has the job's number as its name.
  batch({ argv, dir }) {
    const ends = new EventEmitter().setMaxListeners(0);
    const ended = new Set();
    watch(dir, (event, name) => {
      ended.add(name);
      ends.emit(name);
    });
    return {
      async once(onAccepted) {
        const id = (await outputOf(argv)).trim();
        onAccepted();
        if (!ended.has(id)) await once(ends, id);
        const code = readFileSync(`${dir}/${id}`, 'utf8').trim();
        if (code !== '0') throw new Error(`exit code ${code}`);
      },
    };
  },
};

const percentile = (sorted, p) => sorted[Math.round(p * (sorted.length - 1))];
const round = (value) => Number(value.toPrecision(4));

/** Rows of the median and the 99th percentile of these milliseconds; none of none. */
function timeRows(subject, metric, values) {
  const sorted = values.sort((a, b) => a - b);
  const spread = round(percentile(sorted, 0.9) - percentile(sorted, 0.1));
  const row = (name, p) => ({ subject, metric: `${metric}_${name}`, value: round(percentile(sorted, p)), unit: 'ms', n: values.length, spread });
  return values.length === 0 ? [] : [row('p50', 0.5), row('p99', 0.99)];
}

async function measureLatency(subjects) {
  const times = new Map([...subjects.keys()].map((name) => [name, { accepted: [], finished: [] }]));
  for (let i = -3; i < config.rounds; i++) {
    for (const [name, { once, repeat = 1 }] of subjects) {
      for (let k = 0; k < repeat; k++) {
        const { accepted, finished } = times.get(name);
        const from = performance.now();
        let acceptedMs;
        await once(() => (acceptedMs = performance.now() - from));
        if (i < 0) continue;
        finished.push(performance.now() - from);
        if (acceptedMs !== undefined) accepted.push(acceptedMs);
      }
    }
  }
  return [...times].flatMap(([name, { accepted, finished }]) => [
    ...timeRows(name, 'submit_to_finished', finished),
    ...timeRows(name, 'accept', accepted),
  ]);
}

async function finishedPerSecond({ once, concurrency = config.concurrency }) {
  const end = performance.now() + config.seconds * 1000;
  const from = performance.now();
  let finished = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < end) {
        await once(() => {});
        finished++;
      }
    }),
  );
  return finished / ((performance.now() - from) / 1000);
}

async function measureRate(subjects) {
  const saturated = [...subjects].filter(([, { rated = true }]) => rated);
  const rates = new Map(saturated.map(([name]) => [name, []]));
  for (let i = 0; i < 3; i++) {
    for (const [name, subject] of saturated) rates.get(name).push(await finishedPerSecond(subject));
  }
  return [...rates].map(([subject, values]) => {
    const sorted = values.sort((a, b) => a - b);
    const spread = round(sorted[2] - sorted[0]);
    return { subject, metric: 'finished_per_second', value: round(sorted[1]), unit: '1/s', n: 3, spread };
  });
}

async function measureCold(subjects) {
  const pulling = [...subjects].filter(([, { pulled }]) => pulled);
  const times = new Map(pulling.map(([name]) => [name, []]));
  for (const image of config.images) {
    for (const [name, { pulled }] of pulling) {
      const once = await pulled(image);
      const from = performance.now();
      await once();
      times.get(name).push(performance.now() - from);
    }
  }
  return [...times].flatMap(([name, values]) => timeRows(name, 'cold_submit_to_finished', values));
}

/** Errand's value over each peer's; how each was asked. */
function finish(rows) {
  for (const row of rows) {
    row.method = config.subjects[row.subject].method;
    if (row.subject !== 'errand') continue;
    row.ratio_to = {};
    for (const other of rows) {
      if (other.metric === row.metric && other !== row) row.ratio_to[other.subject] = round(row.value / other.value);
    }
  }
  return rows;
}

/** A peer that cannot run here says why, and is left out. */
async function leaveOutBroken(subjects) {
  const rows = [];
  for (const [name, { once }] of subjects) {
    try {
      await once(() => {});
    } catch (error) {
      if (name === 'errand') throw error;
      console.error(`peers: ${name} is left out: ${error.message}`);
      rows.push({ subject: name, metric: 'left_out', value: null, unit: '', n: 0, spread: 0, method: error.message });
      subjects.delete(name);
    }
  }
  return rows;
}

const subjects = new Map(
  Object.entries(config.subjects).map(([name, it]) => {
    const { repeat, concurrency, rated } = it;
    return [name, { repeat, concurrency, rated, ...kinds[it.kind](it) }];
  }),
);
const leftOut = await leaveOutBroken(subjects);
const rows = [...(await measureLatency(subjects)), ...(await measureRate(subjects)), ...(await measureCold(subjects))];
console.log(JSON.stringify([...finish(rows), ...leftOut]));
process.exit(0); // kept connections
