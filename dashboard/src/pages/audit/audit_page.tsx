// SPDX-License-Identifier: Apache-2.0
//
// Who changed what. Filters live in the address; older pages are asked for by the last event seen.

import { useLocation } from 'preact-iso/router';

import { api, take, type Schemas } from '../../api/client';
import { isAdmin } from '../../api/session';
import { Empty } from '../../ui/empty';
import { exactTime } from '../../ui/format';
import { Icon } from '../../ui/icon';
import { SkeletonRows } from '../../ui/loading';
import { Problem } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { setQuery } from '../../ui/search_field';
import { TimeAgo } from '../../ui/time_ago';
import './audit.css';

type Event = Schemas['AuditEvent'];

const LIMIT = 50;

export function AuditPage() {
  const location = useLocation();
  const { action = '', object_id = '', before = '', all = '' } = location.query;
  const events = useResource(
    `audit ${action} ${object_id} ${before} ${all}`,
    (signal) => {
      const query = { limit: LIMIT, ...(action && { action }), ...(object_id && { object_id }), ...(before && { before }), ...(all && { all_projects: '1' as const }) };
      return take(api.GET('/v1/audit_events', { params: { query }, signal })) as Promise<Schemas['AuditEventList']>;
    },
    10_000,
  );
  const list = events.data?.audit_events;
  const change = (values: Record<string, string>) => setQuery(location, { before: '', ...values });
  const isFiltered = action !== '' || object_id !== '';

  return (
    <>
      <PageHead title="Audit log" lead="Who changed what, when, and from where. Secrets are never in it, and nothing in it can be changed.">
        <a class="button" href={`/v1/audit_events?format=ndjson&limit=1000`} download="audit.ndjson">
          Download
        </a>
      </PageHead>
      <div class="card">
        <div class="card-head filters">
          <label>
            <span class="visually-hidden">Action</span>
            <input class="input" placeholder="Action, such as runner.updated" value={action} onChange={(e) => change({ action: e.currentTarget.value.trim() })} />
          </label>
          {object_id && (
            <button type="button" class="button small" onClick={() => change({ object_id: '' })}>
              One object only <Icon name="close" size={13} />
            </button>
          )}
          {isAdmin() && (
            <label class="check">
              <input type="checkbox" checked={all !== ''} onChange={(e) => change({ all: e.currentTarget.checked ? '1' : '' })} /> All projects
            </label>
          )}
        </div>
        {events.error !== null && (
          <div class="card-body">
            <Problem error={events.error} retry={() => void events.reload()} />
          </div>
        )}
        {list?.length === 0 ? (
          <Empty
            title={isFiltered ? 'No event matches' : 'Nothing was changed yet'}
            action={
              isFiltered && (
                <button type="button" class="button" onClick={() => change({ action: '', object_id: '' })}>
                  Show all
                </button>
              )
            }
          >
            <p>Every change of a runner, its environment, members, tokens and registries is written here by the database itself.</p>
          </Empty>
        ) : (
          <div class="table-box">
            <table>
              <thead>
                <tr>
                  <th>When</th>
                  <th>Who</th>
                  <th>What</th>
                  <th class="wide-only">Changed</th>
                </tr>
              </thead>
              <tbody>{list === undefined ? <SkeletonRows columns={4} rows={8} /> : list.map((event) => <Row key={event.id} event={event} onObject={(id) => change({ object_id: id })} />)}</tbody>
            </table>
          </div>
        )}
        {(before !== '' || events.data?.meta.next_before) && (
          <nav class="pager" aria-label="Pages">
            <button type="button" class="button small" disabled={before === ''} onClick={() => setQuery(location, { before: '' })}>
              Newest
            </button>
            <button type="button" class="button small" disabled={!events.data?.meta.next_before} onClick={() => setQuery(location, { before: events.data!.meta.next_before! })}>
              Older <Icon name="right" size={13} />
            </button>
          </nav>
        )}
      </div>
    </>
  );
}

function Row({ event, onObject }: { event: Event; onObject: (id: string) => void }) {
  const { actor } = event;
  const name = (event.after?.['name'] ?? event.before?.['name'] ?? event.after?.['env_key'] ?? event.before?.['env_key']) as string | undefined;
  return (
    <tr>
      <td>
        <TimeAgo at={event.at} />
        <span class="cell-sub wide-only">{exactTime(event.at)}</span>
      </td>
      <td>
        {actor.name || actor.kind}
        <span class="cell-sub">
          {actor.kind}
          {actor.remote && ` from ${actor.remote}`}
        </span>
      </td>
      <td>
        <code>{event.action}</code>
        {event.object_id && (
          <span class="cell-sub">
            <button type="button" class="link" title="Only events about this object" onClick={() => onObject(event.object_id!)}>
              {name ?? event.object_id.slice(-8)}
            </button>
          </span>
        )}
      </td>
      <td class="wide-only">
        <Changes before={event.before ?? null} after={event.after ?? null} />
      </td>
    </tr>
  );
}

type Values = Record<string, unknown> | null;

const shown = (value: unknown): string => value === null ? 'none' : (typeof value === 'string' ? value : JSON.stringify(value));

/** Of an update, each field as it was and is; of others, how much there is. */
function Changes({ before, after }: { before: Values; after: Values }) {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((key) => key !== 'updated_at');
  if (keys.length === 0) return <span class="quiet">–</span>;
  const list = (
    <dl class="changes">
      {keys.map((key) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>
            {before && key in before && <del>{shown(before[key])}</del>} {after && key in after && <ins>{shown(after[key])}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
  if (before && after && keys.length <= 4) return list;
  return (
    <details class="more">
      <summary>{keys.length} fields</summary>
      {list}
    </details>
  );
}
