// SPDX-License-Identifier: Apache-2.0
//
// What a reader sees of a log, and does with it.

export class LogPage {
  constructor(page) {
    this.page = page;
    this.tab = page.tab;
  }

  /** The visible lines: [{id, text}], of those that are there. */
  lines() {
    return this.tab.evaluate(() => {
      const box = document.querySelector('.log-box').getBoundingClientRect();
      return [...document.querySelectorAll('.log-row')]
        .filter((row) => {
          const { top, bottom } = row.getBoundingClientRect();
          return bottom > box.top + 1 && top < box.bottom - 1 && !row.classList.contains('log-loading');
        })
        .map((row) => ({ id: Number(row.dataset.id), text: row.querySelector('.log-text').textContent }));
    });
  }

  async ids() {
    return (await this.lines()).map(({ id }) => id);
  }

  /** Until this line is visible and read. */
  shows(id) {
    return this.page.until((wanted) => {
      const row = document.querySelector(`.log-row[data-id="${wanted}"]:not(.log-loading)`);
      const box = document.querySelector('.log-box')?.getBoundingClientRect();
      const at = row?.getBoundingClientRect();
      return at && at.top < box.bottom && at.bottom > box.top;
    }, id);
  }

  status() {
    return this.tab.textContent('.log-connection');
  }

  says(text) {
    return this.page.until((wanted) => document.querySelector('.log-status')?.textContent.includes(wanted), text);
  }

  async wheel(pixels) {
    await this.tab.hover('.log-box');
    await this.tab.mouse.wheel(0, pixels);
  }

  key(name) {
    return this.tab.keyboard.press(name);
  }

  /** Drags the bar to a share of its way. */
  drag(share) {
    return this.tab.evaluate((part) => {
      const box = document.querySelector('.log-box');
      box.scrollTop = (box.scrollHeight - box.clientHeight) * part;
    }, share);
  }

  /** Scrolls by `step` for each of `n` frames; how long the frames took, in ms. */
  frames(n, step) {
    return this.tab.evaluate(
      async ([count, by]) => {
        const box = document.querySelector('.log-box');
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        const took = [];
        let before = await frame();
        for (let i = 0; i < count; i++) {
          box.scrollTop += by;
          const now = await frame();
          took.push(now - before);
          before = now;
        }
        took.sort((a, b) => a - b);
        return { median: took[count >> 1], p95: took[Math.floor(count * 0.95)], max: took.at(-1) };
      },
      [n, step],
    );
  }

  /** Bytes of the page's heap that are in use. */
  async heap() {
    const session = await this.tab.context().newCDPSession(this.tab);
    await session.send('HeapProfiler.collectGarbage');
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    await session.detach();
    return metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
  }
}
