// SPDX-License-Identifier: Apache-2.0
//
// Chromium, and pages of the dashboard in it that are signed in and watched.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(new URL('../../../dashboard/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const ARGS = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
  '--disable-dev-shm-usage',
];

export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 360, height: 740 };

export class Browser {
  #browser;
  #origin;
  #token;

  /** For the API of a Stack (tests/http/support). */
  static async start(stack, { token = stack.tokens.user } = {}) {
    const browser = new Browser();
    browser.#browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      chromiumSandbox: false,
      timeout: 60000,
      args: ARGS,
    });
    browser.#origin = `http://127.0.0.1:${stack.directPort}`;
    browser.#token = token;
    return browser;
  }

  get origin() {
    return this.#origin;
  }

  stop() {
    return this.#browser.close();
  }

  /** A page at `path`, signed in unless `token` is null; through `port` if one is given (support/line.mjs). */
  async open(path, options = {}) {
    const { theme = 'light', size = DESKTOP, token = this.#token, wait = 'load', port, ...rest } = options;
    const origin = port === undefined ? this.#origin : `http://127.0.0.1:${port}`;
    const context = await this.#browser.newContext({
      viewport: size,
      colorScheme: theme,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      ...rest,
    });
    context.setDefaultTimeout(15000);
    if (token !== null) await this.#signIn(context, origin, token);
    const page = new Page(await context.newPage(), origin);
    await page.goto(path, wait);
    return page;
  }

  async #signIn(context, origin, token) {
    const answer = await context.request.put(`${origin}/v1/session`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status(), 200, await answer.text());
  }
}

/** A Playwright page (`page.tab`) that remembers what must not happen. */
class Page {
  #origin;
  #faults = [];

  constructor(tab, origin) {
    this.tab = tab;
    this.#origin = origin;
    tab.on('pageerror', (error) => this.#faults.push(`error: ${error.stack ?? error}`));
    tab.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.#faults.push(message.text());
    });
    tab.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) this.#faults.push(`asked ${url}`);
    });
  }

  goto(path, wait = 'load') {
    return this.tab.goto(this.#origin + path, { waitUntil: wait });
  }

  /** Waits until `check` returns something true in the page. */
  until(check, argument) {
    return this.tab.waitForFunction(check, argument, { polling: 50 });
  }

  /** Ends the page; what must not happen has not. */
  async close() {
    await this.tab.context().close();
    assert.deepEqual(this.#faults, []);
  }

  /** Nothing that axe finds wrong. */
  async assertAccessible() {
    // evaluated, since a script tag would break the page's own policy
    await this.tab.evaluate(AXE);
    const { violations } = await this.tab.evaluate(() => window.axe.run());
    const found = violations.map(({ id, nodes }) => ({
      id,
      where: nodes.slice(0, 5).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
    }));
    assert.deepEqual(found, []);
  }

  /** No scroll bar across. */
  async assertFits() {
    const { wide, inner } = await this.tab.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      inner: window.innerWidth,
    }));
    assert.ok(wide <= inner, `the page is ${wide} px wide in a window of ${inner}`);
  }

  async screenshot(name) {
    const dir = process.env.ERRAND_SCREENSHOT_DIR;
    if (!dir) return;
    mkdirSync(dir, { recursive: true });
    await this.tab.screenshot({ path: join(dir, `${name}.png`) });
  }
}
