// SPDX-License-Identifier: Apache-2.0
//
// What the run was using while it ran.

import { api, take, type Run, type Schemas } from '../../api/client';
import { Empty } from '../../ui/empty';
import { bytes } from '../../ui/format';
import { LineChart, type Point } from '../../ui/line_chart';
import { Loaded } from '../../ui/loading';
import { useResource } from '../../ui/resource';
import { isFinal } from '../../ui/words';

const EVERY_MS = 5000;

type Sample = Schemas['UsageSample'];

/** Cores in use between each sample and the one before. */
export function coresOf(samples: Sample[]): Point[] {
  const points: Point[] = [];
  for (let i = 1; i < samples.length; i++) {
    const [before, sample] = [samples[i - 1]!, samples[i]!];
    const ms = Date.parse(sample.at) - Date.parse(before.at);
    if (ms > 0) points.push({ at: Date.parse(sample.at), value: Math.max(0, sample.cpu_ms - before.cpu_ms) / ms });
  }
  return points;
}

export function RunUsage({ run }: { run: Run }) {
  const usage = useResource(
    `usage of run ${run.id}`,
    (signal) => take(api.GET('/v1/runs/{run_id}/usage', { params: { path: { run_id: run.id } }, signal })),
    isFinal(run.status) ? 0 : EVERY_MS,
  );
  return (
    <Loaded from={usage} waiting={<div class="card run-charts" aria-hidden="true" />}>
      {({ usage: samples }) => (samples.length < 3 ? <TooShort run={run} /> : <Charts run={run} samples={samples} />)}
    </Loaded>
  );
}

function TooShort({ run }: { run: Run }) {
  return (
    <div class="card">
      <Empty title="No curve to draw">
        <p>
          {isFinal(run.status)
            ? 'Processor and memory are measured every few seconds, and this run ended before that made a curve. What it used in all is above.'
            : 'Processor and memory are measured every few seconds while it runs. The curve begins in a moment.'}
        </p>
      </Empty>
    </div>
  );
}

function Charts({ run, samples }: { run: Run; samples: Sample[] }) {
  const memory = samples.map((sample) => ({ at: Date.parse(sample.at), value: sample.memory_bytes }));
  const last = samples.at(-1)!;
  return (
    <div class="card run-charts">
      <figure>
        <figcaption>
          <h2>Processor</h2>
          <span class="quiet">cores, of {run.instance_type.cpu}</span>
        </figcaption>
        <LineChart points={coresOf(samples)} format={cores} tone={2} label="Cores in use while it ran" />
      </figure>
      <figure>
        <figcaption>
          <h2>Memory</h2>
          <span class="quiet">of {bytes(run.instance_type.mem * 2 ** 20)}</span>
        </figcaption>
        <LineChart points={memory} max={run.instance_type.mem * 2 ** 20} format={bytes} label="Memory in use while it ran" />
      </figure>
      <p class="quiet run-io">
        Read from disk {bytes(last.io_read_bytes)}, written {bytes(last.io_write_bytes)}, {last.processes} processes at last.
      </p>
    </div>
  );
}

const cores = (n: number): string => String(Math.round(n * 100) / 100);
