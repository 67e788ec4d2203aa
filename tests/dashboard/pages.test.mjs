// SPDX-License-Identifier: Apache-2.0
//
// Every page with something on it, in light and dark: axe finds nothing, nothing is wider than a phone,
// and there is a screenshot to look at.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, PHONE } from './support/browser.mjs';
import { RealStack } from './support/real_stack.mjs';

let stack;
let browser;
let runners;

before(async () => {
  stack = await RealStack.start();
  browser = await Browser.start(stack);
  runners = await fill();
});
after(async () => {
  await browser?.stop();
  stack?.stop();
});

/** A project as it is after some weeks. */
async function fill() {
  const report = await stack.runner({
    name: 'nightly-report',
    run_command: 'echo "report for $DATE"; exit ${CODE:-0}',
    labels: { team: 'data' },
  });
  const resize = await stack.runner({ name: 'image-resize', argv: ['sleep', '0.2'], max_concurrency: 2 });
  const backup = await stack.runner({
    name: 'backup-customers',
    run_command: 'sleep 600',
    instance_type: 'standard-m',
    retry: { max_attempts: 3 },
  });
  await stack.runner({ name: 'train-model', image_name: 'ghcr.io/acme/train', image_tag: 'v3' });
  const env = (env_key, env_val, secret) =>
    stack.api('POST', `/v1/runners/${report.id}/env_variables`, { env_key, env_val, secret });
  await env('DATE', '2026-11-20', false);
  await env('DATABASE_URL', 'postgres://reports@db/reports', true);
  const fails = { env_variables: [{ env_key: 'CODE', env_val: '3' }] };
  const ended = [
    ...[{}, {}, fails, {}, {}].map((body) => stack.trigger(report, body)),
    ...[1, 2, 3, 4].map(() => stack.trigger(resize)),
  ];
  await Promise.all(ended);
  await stack.trigger(report, { command: 'sleep 9', timeout_seconds: 1 });
  await Promise.all([1, 2].map(() => stack.trigger(backup, {}, 0)));
  await stack.api('POST', '/v1/container_registries', {
    registry_type: 'custom',
    name: 'internal',
    hostname: 'registry.acme.example:5000',
    username: 'ci',
    password: 'not-told-again',
  });
  await stack.api('POST', '/v1/tokens', { name: 'ci of the shop', kind: 'project', scopes: ['read', 'run'] });
  for (const [name, role] of [['Ada', 'developer'], ['Grace', 'viewer']]) {
    const email = `${name.toLowerCase()}@example.org`;
    await stack.api('POST', '/v1/users', { email, name });
    await stack.api('POST', '/v1/members', { email, role });
  }
  await stack.api('PATCH', `/v1/runners/${report.id}`, { timeout_seconds: 600 });
  stack.sql(`
    INSERT INTO usage_days SELECT r.project_id, d::date, r.id, n, n * 40, n * 9000, n * 2000, n * 160000000
      FROM runners r, generate_series(now() - interval '29 days', now() - interval '1 day', '1 day') d,
      LATERAL (SELECT (2 + (extract(day FROM d)::int * 7 + length(r.name) * 5) % 23)::bigint) of(n);
    UPDATE usage_closed SET until = now()::date;
    INSERT INTO hypervisor_samples SELECT h.id, t, 300 + 250 * (1 + sin(extract(epoch FROM t) / 9000)),
      1500 + 1400 * sin(extract(epoch FROM t) / 7000), 3
      FROM hypervisors h, generate_series(now() - interval '20 hours', now() - interval '6 minutes', '5 minutes') t
      ON CONFLICT DO NOTHING`);
  return { report, resize, backup };
}

const PAGES = {
  runners: { path: () => '/runners', shows: 'nightly-report' },
  runner_new: { path: () => '/runners/new', shows: 'Size and time' },
  runner: { path: () => `/runners/${runners.report.id}`, shows: 'Exit code 3' },
  runner_environment: { path: () => `/runners/${runners.report.id}/environment`, shows: 'DATABASE_URL' },
  runner_settings: { path: () => `/runners/${runners.backup.id}/settings`, shows: 'Attempts at most' },
  runs: { path: () => '/runs', shows: 'Timed out' },
  queue: { path: () => '/queue', shows: 'Not enough memory' },
  usage: { path: () => '/usage', shows: 'By runner' },
  registries: { path: () => '/registries', shows: 'registry.acme.example:5000' },
  members: { path: () => '/members', shows: 'ada@example.org' },
  tokens: { path: () => '/tokens', shows: 'ci of the shop' },
  audit: { path: () => '/audit', shows: 'runner.updated' },
  hypervisors: { path: () => '/hypervisors', shows: 'CPU in use, last day' },
  not_found: { path: () => '/nowhere', shows: 'There is no such page' },
};

for (const theme of ['light', 'dark']) {
  test(`every page, ${theme}`, async () => {
    const page = await browser.open('/runners', { theme });
    for (const [name, { path, shows }] of Object.entries(PAGES)) {
      await page.goto(path());
      await page.tab.getByText(shows).first().waitFor();
      await page.assertAccessible();
      const cut = () => [...document.querySelectorAll('.table-box')].some((box) => box.scrollWidth > box.clientWidth);
      assert.ok(!(await page.tab.evaluate(cut)), `a table of ${name} is wider than its card`);
      await page.screenshot(`${name}_${theme}`);
    }
    await page.goto(`/runners/${runners.report.id}`);
    for (const [name, button] of [['run_dialog', 'Run'], ['rerun_dialog', 'Run again']]) {
      await page.tab.getByRole('button', { name: button, exact: true }).first().click();
      await page.tab.getByRole('dialog').getByText('DATABASE_URL').waitFor();
      await page.assertAccessible();
      await page.screenshot(`${name}_${theme}`);
      await page.tab.keyboard.press('Escape');
    }
    await page.close();
    const out = await browser.open('/runners', { theme, token: null });
    await out.tab.getByLabel('Email').waitFor();
    await out.assertAccessible();
    await out.screenshot(`sign_in_${theme}`);
    await out.close();
  });
}

test('every page fits on a phone', async () => {
  const page = await browser.open('/runners', { size: PHONE });
  for (const [name, { path, shows }] of Object.entries(PAGES)) {
    await page.goto(path());
    await page.tab.getByText(shows).first().waitFor();
    await page.assertFits();
    await page.screenshot(`${name}_phone`);
  }
  await page.tab.getByRole('button', { name: 'Menu' }).click();
  await page.tab.getByRole('link', { name: 'Audit log' }).click();
  await page.tab.getByRole('heading', { name: 'Audit log' }).waitFor();
  await page.tab.getByRole('link', { name: 'Queue' }).waitFor({ state: 'hidden' });
  await page.close();
});

test('a new project teaches', async () => {
  const { project } = await stack.api('POST', '/v1/projects', { name: 'empty project' });
  const page = await browser.open('/runners');
  await page.tab.getByLabel('Project', { exact: true }).selectOption(project.id);
  for (const [path, says] of [
    ['/runners', 'Make your first runner'],
    ['/runs', 'Nothing has run yet'],
    ['/queue', 'Nothing waits'],
    ['/usage', 'Nothing was used yet'],
    ['/registries', 'No registries yet'],
    ['/members', 'No members yet'],
  ]) {
    await page.goto(path);
    await page.tab.getByRole('heading', { name: says }).waitFor();
    await page.assertAccessible();
    await page.screenshot(`empty${path.replace('/', '_')}`);
  }
  await page.close();
});
