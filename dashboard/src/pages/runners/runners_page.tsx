// SPDX-License-Identifier: Apache-2.0
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';

import { allPages } from '../../api/all_pages';
import { api, take, type Runner, type Schemas } from '../../api/client';
import { may } from '../../api/session';
import { StatusBadge } from '../../ui/badge';
import { Empty } from '../../ui/empty';
import { duration, megabytes } from '../../ui/format';
import { Icon } from '../../ui/icon';
import { SkeletonRows } from '../../ui/loading';
import { Problem } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { SearchField, setQuery } from '../../ui/search_field';
import { TimeAgo } from '../../ui/time_ago';
import { isFinal } from '../../ui/words';
import { RunDialog } from './run_dialog';
import { Sparkline } from './sparkline';
import './runners.css';

const EVERY_MS = 4000;

export function loadRunners(signal?: AbortSignal): Promise<Runner[]> {
  return allPages(async (query) => {
    const answer = await take(api.GET('/v1/runners', { params: { query }, signal }));
    return { items: answer.runners, meta: answer.meta };
  });
}

async function loadActivity(signal: AbortSignal): Promise<Map<string, Schemas['RunBrief'][]>> {
  const list = await allPages(async (query) => {
    const answer = await take(api.GET('/v1/runner_activity', { params: { query }, signal }));
    return { items: answer.runner_activity, meta: answer.meta };
  });
  return new Map(list.map((one) => [one.runner_id, one.runs]));
}

const matches = (runner: Runner, words: string[]): boolean => {
  const text = `${runner.name} ${runner.image_name}:${runner.image_tag} ${Object.entries(runner.labels).join(' ')}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

export function RunnersPage() {
  const location = useLocation();
  const search = location.query['q'] ?? '';
  const runners = useResource('runners', loadRunners, EVERY_MS);
  const activity = useResource('activity', loadActivity, EVERY_MS);
  const [running, setRunning] = useState<Runner | null>(null);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = runners.data?.filter((runner) => matches(runner, words)).sort((a, b) => a.name.localeCompare(b.name));
  const isNew = runners.data?.length === 0;

  return (
    <>
      <PageHead title="Runners" lead="A runner is a container image with a command, limits and an environment, ready to be run on demand.">
        {may('write') && !isNew && (
          <a class="button primary" href="/runners/new">
            <Icon name="plus" /> New runner
          </a>
        )}
      </PageHead>
      {runners.error !== null && <Problem error={runners.error} retry={() => void runners.reload()} />}
      <div class="card">
        {isNew ? (
          <FirstRunner />
        ) : (
          <>
            <div class="card-head">
              <SearchField label="Search runners" value={search} onInput={(q) => setQuery(location, { q })} />
              <span class="quiet number">{shown && `${shown.length} of ${runners.data!.length}`}</span>
            </div>
            <div class="table-box">
              <table class="runners">
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>Last run</th>
                    <th class="wide-only">Recent runs</th>
                    <th class="wide-only">Size</th>
                    <th class="wide-only">Warm</th>
                    <th>
                      <span class="visually-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {shown === undefined ? (
                    <SkeletonRows columns={6} />
                  ) : (
                    shown.map((runner) => (
                      <Row key={runner.id} runner={runner} runs={activity.data?.get(runner.id)} onRun={() => setRunning(runner)} />
                    ))
                  )}
                </tbody>
              </table>
            </div>
            {shown?.length === 0 && (
              <Empty title="No runner matches" action={<button type="button" class="button" onClick={() => setQuery(location, { q: '' })}>Show all</button>}>
                <p>Names, images and labels are searched.</p>
              </Empty>
            )}
          </>
        )}
      </div>
      {running && <RunDialog runner={running} onClose={() => setRunning(null)} />}
    </>
  );
}

function Row({ runner, runs, onRun }: { runner: Runner; runs: Schemas['RunBrief'][] | undefined; onRun: () => void }) {
  const last = runs?.[0];
  return (
    <tr>
      <td>
        <a class="cell-title" href={`/runners/${runner.id}`}>
          {runner.name}
        </a>
        <span class="cell-sub" title={`${runner.image_name}:${runner.image_tag}`}>
          {runner.image_name}:{runner.image_tag}
        </span>
      </td>
      <td>
        {last ? (
          <a class="last-run" href={`/runs/${last.id}`}>
            <StatusBadge status={last.status} />
            <span class="cell-sub">
              <TimeAgo at={last.created_at} />
              {isFinal(last.status) && last.duration_ms !== null && <span class="wide-only"> · {duration(last.duration_ms)}</span>}
            </span>
          </a>
        ) : (
          runs && <span class="quiet">never ran</span>
        )}
      </td>
      <td class="wide-only">{runs && <Sparkline runs={runs} />}</td>
      <td class="wide-only nowrap">
        {runner.instance_type.name}
        <span class="cell-sub">
          {runner.instance_type.cpu} CPU · {megabytes(runner.instance_type.mem)}
        </span>
      </td>
      <td class="wide-only nowrap">{runner.warmed_at ? <TimeAgo at={runner.warmed_at} /> : <span class="quiet">no</span>}</td>
      <td class="actions">
        {may('run') && (
          <button type="button" class="button small" aria-label={`Run ${runner.name}`} onClick={onRun}>
            <Icon name="runs" size={13} /> <span class="text">Run</span>
          </button>
        )}
      </td>
    </tr>
  );
}

function FirstRunner() {
  return (
    <Empty
      title="Make your first runner"
      action={
        may('write') && (
          <a class="button primary" href="/runners/new">
            <Icon name="plus" /> New runner
          </a>
        )
      }
    >
      <p>Choose an image, give it a name, press Run: its log appears here, live. From a terminal it is the same:</p>
      <pre>
        <code>{`errand runner create hello --image docker.io/library/busybox\nerrand run hello -- echo hello`}</code>
      </pre>
    </Empty>
  );
}
