// SPDX-License-Identifier: Apache-2.0
//
// The log view: alive, cut off, long, searched, linked to.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeAgent } from '../http/support/fake_agent.mjs';
import { makeRunner } from '../http/support/samples.mjs';
import { Stack } from '../http/support/stack.mjs';
import { Browser, PHONE } from './support/browser.mjs';
import { Line } from './support/line.mjs';
import { LogPage } from './support/log_page.mjs';
import { end, print, printMany, startRun } from './support/printing.mjs';

/** Lines of the long log; a million when there is time for it. */
const MANY = Number(process.env.ERRAND_DASHBOARD_LINES ?? 1_000_000);
/** On a machine that does other things, too. */
const FIRST_PAINT_MS = 5000;
const FRAME_MS = 60;
const HEAP_BYTES = 96 << 20;

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const browser = await Browser.start(stack);
after(() => browser.stop());
const runner = await makeRunner(stack.client, { name: 'nightly-report' });
const start = () => startRun(stack, agent, { runner });
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function open(path, options) {
  const page = await browser.open(path, options);
  return new LogPage(page);
}

test('what is printed is seen, until the end', async () => {
  const item = await start();
  await print(agent, item, ['before anybody looked']);
  const log = await open(item.path);
  await log.shows(1);
  assert.equal(await log.status(), 'Live');
  await print(agent, item, ['\x1b[31mred\x1b[0m and plain', { msg: 'oops', stream: 'stderr' }, '<b>no</b> markup & all']);
  await log.shows(4);
  assert.deepEqual(
    (await log.lines()).map(({ text }) => text),
    ['before anybody looked', 'red and plain', 'oops', '<b>no</b> markup & all'],
  );
  assert.equal(await log.tab.textContent('.ansi-fg-1'), 'red');
  assert.equal(await log.tab.textContent('.log-stderr .log-text'), 'oops');
  await end(agent, item, { exit_code: 3 });
  await log.says('Complete');
  await log.tab.waitForSelector('text=Exit code 3');
  await log.page.close();
});

test('a cut line is mended without a line lost or shown twice', async (t) => {
  const item = await start();
  await printMany(agent, item, 50);
  const line = await Line.to(stack.directPort);
  t.after(() => line.close());
  const page = await browser.open(item.path, { port: line.port });
  const log = new LogPage(page);
  await log.shows(50);
  line.cut();
  await log.says('Connection lost');
  await printMany(agent, item, 50);
  line.mend();
  await log.tab.evaluate(() => document.querySelector('.log-link')?.click());
  await log.shows(100);
  await log.says('Live');

  // nothing breaks, nothing comes: the computer slept, and is on another network now
  line.fallSilent();
  await printMany(agent, item, 50);
  await log.tab.evaluate(() => dispatchEvent(new Event('online')));
  await log.shows(150);
  await end(agent, item);
  await log.says('Complete');
  await log.key('g');
  const seen = new Map();
  for (const id of [10, 30, 50, 70, 90, 110, 130, 150]) {
    await log.tab.evaluate((to) => {
      document.querySelector('.log-box').scrollTop = (to - 10) * 20;
      return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    }, id);
    await log.shows(id);
    for (const { id: at, text } of await log.lines()) seen.set(at, text);
  }
  assert.deepEqual([...seen.keys()].sort((a, b) => a - b), range(1, 150));
  for (const [id, text] of seen) assert.equal(text, `line ${id}`);
  assert.match(await log.tab.textContent('.log-count'), /^150 lines/);
  await page.close();
});

test('a page that nobody looks at gives its connection back, and goes on later', async () => {
  const item = await start();
  await printMany(agent, item, 10);
  const log = await open(item.path);
  await log.says('Live');
  const hide = (hidden) =>
    log.tab.evaluate((is) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => is });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  await log.says('Paused');
  await printMany(agent, item, 10);
  await hide(false);
  await log.shows(20);
  await end(agent, item);
  await log.page.close();
});

test('following stops when one scrolls, and says what came meanwhile', async () => {
  const item = await start();
  await printMany(agent, item, 200);
  const log = await open(item.path);
  await log.shows(200);
  await printMany(agent, item, 1);
  await log.shows(201);
  await log.wheel(-600);
  await log.tab.waitForSelector('.log-pill');
  const before = await log.ids();
  await printMany(agent, item, 1234);
  await log.tab.waitForSelector('text=1,234 new lines');
  assert.deepEqual(await log.ids(), before);
  await log.page.screenshot('run-log-paused-light');
  await log.tab.click('.log-pill');
  await log.shows(1435);
  await printMany(agent, item, 1);
  await log.shows(1436);
  assert.equal(await log.tab.$('.log-pill'), null);

  // marked text stays where it is
  await log.tab.dblclick('.log-text >> nth=5');
  const marked = await log.ids();
  await printMany(agent, item, 3);
  await log.tab.waitForSelector('text=3 new lines');
  assert.deepEqual(await log.ids(), marked);
  await end(agent, item);
  await log.page.close();
});

test('a link leads to its lines, and clicks make links', async () => {
  const item = await start();
  await printMany(agent, item, 5000);
  await end(agent, item);
  const log = await open(`${item.path}#L2500-L2503`);
  await log.shows(2500);
  const selected = () => log.tab.$$eval('.log-selected', (rows) => rows.map((row) => Number(row.dataset.id)));
  assert.deepEqual(await selected(), range(2500, 2503));
  await log.tab.click('.log-row[data-id="2505"] .log-number');
  assert.match(log.tab.url(), /#L2505$/);
  await log.tab.click('.log-row[data-id="2498"] .log-number', { modifiers: ['Shift'] });
  assert.match(log.tab.url(), /#L2498-L2505$/);
  assert.deepEqual(await selected(), range(2498, 2505));
  await log.page.screenshot('run-log-range-light');

  await log.tab.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await log.tab.click('[aria-label="Copy these lines"]');
  await log.tab.waitForSelector('.log-range >> text=Copied');
  const copied = await log.tab.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, range(2498, 2505).map((id) => `line ${id}\n`).join(''));
  await log.key('Escape');
  assert.doesNotMatch(log.tab.url(), /#/);
  await log.tab.evaluate(() => (location.hash = '#L7'));
  await log.shows(7);
  await log.page.close();
});

test('marked text is copied without numbers and times', async () => {
  const item = await start();
  await print(agent, item, ['one', '\x1b[32mtwo\x1b[0m', 'three']);
  await end(agent, item);
  const log = await open(item.path);
  await log.shows(3);
  await log.key('t');
  const copied = await log.tab.evaluate(() => {
    const texts = document.querySelectorAll('.log-text');
    const range = document.createRange();
    range.setStart(texts[0].firstChild, 1);
    range.setEnd(texts[2].firstChild, 2);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    const data = new DataTransfer();
    const event = new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true });
    texts[1].dispatchEvent(event);
    return data.getData('text/plain');
  });
  assert.equal(copied, 'ne\ntwo\nth');
  await log.page.close();
});

test('words are found in the whole log, from the keyboard', async () => {
  const item = await start();
  await printMany(agent, item, 20_000, (id) => (id % 4000 === 5 ? `an Error in step ${id}` : `step ${id} is done`));
  const log = await open(item.path);
  await log.shows(20_000);
  await log.key('/');
  await log.tab.keyboard.type('error');
  // from the end it goes round to the first
  await log.shows(5);
  await log.tab.waitForSelector('.log-hits >> text=1 of 5');
  await log.key('Enter');
  await log.shows(4005);
  await log.key('Shift+Enter');
  await log.key('Shift+Enter');
  await log.shows(16_005);
  await log.tab.waitForSelector('.log-hits >> text=5 of 5');
  assert.equal(await log.tab.textContent('.log-current mark'), 'Error');
  await log.page.screenshot('run-log-search-light');
  await print(agent, item, ['one more ERROR']);
  await log.tab.waitForSelector('.log-hits >> text=5 of 6');
  await log.tab.click('[aria-label="Match capitals"]');
  await log.tab.waitForSelector('.log-hits >> text=No lines');
  await log.tab.click('[aria-label="Match capitals"]');
  await log.tab.click('[aria-label="Only lines that match"]');
  await log.says('6 of 20,001 lines');
  assert.deepEqual(await log.ids(), [5, 4005, 8005, 12_005, 16_005, 20_001]);
  await log.tab.focus('.log-search input');
  await log.key('Escape');
  await log.says('20,001 lines');
  await end(agent, item);
  await log.page.close();
});

test('streams are told apart, times shown, long lines wrapped', async () => {
  const item = await start();
  await print(agent, item, [
    ...range(1, 300).map((id) => ({ msg: `${id} ${'abcdefghi '.repeat(id % 7 === 0 ? 60 : 1)}`, stream: id % 3 === 0 ? 'stderr' : 'stdout' })),
  ]);
  await end(agent, item);
  const log = await open(item.path);
  await log.shows(300);
  await log.tab.selectOption('.log-select', 'stderr');
  await log.says('100 of 300 lines');
  assert.ok((await log.ids()).every((id) => id % 3 === 0));
  await log.tab.selectOption('.log-select', '');
  await log.key('t');
  await log.tab.waitForSelector('.log-time >> text=/^\\d\\d:\\d\\d:\\d\\d\\.\\d{3}$/');
  await log.key('t');
  await log.tab.waitForSelector('.log-time >> text=/^\\d+:\\d\\d\\.\\d{3}$/');
  await log.key('w');
  await log.key('Shift+G');
  await log.shows(300);
  const { bottom, edge } = await log.tab.evaluate(() => ({
    bottom: document.querySelector('.log-row:last-child').getBoundingClientRect().bottom,
    edge: document.querySelector('.log-box').getBoundingClientRect().bottom,
  }));
  assert.ok(Math.abs(bottom - edge) < 2, `the last row ends at ${bottom}, the window at ${edge}`);
  // up and down again is where one was
  const before = await log.lines();
  for (let i = 0; i < 8; i++) await log.wheel(-177);
  await log.tab.waitForTimeout(250); // the bar is corrected when the hand is still
  assert.notDeepEqual(await log.ids(), before.map(({ id }) => id));
  for (let i = 0; i < 8; i++) await log.wheel(177);
  await log.shows(300);
  await log.page.screenshot('run-log-wrapped-light');
  // the choices are kept
  await log.tab.reload();
  await log.shows(300);
  assert.equal(await log.tab.getAttribute('[aria-label="Wrap long lines"]', 'aria-pressed'), 'true');
  await log.page.close();
});

test('the log is downloaded as it was printed', async () => {
  const item = await start();
  await print(agent, item, ['one', 'two', 'three']);
  await end(agent, item);
  const log = await open(item.path);
  await log.shows(3);
  const [download] = await Promise.all([log.tab.waitForEvent('download'), log.tab.click('[aria-label="Download"]')]);
  assert.match(download.suggestedFilename(), /^run-[0-9a-f]{8}\.log$/);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'one\ntwo\nthree\n');
  await log.page.close();
});

test('a line of 16 KiB does not hold the page up', async () => {
  const item = await start();
  await print(agent, item, ['x'.repeat(16_000), '\x1b[31mx\x1b[32my'.repeat(1200), 'after']);
  await end(agent, item);
  const log = await open(item.path);
  await log.shows(3);
  assert.ok((await log.lines())[0].text.length < 5000);
  await log.tab.click('text=Show 12,000 more characters');
  await log.page.until(() => document.querySelector('.log-row .log-text').textContent === 'x'.repeat(16_000));
  await log.page.close();
});

test('100,000 stored lines: the end is there at once, the rest when it is looked at', async (t) => {
  const item = await start();
  await printMany(agent, item, 100_000, (id) => `${id} ${'a line of some length '.repeat(3)}`);
  await end(agent, item);
  await (await open(item.path)).page.close(); // the server has read it once
  const page = await browser.open(item.path, { wait: 'commit' });
  const log = new LogPage(page);
  const shown = await page.tab.waitForFunction(
    () => document.querySelector('.log-row[data-id="100000"]:not(.log-loading)') && performance.now(),
    null,
    { polling: 'raf' },
  );
  const ms = await shown.jsonValue();
  const paint = await page.tab.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  t.diagnostic(`first paint ${Math.round(paint)} ms, last of 100,000 lines visible ${Math.round(ms)} ms after navigation`);
  assert.ok(ms < FIRST_PAINT_MS);
  await log.key('g');
  await log.shows(1);
  await log.drag(0.5);
  await log.page.until(() => document.querySelector('.log-row') && !document.querySelector('.log-loading'));
  for (const { id, text } of await log.lines()) assert.ok(text.startsWith(`${id} `));
  await log.page.close();
});

test('a long log scrolls at the screen’s pace, in bounded memory', { timeout: 240_000 }, async (t) => {
  const item = await start();
  const CHUNK = 4000;
  for (let first = 1; first <= MANY; first += CHUNK) {
    const n = Math.min(CHUNK, MANY - first + 1);
    await agent.log(item.assignment, first, range(first, first + n - 1).map((id) => `line ${id}`));
  }
  item.printed = MANY;
  await end(agent, item);
  const log = await open(item.path);
  await log.shows(MANY);
  const small = await log.frames(120, -60);
  const drag = await log.frames(120, -40_000);
  await log.page.until(() => !document.querySelector('.log-loading'));
  for (const { id, text } of await log.lines()) assert.equal(text, `line ${id}`);
  await log.tab.evaluate(() => history.replaceState(null, '', '#'));
  for (const id of [1, MANY / 2, MANY - 7]) {
    await log.tab.evaluate((to) => (location.hash = `#L${to}`), id);
    await log.shows(id);
  }
  for (let i = 0; i <= 60; i++) {
    await log.drag(i / 60);
    await log.page.until(() => document.querySelector('.log-row') && !document.querySelector('.log-loading'));
  }
  const heap = await log.heap();
  t.diagnostic(
    `${MANY} lines: frames of small steps ${JSON.stringify(small)} ms, of a dragged bar ${JSON.stringify(drag)} ms, ` +
      `heap ${(heap / 2 ** 20).toFixed(1)} MiB after looking everywhere`,
  );
  assert.ok(small.median < FRAME_MS && drag.median < FRAME_MS);
  assert.ok(heap < HEAP_BYTES);
  assert.ok((await log.tab.$$('.log-row')).length < 80);
  await log.page.close();
});

test('keys, and what a screen reader is told', async () => {
  const item = await start();
  await print(agent, item, ['\x1b[33myellow\x1b[0m', '\x1b[41;97mwhite on red\x1b[0m', '\x1b[2mdim\x1b[0m', '\x1b[38;2;250;250;120mlight\x1b[0m', 'https://example.org/a?b=1.']);
  await print(agent, item, range(6, 400).map((id) => (id % 5 === 0 ? { msg: `warning ${id}`, stream: 'stderr' } : `line ${id}`)));
  await end(agent, item, { exit_code: 1 });
  for (const theme of ['light', 'dark']) {
    const log = await open(`${item.path}#L3-L4`, { theme });
    await log.shows(3);
    await log.key('/');
    await log.tab.keyboard.type('line');
    await log.tab.waitForSelector('.log-hits >> text=of');
    await log.tab.evaluate(() => (location.hash = '#L2-L4'));
    await log.key('Escape');
    await log.shows(3);
    await log.page.assertAccessible();
    await log.page.assertFits();
    await log.page.screenshot(`run-log-${theme}`);
    await log.key('?');
    await log.tab.waitForSelector('dialog[open]');
    await log.page.assertAccessible();
    await log.page.screenshot(`run-log-keys-${theme}`);
    await log.key('Escape');
    await log.key('z');
    assert.ok(await log.tab.$('.log-full'));
    await log.key('Escape');
    assert.equal(await log.tab.$('.log-full'), null);
    assert.equal(await log.tab.getAttribute('.log-text a', 'href'), 'https://example.org/a?b=1');
    assert.equal(await log.tab.getAttribute('.log-text a', 'rel'), 'noopener noreferrer');
    await log.page.close();

    const phone = await open(item.path, { theme, size: PHONE, hasTouch: true, isMobile: true });
    await phone.shows(400);
    await phone.page.assertAccessible();
    await phone.page.assertFits();
    await phone.page.screenshot(`run-log-phone-${theme}`);
    await phone.page.close();
  }
});
