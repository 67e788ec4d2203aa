// SPDX-License-Identifier: Apache-2.0
//
// One quantity over time as a filled line.

import { niceCeiling } from './bar_chart';

export interface Point {
  at: number; // ms
  value: number;
}

interface Props {
  points: Point[];
  max?: number; // of the scale; else the largest value, rounded up
  format: (value: number) => string;
  label: string;
  tone?: 1 | 2;
}

const WIDTH = 480;
const HEIGHT = 132;
const LEFT = 58;
const BOTTOM = 20;
const TOP = 8;

export function LineChart({ points, max, format, label, tone = 1 }: Props) {
  const first = points[0]?.at ?? 0;
  const last = points[points.length - 1]?.at ?? 1;
  const top = max ?? niceCeiling(Math.max(0, ...points.map((one) => one.value)));
  const height = HEIGHT - TOP - BOTTOM;
  const x = (at: number) => LEFT + ((at - first) / Math.max(1, last - first)) * (WIDTH - LEFT - 4);
  const y = (value: number) => TOP + height - (Math.min(value, top) / top) * height;
  const line = points.map((one, i) => `${i === 0 ? 'M' : 'L'}${x(one.at).toFixed(1)} ${y(one.value).toFixed(1)}`).join('');
  const clock = (at: number) => new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });

  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <line class="grid" x1={LEFT} x2={WIDTH} y1={y(top * part)} y2={y(top * part)} />
          <text class="tick" x={LEFT - 8} y={y(top * part) + 4} text-anchor="end">
            {format(top * part)}
          </text>
        </g>
      ))}
      {points.length > 1 && (
        <>
          <path class={`area series-${tone}`} d={`${line}L${x(last).toFixed(1)} ${y(0)}L${x(first)} ${y(0)}Z`} />
          <path class={`line series-${tone}`} d={line} />
          <text class="tick" x={LEFT} y={HEIGHT - 4}>
            {clock(first)}
          </text>
          <text class="tick" x={WIDTH - 4} y={HEIGHT - 4} text-anchor="end">
            {clock(last)}
          </text>
        </>
      )}
    </svg>
  );
}
