// SPDX-License-Identifier: Apache-2.0
//
// Stacked bars over days. The same figures stand in a table beside it, so the picture is one image to
// those who do not see it.

export interface Series {
  name: string;
  values: number[]; // one a label
}

interface Props {
  labels: string[];
  series: Series[];
  format: (value: number) => string;
  label: string;
}

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 10;

const CEILINGS: Record<string, number> = { 1: 4, 1.2: 4, 1.5: 5, 2: 4, 2.5: 5, 3: 3, 4: 4, 5: 5, 6: 4, 8: 4, 10: 4 };
const LEADS = Object.keys(CEILINGS).map(Number).sort((a, b) => a - b);

/** The next round number, at or above. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return LEADS.find((lead) => value <= lead * power * 1.0000001)! * power;
}

/** The lines of a scale up to a nice ceiling: equal steps of a round number. */
export function ticksOf(top: number): number[] {
  const lead = Math.round((top / 10 ** Math.floor(Math.log10(top) + 1e-9)) * 10) / 10;
  const steps = CEILINGS[lead] ?? 4;
  return Array.from({ length: steps + 1 }, (_, i) => (top / steps) * i);
}

export function BarChart({ labels, series, format, label }: Props) {
  const totals = labels.map((_, i) => series.reduce((sum, one) => sum + one.values[i]!, 0));
  const top = niceCeiling(Math.max(...totals, 0));
  const height = HEIGHT - TOP - BOTTOM;
  const step = (WIDTH - LEFT) / Math.max(1, labels.length);
  const bar = Math.min(36, step * 0.68);
  const every = Math.ceil(labels.length / 8);
  const y = (value: number) => TOP + height - (value / top) * height;

  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {ticksOf(top).map((value) => (
        <g key={value}>
          <line class="grid" x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
          <text class="tick" x={LEFT - 10} y={y(value) + 4} text-anchor="end">
            {format(value)}
          </text>
        </g>
      ))}
      {labels.map((name, i) => {
        let base = 0;
        const x = LEFT + i * step + (step - bar) / 2;
        return (
          <g key={name}>
            <title>{`${name}: ${format(totals[i]!)}`}</title>
            <rect class="hit" x={LEFT + i * step} y={TOP} width={step} height={height} />
            {series.map((one, s) => {
              const value = one.values[i]!;
              if (value === 0) return null;
              const from = base;
              base += value;
              return <rect key={one.name} class={`series-${s + 1}`} x={x} y={y(base)} width={bar} height={Math.max(1, y(from) - y(base))} rx={1.5} />;
            })}
            {i % every === 0 && (
              <text class="tick" x={x + bar / 2} y={HEIGHT - 6} text-anchor="middle">
                {name.slice(5)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

export function Legend({ names }: { names: string[] }) {
  return (
    <ul class="legend" aria-hidden="true">
      {names.map((name, i) => (
        <li key={name}>
          <span class={`swatch series-${i + 1}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}
