#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// docs.mjs BENCH.json PAGE DIR: PAGE with its measured blocks from these rows, as DIR/performance.md,
// and their chart, as DIR/performance.svg. A block is what stands between `<!-- bench NAME -->` and
// `<!-- /bench -->`; NAME is a key of `blocks` below, or a section with a table of all its rows. The
// same rows give the same bytes. A block without rows stays as it is.

import { readFileSync, writeFileSync } from 'node:fs';
import { chart } from './chart.mjs';

const [rowsFile, page, dir] = process.argv.slice(2);
const rows = JSON.parse(readFileSync(rowsFile, 'utf8'));
const measured = rows.filter(({ metric }) => metric !== 'left_out');

const find = (section, metric, subject) =>
  measured.find((row) => row.section === section && row.metric === metric && row.subject === subject);
const number = (value) => (typeof value === 'number' ? Number(value.toPrecision(3)).toLocaleString('en-US') : value);
const shown = ({ value, unit }) =>
  unit === '1/s' ? `${number(value)}/s` : `${number(value)} ${unit === 'us' ? 'µs' : unit}`.trim();
const label = (metric) => metric.replaceAll('_per_second', ' a second').replaceAll('_', ' ').replace(/ (p\d\d)$/, ', $1').replaceAll(',,', ',');
const unique = (values) => [...new Set(values)];
const table = (head, lines) => [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Who is in which column of the summary, by its subjects. */
const columns = {
  'bare floor': ['crun', 'postgres-row-each', 'pipe'],
  Docker: ['docker-api', 'docker-attach', 'docker'],
  podman: ['podman-run', 'podman'],
  Slurm: ['slurm-srun', 'slurm-sbatch', 'slurm'],
  'BullMQ stack': ['bullmq', 'bullmq-without-docker'],
  'graphile stack': ['graphile'],
  'nginx + nchan': ['nginx + nchan'],
};

/** What the summary says: title, section, metric, Errand's subject, aim and whether it is reached. */
const crun = (metric) => find('peers', metric, 'crun')?.value;
const summary = [
  ['jobs accepted for good, 64 clients', 'api', 'submit_per_second', 'errand',
    '15,000/s, 0.6 × PostgreSQL in batches', (v) => v >= 15000 && v >= 0.6 * find('api', 'submit_per_second', 'postgres-batches-of-64').value],
  ['… p99', 'api', 'submit_p99', 'errand', '25 ms', (v) => v <= 25],
  ['… one client, p50', 'api', 'submit_alone_p50', 'errand'],
  ['submit → finished, image there, p50', 'peers', 'submit_to_finished_p50', 'errand', 'crun + 5 ms', (v) => v <= crun('submit_to_finished_p50') + 5],
  ['… p99', 'peers', 'submit_to_finished_p99', 'errand'],
  ['… image pulled first, p50', 'peers', 'cold_submit_to_finished_p50', 'errand'],
  ['… from a pool, p50', 'peers', 'submit_to_finished_p50', 'errand-pool', '12 ms', (v) => v <= 12],
  ['finished a second', 'peers', 'finished_per_second', 'errand', '0.7 × crun', (v) => v >= 0.7 * crun('finished_per_second')],
  ['log lines, container → reader', 'output', 'container to reader', 'errand', '500,000/s', (v) => v >= 500000],
  ['age of a line at its reader, p50', 'output', 'age of a line, quiet, p50', 'errand'],
  ['lines delivered to 100 followers', 'logs', 'delivered to 100 followers', 'errand',
    '5 × nchan', (v) => v >= 5 * (find('logs', 'delivered to 100 followers', 'nginx + nchan')?.value ?? Infinity)],
  ['memory of an idle stream', 'logs', 'memory of an idle stream', 'errand', '10 KiB', (v) => v <= 10],
  ['durable placements, 10,000 hypervisors', 'placement', 'durable placements, 10000 hypervisors', 'errand', '20,000/s', (v) => v >= 20000],
  ['idle stack, without PostgreSQL', 'peers', 'idle_memory', 'errand', '20 MiB', (v) => v <= 20],
  ['idle stack, with its database', 'peers', 'idle_memory_with_database', 'errand'],
  ['programs', 'size', 'programs', 'errand'],
];

function summaryTable() {
  const lines = summary.flatMap(([title, section, metric, subject, aim, isReached]) => {
    const ours = find(section, metric, subject);
    if (ours === undefined) return [];
    const others = subject === 'errand' ? Object.values(columns) : Object.values(columns).map(() => []);
    const cells = others.map((subjects) => subjects.map((it) => find(section, metric, it)).find((it) => it));
    const goal = aim === undefined ? '' : `${aim}: ${isReached(ours.value) ? 'reached' : '**missed**'}`;
    return [[title, `**${shown(ours)}**`, goal, ...cells.map((it) => (it ? shown(it) : ''))]];
  });
  return lines.length === 0 ? null : table(['', 'Errand', 'aim', ...Object.keys(columns)], lines);
}

/** How, once for all rows that say the same. */
function methods(of) {
  return unique(of.map(({ method }) => method))
    .map((method) => {
      const said = of.filter((row) => row.method === method);
      const many = unique(said.map(({ subject }) => subject)).length;
      const subjects = many === unique(of.map(({ subject }) => subject)).length ? [] : unique(said.map(({ subject }) => subject));
      const base = ({ metric }) => label(metric).replace(/(, p\d\d| a second|, [\d]+ hypervisors)$/, '');
      const metrics = unique(said.map(base));
      const all = metrics.length === unique(of.map(base)).length;
      return `- ${[subjects.join(', '), all ? '' : metrics.join('; ')].filter((it) => it !== '').join(': ') || 'All'}: ${method}.`;
    })
    .join('\n');
}

function busy(of) {
  if (of.every(({ unit }) => unit === 'MiB')) return '';
  const idle = Math.min(...of.map((row) => row.idle));
  return idle >= 0.9 ? '' : `\nOthers worked on this machine, ${Math.round((1 - idle) * 100)} % of it when this began: believe the ratios only.\n`;
}

/** A line a row. */
function list(of) {
  const last = {};
  const ratio = (row) => {
    const ours = of.find(({ subject, metric }) => metric === row.metric && subject === 'errand');
    if (row !== ours && ours?.ratio_to[row.subject] !== undefined) return `${number(ours.ratio_to[row.subject])} ×`;
    const rest = Object.entries(row.ratio_to).filter(([other]) => !of.some((it) => it.metric === row.metric && it.subject === other && row === ours));
    return rest.filter(([other]) => other !== row.subject).map(([other, value]) => `itself ${number(value)} × ${other}`).join(', ');
  };
  const order = unique(of.map(({ metric }) => metric));
  const sorted = [...of].sort((a, b) => order.indexOf(a.metric) - order.indexOf(b.metric));
  const lines = sorted.map((row) => {
    const what = last.metric === row.metric ? '' : label(row.metric);
    last.metric = row.metric;
    return [what, row.subject, shown(row), row.n.toLocaleString('en-US'), row.spread === 0 ? '' : number(row.spread), ratio(row)];
  });
  return table(['', 'subject', 'value', 'n', 'spread', 'Errand to it'], lines);
}

/** A line a subject, a column for each of these metrics. */
function matrix(of, head) {
  const subjects = unique(of.filter(({ metric }) => metric in head).map(({ subject }) => subject));
  const lines = subjects.map((subject) => {
    const cells = Object.keys(head).map((metric) => of.find((row) => row.subject === subject && row.metric === metric));
    const ratio = (row) => of.find(({ subject: it, metric }) => it === 'errand' && metric === row.metric)?.ratio_to[subject];
    const text = (row) => shown(row) + (ratio(row) === undefined ? '' : ` (${number(ratio(row))} ×)`);
    return [subject.startsWith('errand') ? `**${subject}**` : subject, ...cells.map((row) => (row ? text(row) : ''))];
  });
  return table(['', ...Object.values(head)], lines);
}

const ofSection = (section, pattern = /./) => measured.filter((row) => row.section === section && pattern.test(row.metric));

function block(section, pattern, head) {
  const of = ofSection(section, pattern);
  if (of.length === 0) return null;
  return `${head ? matrix(of, head) : list(of)}\n${busy(of)}\nHow:\n\n${methods(of)}`;
}

function waterfall() {
  const whole = find('trace', 'hop_run', 'errand');
  if (!whole) return null;
  let at = 0;
  const lines = ['accept', 'queue', 'assign', 'pull', 'start', 'execute', 'log'].map((hop) => {
    const ms = find('trace', `hop_${hop}`, 'errand')?.value ?? 0;
    const bar = ' '.repeat(Math.floor((at / whole.value) * 50)) + '█'.repeat(Math.max(1, Math.ceil((ms / whole.value) * 50)));
    at += ms;
    return ms === 0 ? null : `${hop.padEnd(8)} ${bar.padEnd(53)} ${number(ms)} ms`;
  });
  return ['```', ...lines.filter((line) => line !== null), `${'run'.padEnd(8)} ${' '.repeat(53)} ${number(whole.value)} ms`, '```'].join('\n');
}

/** What one run costs, by program. */
function costs() {
  const of = ofSection('trace', /^(?!hop_)/);
  const cost = (metric) => find('trace', metric, 'errand');
  const cell = (metric) => (cost(metric) ? number(cost(metric).value) : '');
  const programs = { api: 'API', scheduler: 'scheduler', agent: 'agent, shim, runtime, container', postgres: 'PostgreSQL' };
  const lines = Object.entries(programs).map(([key, name]) => {
    const syncs = key === 'postgres' ? 'wal_syncs' : `fsyncs_${key}`;
    return [name, cell(`calls_${key}`), cell(`wake_ups_${key}`), cell(syncs)];
  });
  const bytes = `${cell('bytes_on_loopback')} bytes over the loopback device, ${cell('wal_bytes')} of PostgreSQL's log`;
  const machine = `${cell('context_switches_machine')} context switches and ${cell('bytes_to_disks_machine')} bytes to disks of the whole machine`;
  const text = `And ${bytes}, ${machine}.`;
  return of.length === 0 ? null : `${table(['', 'system calls', 'wake-ups', 'waits for the disk'], lines)}\n\n${text}\n${busy(of)}\nHow:\n\n${methods(of)}`;
}

const blocks = {
  summary: summaryTable,
  machine: () => ofSection('machine').map(({ metric, value }) => `- ${metric}: ${value}`).join('\n') || null,
  'left out': () => unique(rows.filter(({ metric }) => metric === 'left_out').map(({ subject, method }) => `- ${subject}: ${method}`)).join('\n') || null,
  submit: () => block('api', /^submit/, {
    submit_per_second: '64 clients', submit_p50: 'p50', submit_p99: 'p99', submit_alone_p50: 'one client, p50',
    submit_alone_p99: 'p99', submit_processor_time: 'processor time',
    submit_with_key_per_second: '64 clients, a key each',
  }),
  reads: () => block('api', /^(get_run|answer)_/),
  peers: () => block('peers', /^(?!idle_memory)/, {
    submit_to_finished_p50: 'submit → finished, p50', submit_to_finished_p99: 'p99', finished_per_second: 'finished a second',
    accept_p50: 'accepted, p50', cold_submit_to_finished_p50: 'pulled first, p50',
  }),
  memory: () => block('peers', /^idle_memory/, { idle_memory: 'without PostgreSQL', idle_memory_with_database: 'with its database' }),
  size: () => {
    const each = ofSection('size', /^errand/).map((row) => `\`${row.metric}\` ${shown(row)}`);
    const made = block('size', /^programs/, { programs: 'programs', 'programs and what they load': 'with their libraries' });
    return made && `${made}\n\nOurs: ${each.join(', ')}.`;
  },
  waterfall,
  costs,
};

function replace(text) {
  return text.replace(/(<!-- bench ([a-z ]+) -->\n)([^]*?)(<!-- \/bench -->)/g, (whole, open, name, old, close) => {
    const made = name in blocks ? blocks[name]() : block(name);
    return made === null ? whole : `${open}\n${made}\n\n${close}`;
  });
}

const text = replace(readFileSync(page, 'utf8'));
writeFileSync(`${dir}/performance.md`, text);
writeFileSync(`${dir}/performance.svg`, chart(rows));
