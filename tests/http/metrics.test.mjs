// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus is told, and that the alerts and the dashboard ask for nothing else.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeAgent } from './support/fake_agent.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { runProgram } from './support/program.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const prometheus = stack.anonymous.as(stack.tokens.metrics);
const deploy = (name) => fileURLToPath(new URL(`../../deploy/monitoring/${name}`, import.meta.url));
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

const agent = await FakeAgent.join(stack, 'node-metrics');
await agent.connect();
const runner = await makeRunner(client);

async function scrape() {
  const { status, text, headers } = await prometheus.get('/metrics');
  assert.equal(status, 200, text);
  assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  return new Metrics(text);
}

class Metrics {
  constructor(text) {
    this.text = text;
    this.types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
    );
  }

  /** The value of the sample spelled so; undefined when there is none. */
  value(sample) {
    const line = this.text.split('\n').find((one) => one.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  }
}

/** Scrapes until it is so. */
const scraped = (what, isSo) =>
  until(what, async () => {
    const metrics = await scrape();
    return isSo(metrics) && metrics;
  });

/** A run that the agent starts, and ends as `end` says. */
async function runOnce(end = {}, start = {}) {
  const run = await trigger(client, runner, {});
  const assignment = await agent.next('assign', run);
  await agent.started(assignment, start);
  await agent.log(assignment, 1, ['one', 'two']);
  await agent.finished(assignment, { last_line: 2, log_bytes: 8, ...end });
}

test('each family has help, a type, and its samples behind it', async () => {
  const { text, types } = await scrape();
  assert.ok(types.size > 40, `${types.size} families`);
  assert.equal([...text.matchAll(/^# HELP /gm)].length, types.size);
  let family = '';
  const seen = new Set();
  for (const line of text.trimEnd().split('\n')) {
    const help = /^# HELP (\S+) \S/.exec(line);
    if (help) {
      family = help[1];
      assert.ok(!seen.has(family), `${family} is there twice`);
      seen.add(family);
    } else if (!line.startsWith('#')) {
      assert.match(line, /^[a-z_]+(\{[^}]*\})? -?[0-9.]+$/);
      assert.ok(line.startsWith(family), `${line} is under ${family}`);
    }
  }
});

test('promtool finds nothing to say', { skip: !hasPromtool }, async () => {
  const { text } = await scrape();
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
});

test('what is done shows', async () => {
  const before = await scrape();
  await runOnce({}, { image: 'pulled', pull_ms: 300 });
  await runOnce({ reason: 'timeout', exit_code: 124 }, { image: 'local' });
  const ended = (reason, status) =>
    `errand_runs_ended_total{status="${status}",reason="${reason}"}`;
  const metrics = await scraped('the ends to be added up', (m) =>
    m.value(ended('timeout', 'failed')),
  );
  assert.equal(metrics.value(ended('timeout', 'failed')), 1);
  assert.equal(metrics.value(ended('exited', 'succeeded')), 1);
  const grew = (sample) => metrics.value(sample) - (before.value(sample) ?? 0);
  assert.equal(metrics.value('errand_run_images_total{source="pulled"}'), 1);
  assert.equal(metrics.value('errand_run_images_total{source="local"}'), 1);
  assert.equal(metrics.value('errand_run_pull_seconds_count'), 2);
  assert.equal(metrics.value('errand_run_pull_seconds_sum'), 0.307);
  assert.equal(metrics.value('errand_run_pull_seconds_bucket{le="0.01"}'), 1);
  assert.equal(metrics.value('errand_run_pull_seconds_bucket{le="0.25"}'), 1);
  assert.equal(metrics.value('errand_run_pull_seconds_bucket{le="0.5"}'), 2);
  assert.equal(metrics.value('errand_run_queue_seconds_bucket{le="+Inf"}'), 2);
  assert.equal(metrics.value('errand_run_seconds_count'), 2);
  assert.equal(grew('errand_run_post_seconds_count'), 2);
  assert.equal(grew('errand_log_lines_total'), 4);
  assert.equal(grew('errand_log_lag_seconds_count'), 2);
  const posts =
    'errand_http_requests_total{method="POST",route="/v1/runners/:id/runs",status="2xx"}';
  assert.equal(grew(posts), 2);
  assert.ok(grew('errand_db_statement_seconds_count') > 4);
  assert.equal(
    metrics.value('errand_placements_total{by="room"}') +
      metrics.value('errand_placements_total{by="image"}'),
    2,
  );
  assert.equal(metrics.value('errand_agent_streams'), 1);
  assert.equal(metrics.value('errand_database_up'), 1);
  assert.ok(metrics.value('errand_scheduler_silent_seconds') < 10);
  const memory = 'errand_hypervisor_memory_bytes{hypervisor="node-metrics",region="local"}';
  assert.equal(metrics.value(memory), 65536 * 2 ** 20);
  assert.equal(metrics.value('errand_hypervisors{status="ready"}'), 1);
});

test('totals do not start anew with a scheduler', async () => {
  const sample = 'errand_runs_ended_total{status="succeeded",reason="exited"}';
  const had = (await scrape()).value(sample);
  stack.startScheduler(); // stands by
  await runOnce();
  const metrics = await scraped('one more end', (m) => m.value(sample) > had);
  assert.equal(metrics.value(sample), had + 1);
});

test('the queue has a depth and an age, and a followed log is counted', async () => {
  await client.post(`/v1/hypervisors/${agent.hypervisor.id}/cordon`);
  const run = await trigger(client, runner, {});
  const follower = await client.follow(`/v1/runs/${run.id}/logs/stream`);
  const queued = 'errand_queue_runs{region="local",reason="queued"}';
  const metrics = await scraped(
    'a queue and a follower',
    (m) => m.value('errand_log_streams') === 1 && m.value(queued) === 1,
  );
  assert.ok(metrics.value('errand_queue_oldest_seconds{region="local"}') >= 0);
  follower.close();
  await client.post(`/v1/runs/${run.id}/stop`);
  await client.post(`/v1/hypervisors/${agent.hypervisor.id}/uncordon`);
  await scraped('nobody to follow', (m) => m.value('errand_log_streams') === 0);
});

test('a clock that is off is seen', async () => {
  const beat = { type: 'heartbeat', mem_total: 65536, mem_free: 65536, disk_free: 1e12, runs: 0 };
  const sample = 'errand_hypervisor_clock_skew_seconds{hypervisor="node-metrics",region="local"}';
  await until('the skew', async () => {
    // each time, for the agent's own heartbeats between say nothing of a clock
    const at = new Date(Date.now() + 90_000).toISOString();
    assert.ok((await agent.report({ ...beat, images_cached: 0, at })).ok);
    return (await scrape()).value(sample) > 60;
  });
});

test('a metrics token opens nothing else, and ends when it is deleted', async () => {
  assert.equal((await prometheus.get('/v1/runners')).status, 403);
  assert.equal((await client.get('/metrics')).status, 403);
  const other = stack.anonymous.as(stack.makeToken('metrics', 'elsewhere'));
  assert.equal((await other.get('/metrics')).status, 200);
  runProgram('errand-api', ['token', 'delete', '--name', 'elsewhere'], stack.programSettings);
  assert.equal((await other.get('/metrics')).status, 401);
  assert.equal((await prometheus.get('/metrics')).status, 200);
});

/** Names of ours in an expression. */
const namesIn = (text) =>
  [...text.matchAll(/\b(errand_[a-z_]+|process_[a-z_]+)\b/g)].map(([name]) => name);

function assertServed(names, types) {
  for (const name of names) {
    const family = name.replace(/_(bucket|sum|count)$/, '');
    assert.ok(
      types.has(name) || types.get(family) === 'histogram',
      `${name} is asked for and not served`,
    );
  }
}

test('the alerts are sound and ask for what is served', async () => {
  const rules = readFileSync(deploy('alerts.yaml'), 'utf8');
  const expressions = JSON.parse(
    execFileSync('yq', ['[.groups[].rules[] | .expr]', deploy('alerts.yaml')], {
      encoding: 'utf8',
    }),
  );
  assert.ok(expressions.length >= 10, rules);
  const { types } = await scrape();
  assertServed(expressions.flatMap(namesIn), types);
});

test('promtool accepts the alerts and their tests', { skip: !hasPromtool }, () => {
  execFileSync('promtool', ['check', 'rules', deploy('alerts.yaml')], { stdio: 'pipe' });
  execFileSync('promtool', ['check', 'config', '--syntax-only', deploy('prometheus.yaml')], {
    stdio: 'pipe',
  });
  execFileSync('promtool', ['test', 'rules', deploy('alerts_test.yaml')], {
    stdio: 'pipe',
    cwd: deploy(''),
  });
});

test('the dashboard asks for what is served', async () => {
  const dashboard = JSON.parse(readFileSync(deploy('grafana.json'), 'utf8'));
  const expressions = dashboard.panels
    .flatMap((panel) => panel.targets ?? [])
    .map(({ expr }) => expr);
  assert.ok(expressions.length >= 15);
  const { types } = await scrape();
  assertServed(expressions.flatMap(namesIn), types);
});

test('every family is documented, and nothing else', async () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `([a-z_]+)`/gm)].map(([, name]) => name);
  const { types } = await scrape();
  assert.deepEqual(documented.sort(), [...types.keys()].sort());
});
