#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// chart.mjs ROWS.json > CHART.svg: what peers.sh measured, as bars on a logarithmic scale; for light
// and dark pages.

import { readFileSync } from 'node:fs';

const rows = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const panels = [
  ['submit_to_finished_p50', 'One container, asked for until ended: median, shorter is better'],
  ['finished_per_second', 'Containers ended a second, four in flight: longer is better'],
  ['idle_memory', 'Memory of the idle stack, without a database: shorter is better'],
];
const LABEL = 150, BAR = 420, ROW = 22, HEAD = 34, GAP = 16;

const escape = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

function panel([metric, title], top) {
  const bars = rows.filter((row) => row.metric === metric);
  const most = Math.max(...bars.map(({ value }) => value));
  const least = Math.min(...bars.map(({ value }) => value)) / 2;
  const width = (value) => (BAR * Math.log(value / least)) / Math.log(most / least);
  const lines = [`<text x="0" y="${top + 20}" class="title">${escape(title)}</text>`];
  bars.forEach(({ subject, value, unit }, i) => {
    const y = top + HEAD + i * ROW;
    const kind = subject === 'errand' ? 'ours' : 'bar';
    lines.push(
      `<text x="${LABEL - 8}" y="${y + 13}" class="name">${escape(subject)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width(value).toFixed(1)}" height="16" rx="3" class="${kind}"/>`,
      `<text x="${(LABEL + width(value) + 6).toFixed(1)}" y="${y + 13}">${value} ${unit}</text>`,
    );
  });
  return [lines.join('\n'), top + HEAD + bars.length * ROW + GAP];
}

let height = 0;
const body = panels.map((it) => {
  const [text, next] = panel(it, height);
  height = next;
  return text;
});
console.log(`<svg xmlns="http://www.w3.org/2000/svg" width="700" height="${height}" viewBox="0 0 700 ${height}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .name { text-anchor: end }
.bar { fill: #8c959f } .ours { fill: #1a7f37 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #3fb950 } }
</style>
${body.join('\n')}
</svg>`);
