// SPDX-License-Identifier: Apache-2.0
//
// The one way to the API. Every call goes with the session's cookie, the chosen project and the
// header that keeps other sites from using the cookie; what it answers is typed by the OpenAPI
// document (`npm run types`).

import createClient from 'openapi-fetch';

import { seekElsewhere } from './elsewhere';
import { project, signedOut } from './session';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Runner = Schemas['Runner'];
export type Run = Schemas['Run'];
export type RunStatus = Schemas['RunStatus'];
export type EnvVariable = Schemas['EnvVariable'];
export type Hypervisor = Schemas['Hypervisor'];

/** What went wrong, in words for people; `fields` are the server's problems with single fields. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: Record<string, string[]> = {},
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

/** Headers that every request to the API carries, for those who fetch by themselves (streams). */
export function requestHeaders(): Record<string, string> {
  const headers: Record<string, string> = { 'X-Errand-Session': '1' };
  if (project.value) headers['X-Errand-Project'] = project.value;
  return headers;
}

export const api = createClient<paths>({ baseUrl: '' });

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(requestHeaders())) {
      if (!request.headers.has(name)) request.headers.set(name, value);
    }
    if (request.method === 'POST' && !request.headers.has('Idempotency-Key'))
      request.headers.set('Idempotency-Key', newKey());
    return request;
  },
  onResponse({ request, response, schemaPath }) {
    if (response.status === 401 && schemaPath !== '/v1/session') signedOut();
    if (response.status === 404 && request.method === 'GET') void seekElsewhere(new URL(request.url).pathname);
  },
});

/** Random enough to tell two intents apart; crypto.randomUUID() is only there on https. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('');
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer, or an ApiError thrown. */
export async function take<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The server does not answer. Check that errand-api runs and that you are online.');
  }
  if (answer.response.ok && answer.data !== undefined) return answer.data;
  throw errorOf(answer.response, answer.error);
}

export function errorOf(response: Response, body: unknown): ApiError {
  const id = response.headers.get('x-request-id');
  const told = (body ?? {}) as { errors?: string[]; fields?: Record<string, string[]>; message?: string };
  if (told.errors) return new ApiError(response.status, told.errors.join('. '), told.fields ?? {}, id);
  return new ApiError(response.status, told.message ?? `The server answered ${response.status}`, {}, id);
}
