// SPDX-License-Identifier: Apache-2.0
//
// What bench.sh measured, as bars; for light and dark pages.

const panels = [
  ['peers', 'submit_to_finished_p50', 'One container, asked for until ended: median, shorter is better'],
  ['peers', 'finished_per_second', 'Containers ended a second: longer is better'],
  ['api', 'submit_per_second', 'Jobs accepted for good a second, and PostgreSQL alone: longer is better'],
  ['output', 'container to reader', 'Lines a second out of a container to a reader: longer is better'],
  ['peers', 'idle_memory', 'Memory of the idle stack, without PostgreSQL: shorter is better'],
  ['size', 'programs', 'Programs on the disk: shorter is better'],
];
const LABEL = 170, BAR = 400, ROW = 22, HEAD = 34, GAP = 16;

const number = (value) => Number(value.toPrecision(3)).toLocaleString('en-US');
const escape = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

function panel(rows, [section, metric, title], top) {
  const bars = rows.filter((row) => row.section === section && row.metric === metric && row.value > 0);
  if (bars.length === 0) return ['', top];
  const most = Math.max(...bars.map(({ value }) => value));
  const width = (value) => Math.max(2, (BAR * value) / most);
  const lines = [`<text x="0" y="${top + 20}" class="title">${escape(title)}</text>`];
  bars.forEach(({ subject, value, unit }, i) => {
    const y = top + HEAD + i * ROW;
    const kind = subject.startsWith('errand') ? 'ours' : 'bar';
    lines.push(
      `<text x="${LABEL - 8}" y="${y + 13}" class="name">${escape(subject)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width(value).toFixed(1)}" height="16" rx="3" class="${kind}"/>`,
      `<text x="${(LABEL + width(value) + 6).toFixed(1)}" y="${y + 13}">${number(value)} ${escape(unit)}</text>`,
    );
  });
  return [lines.join('\n'), top + HEAD + bars.length * ROW + GAP];
}

/** The chart of these rows, as SVG. */
export function chart(rows) {
  let height = 0;
  const body = panels.map((it) => {
    const [text, next] = panel(rows, it, height);
    height = next;
    return text;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="700" height="${height}" viewBox="0 0 700 ${height}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .name { text-anchor: end }
.bar { fill: #8c959f } .ours { fill: #1a7f37 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #3fb950 } }
</style>
${body.filter((text) => text !== '').join('\n')}
</svg>
`;
}
