// SPDX-License-Identifier: Apache-2.0
//
// From rows by runner and day to what is drawn and added up.

import type { Schemas } from '../../api/client';
import type { Series } from '../../ui/bar_chart';

export type Usage = Schemas['Usage'];
export type Metric = 'cost' | 'seconds' | 'runs';

const OWN_COLOUR = 5; // runners with a colour of their own; the others share the last

export function daysBack(n: number, today: Date): string[] {
  const days: string[] = [];
  for (let i = n - 1; i >= 0; i--) days.push(new Date(today.getTime() - i * 86_400_000).toISOString().slice(0, 10));
  return days;
}

export interface Sum {
  runnerId: string;
  name: string;
  runs: number;
  seconds: number;
  cpu_ms: number;
  log_bytes: number;
  cost: number;
}

/** By runner, the dearest first; cost is added up exactly, in billionths. */
export function byRunner(rows: Usage[]): Sum[] {
  const sums = new Map<string, Sum & { nano: bigint }>();
  for (const row of rows) {
    const sum = sums.get(row.runner_id) ?? {
      runnerId: row.runner_id,
      name: row.runner_name ?? 'deleted runner',
      runs: 0,
      seconds: 0,
      cpu_ms: 0,
      log_bytes: 0,
      cost: 0,
      nano: 0n,
    };
    sum.runs += row.runs;
    sum.seconds += row.seconds;
    sum.cpu_ms += row.cpu_ms;
    sum.log_bytes += row.log_bytes;
    sum.nano += BigInt(row.cost_nano);
    sum.cost = Number(sum.nano) / 1e9;
    sums.set(row.runner_id, sum);
  }
  return [...sums.values()].map(({ nano: _, ...sum }) => sum).sort((a, b) => b.cost - a.cost || b.runs - a.runs);
}

export function seriesOf(rows: Usage[], days: string[], metric: Metric): Series[] {
  const order = byRunner(rows);
  const own = order.slice(0, order.length > OWN_COLOUR + 1 ? OWN_COLOUR : OWN_COLOUR + 1);
  const at = new Map(days.map((day, i) => [day, i]));
  const place = new Map(own.map((sum, i) => [sum.runnerId, i]));
  const series: Series[] = own.map((sum) => ({ name: sum.name, values: days.map(() => 0) }));
  if (order.length > own.length) series.push({ name: `${order.length - own.length} others`, values: days.map(() => 0) });
  for (const row of rows) {
    const i = at.get(row.day);
    if (i !== undefined) series[place.get(row.runner_id) ?? own.length]!.values[i]! += row[metric];
  }
  return series;
}
