// SPDX-License-Identifier: Apache-2.0
//
// The log of one run, from the API.

import { api, errorOf, requestHeaders, take } from '../../api/client';
import type { LogApi, LogPage } from '../../log/api';

export function runLogApi(id: string): LogApi {
  return {
    async page(query, signal) {
      const answer = take(api.GET('/v1/runs/{run_id}/logs', { params: { path: { run_id: id }, query }, signal }));
      return (await answer) as LogPage;
    },
    stream(afterId, signal) {
      const path = `/v1/runs/${id}/logs/stream?batch=1&after_id=${afterId}`;
      return fetch(path, { headers: requestHeaders(), signal, cache: 'no-store' });
    },
  };
}

/** The whole log as a file. Fetched, since a plain link could not say in which project. */
export async function downloadLog(id: string, attempt: number | undefined): Promise<void> {
  const query = attempt === undefined ? '' : `&attempt=${attempt}`;
  const response = await fetch(`/v1/runs/${id}/logs?format=text${query}`, { headers: requestHeaders() });
  if (!response.ok) throw errorOf(response, await response.json().catch(() => null));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = `run-${id.slice(-8)}${attempt === undefined ? '' : `-attempt-${attempt}`}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

