// SPDX-License-Identifier: Apache-2.0
//
// The machines of the installation, for its administrators.

import { useState } from 'preact/hooks';

import { allPages } from '../../api/all_pages';
import { api, take, type Hypervisor, type Schemas } from '../../api/client';
import { Badge } from '../../ui/badge';
import { CopyButton } from '../../ui/copy_button';
import { Confirm } from '../../ui/dialog';
import { Empty } from '../../ui/empty';
import { bytes, megabytes } from '../../ui/format';
import { Icon } from '../../ui/icon';
import { Loaded } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { TimeAgo } from '../../ui/time_ago';
import { tell, tellError } from '../../ui/toast';
import type { Tone } from '../../ui/words';
import { History } from './history';
import './hypervisors.css';

const STATUS: Record<Hypervisor['status'], { tone: Tone; word: string; help: string }> = {
  ready: { tone: 'good', word: 'Ready', help: 'Takes new runs.' },
  draining: { tone: 'wait', word: 'Draining', help: 'Takes no new runs; those under way go on to their end.' },
  cordoned: { tone: 'off', word: 'Cordoned', help: 'Takes no new runs until it is uncordoned.' },
  lost: { tone: 'bad', word: 'Lost', help: 'Has not been heard of. Look whether errand-agent runs and reaches this server.' },
};

function loadHypervisors(signal: AbortSignal): Promise<Hypervisor[]> {
  return allPages(async (query) => {
    const answer = await take(api.GET('/v1/hypervisors', { params: { query }, signal }));
    return { items: answer.hypervisors, meta: answer.meta };
  });
}

export function HypervisorsPage() {
  const found = useResource('hypervisors', loadHypervisors, 3000);
  const [token, setToken] = useState<Schemas['TokenCreated'] | null>(null);

  async function join() {
    try {
      const expires_at = new Date(Date.now() + 86_400_000).toISOString();
      const answer = await take(api.POST('/v1/hypervisor_tokens', { body: { name: `joined ${new Date().toISOString().slice(0, 16)}`, expires_at } }));
      setToken(answer.token);
    } catch (error) {
      tellError(error);
    }
  }

  const add = (
    <button type="button" class="button primary" onClick={() => void join()}>
      <Icon name="plus" /> Add hypervisor
    </button>
  );

  return (
    <>
      <PageHead title="Hypervisors" lead="The machines that run containers. Each runs errand-agent, which only ever calls out.">
        {found.data?.length !== 0 && add}
      </PageHead>
      <div class="stack">
        {token && <Join token={token.token} />}
        <Loaded from={found} waiting={<div class="card machine" aria-hidden="true" />}>
          {(list) =>
            list.length === 0 ? (
              <div class="card">
                <Empty title="No hypervisor yet" action={add}>
                  <p>Runs wait until there is one. On one machine, errand up starts everything; to add another, make a join token here and start errand-agent with it there.</p>
                </Empty>
              </div>
            ) : (
              list.map((one) => <Machine key={one.id} machine={one} reload={found.reload} />)
            )
          }
        </Loaded>
      </div>
    </>
  );
}

function Join({ token }: { token: string }) {
  const command = `(umask 077; echo ${token} >join.token)\nerrand-agent --api_url ${location.origin} --join_token_file join.token`;
  return (
    <Notice kind="good">
      <strong>Start the agent there, as root. The token is shown only now and works for a day.</strong>
      <div class="row">
        <pre class="made">{command}</pre>
        <CopyButton text={command} label="Copy the commands" />
      </div>
    </Notice>
  );
}

type Change = 'cordon' | 'drain' | 'uncordon';

function Machine({ machine, reload }: { machine: Hypervisor; reload: () => Promise<void> }) {
  const [removing, setRemoving] = useState(false);
  const status = STATUS[machine.status];
  const params = { path: { hypervisor_id: machine.id } };

  async function change(what: Change) {
    try {
      if (what === 'cordon') await take(api.POST('/v1/hypervisors/{hypervisor_id}/cordon', { params }));
      else if (what === 'drain') await take(api.POST('/v1/hypervisors/{hypervisor_id}/drain', { params }));
      else await take(api.POST('/v1/hypervisors/{hypervisor_id}/uncordon', { params }));
      await reload();
    } catch (error) {
      tellError(error);
    }
  }

  const isOpen = machine.status === 'ready';
  return (
    <section class="card machine" aria-label={machine.name}>
      <header class="card-head">
        <div class="row">
          <h2>{machine.name}</h2>
          <Badge tone={status.tone} title={status.help}>
            {status.word}
          </Badge>
          <span class="quiet">{machine.region.name}</span>
        </div>
        <div class="row">
          {isOpen && (
            <button type="button" class="button small" title="Take no new runs" onClick={() => void change('cordon')}>
              Cordon
            </button>
          )}
          {(isOpen || machine.status === 'cordoned') && (
            <button type="button" class="button small" title="Take no new runs and let those under way end" onClick={() => void change('drain')}>
              Drain
            </button>
          )}
          {(machine.status === 'cordoned' || machine.status === 'draining') && (
            <button type="button" class="button small" onClick={() => void change('uncordon')}>
              Uncordon
            </button>
          )}
          {machine.status !== 'ready' && machine.runs === 0 && (
            <button type="button" class="button small danger" onClick={() => setRemoving(true)}>
              Remove
            </button>
          )}
        </div>
      </header>
      <div class="card-body stack">
        {machine.status !== 'ready' && <p class="quiet">{status.help}</p>}
        <div class="meters">
          <Meter name="Memory" used={machine.mem_total - machine.mem_free} total={machine.mem_total} format={megabytes} />
          <Meter name="CPU" used={machine.cpu - machine.cpu_free} total={machine.cpu} format={(n) => String(Math.round(n * 100) / 100)} />
        </div>
        <dl class="facts">
          <Fact name="Runs" value={String(machine.runs)} />
          <Fact name="Disk free" value={bytes(machine.disk_free)} />
          <Fact name="Images cached" value={String(machine.images_cached)} />
          <Fact name="Runtimes" value={machine.runtimes.join(', ') || 'none'} />
          <Fact name="Version" value={machine.version} />
          <div>
            <dt>Last seen</dt>
            <dd>
              <TimeAgo at={machine.last_seen_at} />
            </dd>
          </div>
        </dl>
        {Object.keys(machine.labels).length > 0 && (
          <div class="row">
            {Object.entries(machine.labels).map(([key, value]) => (
              <span key={key} class="chip mono">
                {key}={value}
              </span>
            ))}
          </div>
        )}
        <History machine={machine} />
      </div>
      {removing && (
        <Confirm
          title={`Remove ${machine.name}?`}
          submit="Remove hypervisor"
          act={() => take(api.DELETE('/v1/hypervisors/{hypervisor_id}', { params }))}
          onClose={() => setRemoving(false)}
          onDone={() => {
            setRemoving(false);
            tell(`${machine.name} is removed.`);
            void reload();
          }}
        >
          <p>Its credential ends at once. The history of its runs stays. To bring it back, join it anew.</p>
        </Confirm>
      )}
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface MeterProps {
  name: string;
  used: number;
  total: number;
  format: (n: number) => string;
}

/** What is reserved for runs, of what runs may use. */
function Meter({ name, used, total, format }: MeterProps) {
  const percent = Math.max(0, Math.min(100, (used / total) * 100));
  return (
    <div>
      <div class="row spread">
        <span>{name}</span>
        <span class="quiet number">
          {format(used)} of {format(total)}
        </span>
      </div>
      <div class="meter" role="meter" aria-label={`${name} in use`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(percent)} aria-valuetext={`${format(used)} of ${format(total)}`}>
        <span class={percent > 90 ? 'is-full' : undefined} style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}

