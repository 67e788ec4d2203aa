// SPDX-License-Identifier: Apache-2.0
import { api, take, type Hypervisor } from '../../api/client';
import { megabytes } from '../../ui/format';
import { LineChart } from '../../ui/line_chart';
import { useResource } from '../../ui/resource';

/** What was reserved on a machine in the last day. */
export function History({ machine }: { machine: Hypervisor }) {
  const history = useResource(
    `history ${machine.id}`,
    (signal) => take(api.GET('/v1/hypervisors/{hypervisor_id}/history', { params: { path: { hypervisor_id: machine.id } }, signal })),
    60_000,
  );
  const samples = history.data?.history ?? [];
  if (samples.length < 2) return <p class="quiet history-note">{history.data ? 'Its history is drawn here when it has been up for some minutes.' : ' '}</p>;
  const points = (pick: (sample: (typeof samples)[number]) => number) => samples.map((one) => ({ at: Date.parse(one.at), value: pick(one) }));
  return (
    <div class="histories">
      <div>
        <h3>Memory in use, last day</h3>
        <LineChart points={points((one) => one.mem_used)} max={machine.mem_total} format={megabytes} label={`Memory in use on ${machine.name} in the last day`} />
      </div>
      <div>
        <h3>CPU in use, last day</h3>
        <LineChart points={points((one) => one.cpu_used)} max={machine.cpu} tone={2} format={(n) => String(Math.round(n * 10) / 10)} label={`CPU in use on ${machine.name} in the last day`} />
      </div>
    </div>
  );
}
