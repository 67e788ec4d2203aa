// SPDX-License-Identifier: Apache-2.0
//
// What people come for, from end to end: a runner is made, gets an environment, runs, is stopped, times
// out, runs again with another value; and what a role may not do is not offered.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { RealStack } from './support/real_stack.mjs';

const PASSWORD = 'correct horse battery staple';
let stack;
let browser;

before(async () => {
  stack = await RealStack.start();
  browser = await Browser.start(stack);
});
after(async () => {
  await browser?.stop();
  stack?.stop();
});

const badge = (tab, word) => tab.locator('tbody .badge', { hasText: word }).first();
const idIn = (tab) => /\/(?:runs|runners)\/([0-9a-f-]{36})/.exec(tab.url())[1];
const runOf = async (id) => (await stack.api('GET', `/v1/runs/${id}`)).run;
const logOf = async (id) =>
  (await stack.api('GET', `/v1/runs/${id}/logs?limit=1000`)).logs.map(({ msg }) => msg);

async function ended(id) {
  for (;;) {
    const run = await runOf(id);
    if (!['pending', 'running'].includes(run.status)) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('sign in, make a runner, give it an environment, run it, run it again with another value', async () => {
  const page = await browser.open('/runners/new', { token: null });
  const { tab } = page;

  // the deep link survives signing in; a wrong token says what to do
  await tab.getByRole('button', { name: 'Sign in with a token' }).click();
  await tab.getByLabel('Token').fill('err_u_wrong');
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
  await tab.getByRole('alert').getByText('Check that all of it was copied').waitFor();
  await tab.getByLabel('Token').fill(stack.tokens.user);
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();

  await tab.getByRole('heading', { name: 'New runner' }).waitFor();
  await tab.getByLabel('Name', { exact: false }).first().fill('ab');
  await tab.getByText('Name must be between 3 and 50 characters.').waitFor();
  await tab.getByLabel('Name', { exact: false }).first().fill('greeter');
  await tab.getByLabel('Image name').fill(stack.image);
  await tab.getByLabel('Image tag').fill('1');
  await tab.getByLabel('Command', { exact: true }).selectOption('command');
  await tab.getByLabel('Shell command').fill('echo "Hello, $NAME"; echo key=$API_KEY');
  await tab.getByRole('button', { name: 'Create runner' }).click();
  await tab.getByRole('heading', { name: 'greeter' }).waitFor();

  await tab.getByRole('link', { name: 'Environment' }).click();
  await tab.getByRole('button', { name: 'Paste .env' }).click();
  await tab.getByLabel('Text of the file').fill('# who\nexport NAME="World"\nAPI_KEY=planted-api-key\n');
  await tab.getByRole('button', { name: 'Save 2 variables' }).click();
  await tab.getByRole('cell', { name: 'API_KEY', exact: true }).waitFor();
  assert.ok(!(await tab.content()).includes('planted-api-key'));

  await tab.getByRole('button', { name: 'Run', exact: true }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
  await tab.waitForURL(/\/runs\//);
  const first = idIn(tab);
  assert.equal((await ended(first)).exit_code, 0);
  const lines = await logOf(first);
  assert.equal(lines[0], 'Hello, World');
  assert.ok(!lines.join('\n').includes('planted-api-key'));

  // from the list of runs: one click, one value
  await page.goto('/runs');
  await tab.getByRole('button', { name: 'Run again' }).first().click();
  await tab.getByRole('dialog').getByLabel('Value of NAME').fill('Moon');
  await tab.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
  await tab.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith(first));
  const second = idIn(tab);
  assert.equal((await ended(second)).trigger.ref, first);
  assert.equal((await logOf(second))[0], 'Hello, Moon');
  await page.close();
});

test('stop a run from the list; one that takes too long ends with 124', async () => {
  const runner = await stack.runner({ name: 'sleeper', run_command: 'sleep 600' });
  const page = await browser.open(`/runners/${runner.id}`);
  const { tab } = page;
  await tab.getByRole('button', { name: 'Run it now' }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
  await tab.waitForURL(/\/runs\//);
  const id = idIn(tab);
  await page.goto(`/runners/${runner.id}`);
  await badge(tab, 'Running').waitFor();
  await tab.getByRole('button', { name: 'Stop' }).click();
  await badge(tab, 'Canceled').waitFor();
  assert.equal((await ended(id)).termination_reason, 'canceled');

  await tab.getByRole('button', { name: 'Run', exact: true }).click();
  const dialog = tab.getByRole('dialog');
  await dialog.getByText('Time, size, priority, labels').click();
  await dialog.getByLabel('Timeout in seconds').fill('0');
  await dialog.getByText('must be between 1 and 86400').waitFor();
  await dialog.getByLabel('Timeout in seconds').fill('1');
  await dialog.getByRole('button', { name: 'Where would it run?' }).click();
  await dialog.getByText('It would start at once').waitFor();
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await tab.waitForURL((url) => url.pathname.startsWith('/runs/'));
  const late = await ended(idIn(tab));
  assert.equal(late.exit_code, 124);
  await page.goto(`/runners/${runner.id}?status=failed`);
  await tab.getByText('Timed out').waitFor();
  assert.equal(await tab.locator('tbody tr').count(), 1);
  await page.close();
});

test('a run that has to wait stands in the queue with the reason', async () => {
  const runner = await stack.runner({ name: 'alone', run_command: 'sleep 600', max_concurrency: 1 });
  const first = await stack.trigger(runner, {}, 0);
  const second = await stack.trigger(runner, {}, 0);
  const page = await browser.open('/queue');
  await page.tab.getByText('Runner is busy: 1 run.').waitFor();
  await page.tab.getByRole('button', { name: 'Stop' }).click();
  await page.tab.getByRole('heading', { name: 'Nothing waits' }).waitFor();
  await stack.api('POST', `/v1/runs/${first.id}/stop`);
  assert.equal((await ended(second.id)).status, 'canceled');
  await ended(first.id);
  await page.close();
});

test('warm up says when it is done', async () => {
  const runner = await stack.runner({ name: 'cold one' });
  const page = await browser.open(`/runners/${runner.id}`);
  await page.tab.getByRole('button', { name: 'Warm up' }).click();
  await page.tab.getByRole('button', { name: 'Warm', exact: true }).waitFor();
  assert.ok((await stack.api('GET', `/v1/runners/${runner.id}`)).runner.warmed_at);
  await page.close();
});

test('settings keep what was not touched, also what another changed in between', async () => {
  const runner = await stack.runner({ name: 'edited', run_command: 'true', labels: { team: 'data' } });
  const page = await browser.open(`/runners/${runner.id}/settings`);
  const { tab } = page;
  await tab.getByLabel('Timeout in seconds', { exact: true }).fill('60');
  // somebody else, meanwhile; only what was changed here is sent
  await stack.api('PATCH', `/v1/runners/${runner.id}`, { priority: 60 });
  await tab.getByRole('button', { name: 'Save changes' }).click();
  await tab.getByText('Saved.').waitFor();
  const saved = (await stack.api('GET', `/v1/runners/${runner.id}`)).runner;
  assert.deepEqual({ ...saved, updated_at: '' }, { ...runner, timeout_seconds: 60, priority: 60, version: 3, updated_at: '' });

  await tab.getByRole('button', { name: 'Delete runner' }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Delete runner' }).click();
  await tab.waitForURL(/\/runners$/);
  await page.close();
});

test('a viewer sees and does not touch; another project is another world', async () => {
  const runner = await stack.runner({ name: 'watched', run_command: 'echo seen' });
  await stack.trigger(runner);
  await stack.api('POST', '/v1/users', { email: 'vera@example.org', name: 'Vera', password: PASSWORD });
  await stack.api('POST', '/v1/members', { email: 'vera@example.org', role: 'viewer' });
  const { project } = await stack.api('POST', '/v1/projects', { name: 'other project' });

  const page = await browser.open(`/runners/${runner.id}`, { token: null });
  const { tab } = page;
  await tab.getByLabel('Email').fill('vera@example.org');
  await tab.getByLabel('Password').fill('not the password');
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
  await tab.getByText('The email or the password is wrong').waitFor();
  await tab.getByLabel('Password').fill(PASSWORD);
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
  await badge(tab, 'Succeeded').waitFor();
  for (const name of ['Run', 'Run again', 'Warm up', 'Stop'])
    assert.equal(await tab.getByRole('button', { name, exact: true }).count(), 0, name);
  await tab.getByRole('link', { name: 'Environment' }).click();
  await tab.getByRole('heading', { name: 'No variables yet' }).waitFor();
  assert.equal(await tab.getByRole('button', { name: 'Add variable' }).count(), 0);
  assert.equal(await tab.getByRole('link', { name: 'Audit log' }).count(), 0);
  assert.equal(await tab.getByRole('link', { name: 'Hypervisors' }).count(), 0);
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.getByLabel('Email').waitFor();
  await page.close();

  const admin = await browser.open('/runners');
  await admin.tab.getByRole('link', { name: 'watched' }).waitFor();
  await admin.tab.getByLabel('Project', { exact: true }).selectOption(project.id);
  await admin.tab.getByRole('heading', { name: 'Make your first runner' }).waitFor();
  await admin.tab.reload();
  await admin.tab.getByRole('heading', { name: 'Make your first runner' }).waitFor();
  await admin.close();
});

test('a link into another project leads there', async () => {
  const { project } = await stack.api('POST', '/v1/projects', { name: 'far away' });
  const there = { headers: { 'X-Errand-Project': project.id } };
  const body = { name: 'distant', image_name: stack.image, image_tag: '1' };
  const { runner } = await stack.api('POST', '/v1/runners', body, there);
  const page = await browser.open(`/runners/${runner.id}`);
  await page.tab.getByRole('heading', { name: 'distant' }).waitFor();
  assert.equal(await page.tab.getByLabel('Project', { exact: true }).inputValue(), project.id);
  await page.goto('/runners/01900000-0000-7000-8000-00000000ffff');
  await page.tab.getByText('There is no such runner').waitFor();
  await page.close();
});

test('a token is shown once, works, and is revoked', async () => {
  const page = await browser.open('/tokens');
  const { tab } = page;
  await tab.getByRole('button', { name: 'New token' }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Make token' }).click();
  await tab.getByText('Name must be between 1 and').waitFor();
  await tab.getByLabel('Name').fill('for the test');
  await tab.getByRole('dialog').getByRole('button', { name: 'Make token' }).click();
  const token = await tab.locator('code.made').textContent();
  const { session } = await stack.api('GET', '/v1/session', undefined, { token });
  assert.deepEqual(session.scopes, ['read', 'run']);
  await page.goto('/tokens');
  await tab.getByText('for the test').waitFor();
  assert.ok(!(await tab.content()).includes(token));
  await tab.getByRole('button', { name: 'Revoke for the test' }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Revoke token' }).click();
  await tab.getByText('for the test is revoked.').waitFor();
  const answer = await fetch(`${stack.url}/v1/session`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 401);
  await page.close();
});

test('the keyboard is enough', async () => {
  const page = await browser.open('/runners');
  const { tab } = page;
  await tab.getByRole('link', { name: 'New runner' }).waitFor();
  await tab.keyboard.press('Tab');
  assert.equal(await tab.evaluate(() => document.activeElement.textContent.trim()), 'Skip to the page');
  await tab.keyboard.press('Enter');
  assert.equal(await tab.evaluate(() => document.activeElement.id), 'main');
  await tab.getByRole('button', { name: 'Run watched' }).focus();
  await tab.keyboard.press('Enter');
  await tab.getByRole('dialog').waitFor();
  assert.ok(await tab.evaluate(() => document.querySelector('dialog').contains(document.activeElement)));
  await tab.keyboard.press('Escape');
  await tab.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await tab.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Run watched');
  await page.close();
});
