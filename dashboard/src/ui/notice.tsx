// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

import { ApiError } from '../api/client';
import { Icon } from './icon';

type Kind = 'info' | 'bad' | 'good' | 'wait';

export function Notice({ kind = 'info', children }: { kind?: Kind; children: ComponentChildren }) {
  const icon = kind === 'good' ? 'check' : kind === 'info' ? 'info' : 'alert';
  return (
    <div class={`notice is-${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

/** What went wrong and what to do about it. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { what, help } = explain(error);
  return (
    <Notice kind="bad">
      <strong>{what}</strong>
      {help && <div>{help}</div>}
      {retry && (
        <button type="button" class="button small" onClick={retry}>
          Try again
        </button>
      )}
    </Notice>
  );
}

export function explain(error: unknown): { what: string; help: string | null } {
  if (!(error instanceof ApiError)) return { what: String(error), help: 'This is a fault of the dashboard. Reload the page.' };
  return { what: error.message, help: helpFor(error) };
}

function helpFor(error: ApiError): string | null {
  switch (error.status) {
    case 0:
    case 400:
    case 401:
      return null;
    case 403:
      return 'Your role does not allow this here. An administrator of the project can change that under Members.';
    case 404:
      return 'It may have been deleted, or it belongs to another project: switch projects at the top left.';
    case 409:
      return 'Reload the page to see how it is now.';
    case 429:
      return 'Wait a moment and try again, or ask an administrator for a higher quota.';
    case 503:
      return 'The server is busy or its database is away. Nothing was changed; try again in a moment.';
    default:
      return error.requestId ? `If it happens again, report the request id ${error.requestId}.` : null;
  }
}
