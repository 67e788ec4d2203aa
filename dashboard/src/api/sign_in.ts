// SPDX-License-Identifier: Apache-2.0
import { api, ApiError, errorOf, take } from './client';
import { forgetProject, project, session, signOutReason } from './session';

/** Ask who the cookie belongs to. A project that is gone is forgotten and asked again without. */
export async function loadSession(): Promise<void> {
  try {
    session.value = (await take(api.GET('/v1/session'))).session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404 && project.value) {
      forgetProject();
      return loadSession();
    }
    if (error instanceof ApiError && error.status === 401) session.value = null;
    else throw error;
  }
}

export async function signInWithPassword(email: string, password: string): Promise<void> {
  await take(api.POST('/v1/session', { body: { email, password } }));
  await begin();
}

export async function signInWithToken(token: string): Promise<void> {
  const response = await fetch('/v1/session', {
    method: 'PUT',
    headers: { Authorization: `Bearer ${token.trim()}` },
  });
  if (response.status === 401)
    throw new ApiError(401, 'This token is unknown, expired or revoked. Check that all of it was copied.');
  if (!response.ok) throw errorOf(response, await response.json().catch(() => null));
  await begin();
}

async function begin(): Promise<void> {
  signOutReason.value = null;
  await loadSession();
}

export async function signOut(): Promise<void> {
  await api.DELETE('/v1/session');
  signOutReason.value = null;
  session.value = null;
}
