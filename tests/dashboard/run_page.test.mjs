// SPDX-License-Identifier: Apache-2.0
//
// The run page: from waiting to the end, in words, as curves, stopped, tried again, run again.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from '../http/support/fake_agent.mjs';
import { makeRunner, trigger, UNKNOWN_ID } from '../http/support/samples.mjs';
import { Stack } from '../http/support/stack.mjs';
import { Browser, DESKTOP, PHONE } from './support/browser.mjs';
import { end, print, startRun } from './support/printing.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const browser = await Browser.start(stack);
after(() => browser.stop());
const { client } = stack;
const runner = await makeRunner(client, { name: 'nightly-report' });

const text = (page, selector) => page.tab.textContent(selector);
const says = (page, selector, words) =>
  page.until(([at, wanted]) => document.querySelector(at)?.textContent.includes(wanted), [selector, words]);
const phase = (n) => `.timeline li:nth-child(${n}) .phase-time`;

/** A run that has ended like this, looked at. */
async function endedLike(change, options = {}) {
  const item = await startRun(stack, agent, { runner });
  await print(agent, item, ['one line']);
  await end(agent, item, change);
  return browser.open(item.path, options);
}

test('waiting, pulling, running, ended: all of it by itself', async () => {
  const run = await trigger(client, runner);
  const assignment = await agent.next('assign', run);
  const page = await browser.open(`/runs/${run.id}`);
  await says(page, '.run-outcome', 'Starting on node-1');
  assert.match(await text(page, '.log-empty'), /appears here/);
  await agent.report({ type: 'pulling', run: run.id, attempt: 1, done_bytes: 30 << 20, total_bytes: 120 << 20 });
  await says(page, phase(2), '30.0 MiB of 120 MiB');
  await says(page, '.run-outcome', 'Pulling the image on node-1');
  const width = await page.tab.evaluate(() => document.querySelector('.phase-pull').style.width);
  assert.equal(width, '25%');
  await page.screenshot('run-pulling-light');
  await agent.started(assignment, { pull_ms: 4200, start_ms: 12 });
  await says(page, '.run-outcome', 'Running on node-1');
  await says(page, phase(2), '4.2 s');
  await says(page, phase(4), '2.0 s'); // it ticks
  await agent.log(assignment, 1, ['done']);
  await agent.finished(assignment, { last_line: 1, cpu_ms: 900, memory_peak_bytes: 64 << 20 });
  await says(page, '.run-outcome', 'Finished in');
  await says(page, '.run-facts', '64.0 MiB of 256 MiB');
  assert.match(await page.tab.title(), /^Succeeded: nightly-report, run [0-9a-f]{8}/);
  assert.equal(await page.tab.$('text=Stop'), null);
  await page.close();
});

test('why it waits, and what to do about it', async () => {
  const large = await makeRunner(client, { name: 'huge', instance_type: 'standard-xl', hypervisor_labels: { gpu: 'yes' } });
  const run = await trigger(client, large);
  const page = await browser.open(`/runs/${run.id}`);
  await says(page, '.run-outcome', 'No hypervisor');
  await page.screenshot('run-pending-light');
  await page.tab.click('text=Stop');
  await says(page, '.run-outcome', 'Stopped');
  await says(page, '.log-empty', 'Canceled without printing a line');
  await page.close();
});

for (const [name, change, what, help] of [
  ['exit', { exit_code: 139, reason: 'exited' }, 'Exit code 139', 'SIGSEGV'],
  ['code', { exit_code: 127, reason: 'exited' }, 'Exit code 127', 'not found in the image'],
  ['timeout', { exit_code: 124, reason: 'timeout' }, 'Timed out', 'It may run for 1 hour'],
  ['memory', { exit_code: 137, reason: 'oom_killed', oom_killed: true }, 'Out of memory', '256 MiB of Standard S'],
  ['image', { exit_code: null, reason: 'start_failed', message: 'no such user: 4711' }, 'did not start', 'no such user: 4711'],
]) {
  test(`how it ended, in words: ${name}`, async () => {
    const page = await endedLike(change);
    await says(page, '.run-outcome', what);
    await says(page, '.run-outcome', help);
    await page.close();
  });
}

test('a run is stopped', async () => {
  const item = await startRun(stack, agent, { runner });
  const page = await browser.open(item.path);
  await says(page, '.run-outcome', 'Running');
  await page.tab.click('text=Stop');
  await agent.next('stop', item.run);
  await end(agent, item, { exit_code: 143, reason: 'canceled' });
  await says(page, '.run-outcome', 'Stopped after');
  await page.close();
});

test('it is run again with another value, without reading anything', async () => {
  const item = await startRun(stack, agent, {
    runner,
    body: { env_variables: [{ env_key: 'DAY', env_val: 'monday' }, { env_key: 'MODE', env_val: 'fast' }] },
  });
  await end(agent, item);
  const page = await browser.open(item.path);
  await page.tab.click('text=Run again');
  await page.tab.fill('[aria-label="Value of DAY"]', 'tuesday');
  await page.screenshot('run-again-light');
  await page.assertAccessible();
  await page.tab.click('dialog button.primary');
  await page.until((old) => !location.pathname.includes(old) && location.pathname.startsWith('/runs/'), item.run.id);
  const id = new URL(page.tab.url()).pathname.split('/').at(-1);
  const again = await agent.next('assign', { id });
  assert.equal((await client.get(`/v1/runs/${id}`)).json.run.trigger.ref, item.run.id);
  await agent.started(again);
  await says(page, '.run-outcome', 'Running');
  await agent.log(again, 1, ['second']);
  await says(page, '.log-body', 'second');
  await agent.finished(again, { last_line: 1 });
  await page.close();
});

test('attempts, each with its log', async () => {
  const retry = { max_attempts: 3, delay_seconds: 0, jitter: 0, on: ['failed'] };
  const unsteady = await makeRunner(client, { name: 'unsteady', retry });
  const item = await startRun(stack, agent, { runner: unsteady });
  await print(agent, item, ['first try', 'broke']);
  const page = await browser.open(item.path);
  await says(page, '.log-body', 'broke');
  await end(agent, item, { exit_code: 1 });
  const second = await agent.next('assign', item.run);
  await agent.started(second);
  await agent.log(second, 1, ['second try', 'worked']);
  await says(page, '.log-body', 'worked');
  const ids = () => page.tab.$$eval('.log-row', (rows) => rows.map((row) => `${row.dataset.id} ${row.querySelector('.log-text').textContent}`));
  assert.deepEqual(await ids(), ['1 second try', '2 worked']);
  await agent.finished(second, { last_line: 2 });
  await says(page, '.run-outcome', 'Finished in');
  await page.tab.click('text=Attempts (2)');
  await page.tab.waitForSelector('text=Exit code 1');
  await page.screenshot('run-attempts-light');
  await page.assertAccessible();
  await page.tab.click('text=Log of attempt 1');
  await says(page, '.log-body', 'broke');
  assert.deepEqual(await ids(), ['1 first try', '2 broke']);
  await page.tab.waitForSelector('text=This is the log of attempt 1 of 2');
  await page.tab.click('text=Go to the last one');
  await says(page, '.log-body', 'worked');
  await page.close();
});

test('curves and details, in both themes, on a desk and in a hand', async () => {
  const item = await startRun(stack, agent, {
    runner: await makeRunner(client, { name: 'measured', run_command: './report --yesterday | gzip > /tmp/out.gz' }),
    body: { labels: { team: 'data', tier: 'gold' }, env_variables: [{ env_key: 'DAY', env_val: 'monday' }] },
  });
  const begun = Date.now() - 60_000;
  for (let i = 0; i <= 60; i++) {
    const at = new Date(begun + i * 1000).toISOString();
    await agent.usage(item.assignment, {
      at,
      cpu_ms: Math.round(i * 300 + 900 * Math.sin(i / 9)) + 900,
      memory_bytes: Math.round((90 + 60 * Math.sin(i / 14)) * 2 ** 20),
    });
  }
  await end(agent, item);
  for (const [theme, size, suffix] of [
    ['light', DESKTOP, ''],
    ['dark', DESKTOP, ''],
    ['light', PHONE, '-phone'],
    ['dark', PHONE, '-phone'],
  ]) {
    const page = await browser.open(`${item.path}?tab=usage`, { theme, size });
    await page.tab.waitForSelector('.run-charts path');
    assert.equal(await page.tab.$$eval('.run-charts figure', (all) => all.length), 2);
    await page.assertAccessible();
    await page.assertFits();
    await page.screenshot(`run-usage${suffix}-${theme}`);
    await page.tab.click('text=Details');
    await page.tab.waitForSelector('text=team=data');
    await page.assertAccessible();
    await page.assertFits();
    await page.screenshot(`run-details${suffix}-${theme}`);
    // the log's keys are the log's
    await page.tab.keyboard.press('?');
    assert.equal(await page.tab.$('dialog[open]'), null);
    await page.tab.click('.run-tabs >> text=Log');
    await page.tab.waitForSelector('.log-empty');
    await page.assertFits();
    await page.close();
  }
});

test('a run that is not there', async () => {
  const page = await browser.open(`/runs/${UNKNOWN_ID}`);
  await page.tab.waitForSelector('text=There is no such run');
  await page.assertAccessible();
  await page.close();
});
