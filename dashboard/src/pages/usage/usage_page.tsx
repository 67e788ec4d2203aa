// SPDX-License-Identifier: Apache-2.0
import { useLocation } from 'preact-iso/router';

import { allPages } from '../../api/all_pages';
import { api, take } from '../../api/client';
import { BarChart, Legend } from '../../ui/bar_chart';
import { Empty } from '../../ui/empty';
import { bytes, count, duration, money } from '../../ui/format';
import { Loaded } from '../../ui/loading';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { setQuery } from '../../ui/search_field';
import { Segmented } from '../../ui/segmented';
import { byRunner, daysBack, seriesOf, type Metric, type Sum, type Usage } from './sums';

const FORMAT: Record<Metric, (value: number) => string> = {
  cost: money,
  seconds: (s) => (s === 0 ? '0' : duration(s * 1000)),
  runs: (n) => count(Math.round(n * 10) / 10),
};

const WORD: Record<Metric, string> = { cost: 'Cost', seconds: 'Run time', runs: 'Runs' };

function loadUsage(days: string[], signal: AbortSignal): Promise<Usage[]> {
  const since = `${days[0]}T00:00:00Z`;
  return allPages(async (query) => {
    const answer = await take(api.GET('/v1/usage', { params: { query: { ...query, since } }, signal }));
    return { items: answer.usage, meta: answer.meta };
  });
}

export function UsagePage() {
  const location = useLocation();
  const span = location.query['days'] === '7' || location.query['days'] === '90' ? location.query['days'] : '31';
  const metric = (['cost', 'seconds', 'runs'] as const).find((one) => one === location.query['by']) ?? 'cost';
  const days = daysBack(Number(span), new Date());
  const usage = useResource(`usage ${days[0]}`, (signal) => loadUsage(days, signal), 30_000);

  return (
    <>
      <PageHead title="Usage" lead="What runs used and cost, by runner and day (UTC). Every second that was begun counts.">
        <Segmented
          label="Days"
          value={span}
          onChange={(value) => setQuery(location, { days: value === '31' ? '' : value })}
          choices={[
            { value: '7', label: '7 days' },
            { value: '31', label: '31 days' },
            { value: '90', label: '90 days' },
          ]}
        />
      </PageHead>
      <Loaded from={usage} waiting={<Waiting />}>
        {(rows) =>
          rows.length === 0 ? (
            <div class="card">
              <Empty title="Nothing was used yet" action={<a class="button" href="/runners">Go to the runners</a>}>
                <p>When runs end, their time and cost are added up here, by runner and day.</p>
              </Empty>
            </div>
          ) : (
            <Known rows={rows} days={days} metric={metric} onMetric={(by) => setQuery(location, { by: by === 'cost' ? '' : by })} />
          )
        }
      </Loaded>
    </>
  );
}

function Waiting() {
  return <div class="card usage-waiting" aria-hidden="true" />;
}

interface KnownProps {
  rows: Usage[];
  days: string[];
  metric: Metric;
  onMetric: (metric: Metric) => void;
}

function Known({ rows, days, metric, onMetric }: KnownProps) {
  const sums = byRunner(rows);
  const series = seriesOf(rows, days, metric);
  const total = (pick: (sum: Sum) => number) => sums.reduce((all, sum) => all + pick(sum), 0);
  return (
    <div class="stack">
      <dl class="card figures">
        <Figure name="Cost" value={money(total((sum) => sum.cost))} />
        <Figure name="Runs" value={count(total((sum) => sum.runs))} />
        <Figure name="Run time" value={duration(total((sum) => sum.seconds) * 1000)} />
        <Figure name="CPU time" value={duration(total((sum) => sum.cpu_ms))} />
      </dl>
      <section class="card">
        <div class="card-head">
          <h2>{WORD[metric]} by day</h2>
          <Segmented label="What to draw" value={metric} onChange={onMetric} choices={(['cost', 'seconds', 'runs'] as const).map((value) => ({ value, label: WORD[value] }))} />
        </div>
        <div class="card-body">
          <div class="chart-box">
            <BarChart labels={days} series={series} format={FORMAT[metric]} label={`${WORD[metric]} by day, stacked by runner; the table below has the sums`} />
          </div>
          <Legend names={series.map((one) => one.name)} />
        </div>
      </section>
      <section class="card">
        <div class="card-head">
          <h2>By runner</h2>
        </div>
        <div class="table-box">
          <table>
            <thead>
              <tr>
                <th>Runner</th>
                <th class="end">Runs</th>
                <th class="end">Run time</th>
                <th class="end wide-only">CPU time</th>
                <th class="end wide-only">Log</th>
                <th class="end">Cost</th>
              </tr>
            </thead>
            <tbody>
              {sums.map((sum) => (
                <tr key={sum.runnerId}>
                  <td>
                    <a class="cell-title" href={`/runners/${sum.runnerId}`}>
                      {sum.name}
                    </a>
                  </td>
                  <td class="end">{count(sum.runs)}</td>
                  <td class="end nowrap">{duration(sum.seconds * 1000)}</td>
                  <td class="end nowrap wide-only">{duration(sum.cpu_ms)}</td>
                  <td class="end nowrap wide-only">{bytes(sum.log_bytes)}</td>
                  <td class="end">{money(sum.cost)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
