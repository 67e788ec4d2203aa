// SPDX-License-Identifier: Apache-2.0
//
// /runners/:id and its tabs.

import { useLocation } from 'preact-iso/router';
import { useMemo, useState } from 'preact/hooks';

import { api, take, type Runner, type Schemas } from '../../api/client';
import { may } from '../../api/session';
import { Confirm } from '../../ui/dialog';
import { megabytes, seconds } from '../../ui/format';
import { Icon } from '../../ui/icon';
import { Loaded } from '../../ui/loading';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { TimeAgo } from '../../ui/time_ago';
import { tell, tellError } from '../../ui/toast';
import { RunsList } from '../runs/runs_list';
import { bodyOf, changed, draftOf } from './draft';
import { EnvTab } from './env_tab';
import { RunDialog, runnersCommand } from './run_dialog';
import { RunnerForm } from './runner_form';
import './runners.css';

const EVERY_MS = 3000;

type Tab = 'runs' | 'environment' | 'settings';

export function RunnerPage({ id, tab = 'runs' }: { id: string; tab?: string }) {
  const found = useResource(
    `runner ${id}`,
    (signal) => take(api.GET('/v1/runners/{runner_id}', { params: { path: { runner_id: id } }, signal })).then(({ runner }) => runner),
    EVERY_MS,
  );
  return (
    <Loaded from={found} waiting={<PageHead title="Runner" crumbs={[{ label: 'Runners', path: '/runners' }]} lead={<span class="skeleton w1" />} />}>
      {(runner) => <Known runner={runner} tab={tab as Tab} reload={found.reload} />}
    </Loaded>
  );
}

function Known({ runner, tab, reload }: { runner: Runner; tab: Tab; reload: () => Promise<void> }) {
  const [running, setRunning] = useState(false);
  const path = `/runners/${runner.id}`;
  const tabs: [Tab, string, string][] = [
    ['runs', 'Runs', path],
    ['environment', 'Environment', `${path}/environment`],
    ['settings', 'Settings', `${path}/settings`],
  ];
  return (
    <>
      <PageHead
        title={runner.name}
        crumbs={[{ label: 'Runners', path: '/runners' }]}
        lead={
          <span class="mono">
            {runner.image_name}:{runner.image_tag}
          </span>
        }
      >
        <WarmUp runner={runner} reload={reload} />
        {may('run') && (
          <button type="button" class="button primary" onClick={() => setRunning(true)}>
            <Icon name="runs" size={14} /> Run
          </button>
        )}
      </PageHead>
      <nav class="tabs" aria-label="Runner">
        {tabs.map(([name, label, href]) => (
          <a key={name} href={href} aria-current={name === tab ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      {tab === 'runs' && (
        <div class="stack">
          <Facts runner={runner} />
          <RunsList runnerId={runner.id} onFirst={() => setRunning(true)} />
        </div>
      )}
      {tab === 'environment' && <EnvTab runner={runner} />}
      {tab === 'settings' && <Settings runner={runner} reload={reload} />}
      {running && <RunDialog runner={runner} onClose={() => setRunning(false)} />}
    </>
  );
}

function Facts({ runner }: { runner: Runner }) {
  return (
    <div class="card card-body">
      <dl class="facts">
        <div class="fact-wide">
          <dt>Command</dt>
          <dd>
            <code class="clip" title={runnersCommand(runner)}>
              {runnersCommand(runner)}
            </code>
          </dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd>
            {runner.instance_type.cpu} CPU, {megabytes(runner.instance_type.mem)}
          </dd>
        </div>
        <div>
          <dt>Timeout</dt>
          <dd>{seconds(runner.timeout_seconds)}</dd>
        </div>
        <div>
          <dt>Region</dt>
          <dd>{runner.region.name}</dd>
        </div>
        <div>
          <dt>Warm since</dt>
          <dd>
            <TimeAgo at={runner.warmed_at} />
          </dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>
            <TimeAgo at={runner.updated_at} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

/** Pulls the image ahead of time; done when the server says another `warmed_at`. */
function WarmUp({ runner, reload }: { runner: Runner; reload: () => Promise<void> }) {
  const [before, setBefore] = useState<string | null | undefined>(undefined);
  const waits = before !== undefined && before === runner.warmed_at;

  async function warm() {
    setBefore(runner.warmed_at);
    try {
      await take(api.POST('/v1/runners/{runner_id}/warmup', { params: { path: { runner_id: runner.id } } }));
      await reload();
    } catch (error) {
      setBefore(undefined);
      tellError(error);
    }
  }

  if (!may('run')) return null;
  const title = runner.warmed_at ? `Warm since ${new Date(runner.warmed_at).toLocaleString()}` : 'Pull the image now, so that the next run starts at once';
  return (
    <button type="button" class="button" title={title} disabled={waits} onClick={() => void warm()}>
      <Icon name="flame" size={15} />
      {waits ? 'Warming up…' : runner.warmed_at ? 'Warm' : 'Warm up'}
    </button>
  );
}

function Settings({ runner, reload }: { runner: Runner; reload: () => Promise<void> }) {
  const location = useLocation();
  const [deleting, setDeleting] = useState(false);
  const [savedVersion, setSavedVersion] = useState(runner.version);
  const initial = useMemo(() => draftOf(runner), [savedVersion]);

  async function save(body: Record<string, unknown>) {
    const params = { path: { runner_id: runner.id } };
    const answer = await take(api.PATCH('/v1/runners/{runner_id}', { params, body: changed(bodyOf(initial), body) as Schemas['RunnerUpdate'] }));
    await reload();
    setSavedVersion(answer.runner.version);
    tell('Saved. The next run uses it.');
    return answer.runner;
  }

  async function remove() {
    await take(api.DELETE('/v1/runners/{runner_id}', { params: { path: { runner_id: runner.id } } }));
  }

  if (!may('write')) return <p class="quiet">Your role in this project may see and run, but not change runners.</p>;
  return (
    <>
      {/* made anew after it was saved, not whenever the server is asked: what is typed stays */}
      <RunnerForm
        key={savedVersion}
        initial={initial}
        submit="Save changes"
        send={save}
        foot={
          <>
            <span class="quiet">Version {runner.version}</span>
            <button type="button" class="button danger push-left" onClick={() => setDeleting(true)}>
              <Icon name="trash" size={14} /> Delete runner
            </button>
          </>
        }
      />
      {deleting && (
        <Confirm
          title={`Delete ${runner.name}?`}
          submit="Delete runner"
          act={remove}
          onClose={() => setDeleting(false)}
          onDone={() => {
            tell(`${runner.name} is deleted.`);
            location.route('/runners');
          }}
        >
          <p>Its environment is erased. Its past runs and their logs stay until they are too old. It cannot be deleted while a run is open.</p>
        </Confirm>
      )}
    </>
  );
}
