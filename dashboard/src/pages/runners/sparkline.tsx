// SPDX-License-Identifier: Apache-2.0
import type { Schemas } from '../../api/client';
import { duration } from '../../ui/format';
import { STATUS_TONE, STATUS_WORD } from '../../ui/words';

const BARS = 20;
const WIDTH = 5;
const STEP = 7;
const HEIGHT = 26;

/** A bar a run, oldest first: colour is the outcome, height the duration among its neighbours. */
export function Sparkline({ runs }: { runs: Schemas['RunBrief'][] }) {
  const shown = runs.slice(0, BARS).reverse();
  const longest = Math.max(1, ...shown.map((run) => run.duration_ms ?? 0));
  return (
    <svg class="sparkline" width={BARS * STEP} height={HEIGHT} role="img" aria-label={describe(runs)}>
      {Array.from({ length: BARS - shown.length }, (_, i) => (
        <rect key={i} class="none" x={i * STEP} y={HEIGHT - 3} width={WIDTH} height={3} rx={1} />
      ))}
      {shown.map((run, i) => {
        const height = 4 + Math.round(((run.duration_ms ?? 0) / longest) * (HEIGHT - 4));
        return (
          <rect key={run.id} class={`bar is-${STATUS_TONE[run.status]}`} x={(BARS - shown.length + i) * STEP} y={HEIGHT - height} width={WIDTH} height={height} rx={1.5}>
            <title>{`${STATUS_WORD[run.status]}${run.duration_ms === null ? '' : `, ${duration(run.duration_ms)}`}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

function describe(runs: Schemas['RunBrief'][]): string {
  if (runs.length === 0) return 'No runs yet';
  const counts = new Map<string, number>();
  for (const run of runs) {
    const word = STATUS_WORD[run.status].toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return `Last ${runs.length} runs: ${[...counts].map(([word, n]) => `${n} ${word}`).join(', ')}`;
}
