// SPDX-License-Identifier: Apache-2.0
//
// Who is signed in, and in which project they look. Kept as signals: whoever shows them follows.

import { computed, signal } from '@preact/signals';

import type { components } from './schema';

export type Session = components['schemas']['Session'];
export type Scope = components['schemas']['Scope'];

const PROJECT_KEY = 'errand.project';

/** undefined: not asked yet. null: signed out. */
export const session = signal<Session | null | undefined>(undefined);

/** The chosen project; null is the token's own. */
export const project = signal<string | null>(stored(PROJECT_KEY));

/** Why one is signed out, when it was not by choice. */
export const signOutReason = signal<string | null>(null);

const scopes = computed(() => new Set<Scope>(session.value?.scopes ?? []));

export const may = (scope: Scope): boolean => scopes.value.has(scope);
export const isAdmin = (): boolean => session.value?.is_admin ?? false;

export function chooseProject(id: string): void {
  project.value = id;
  store(PROJECT_KEY, id);
}

/** Another project is chosen only after it answered; until then a stale choice must not lock out. */
export function forgetProject(): void {
  project.value = null;
  store(PROJECT_KEY, null);
}

export function signedOut(): void {
  if (session.value) signOutReason.value = 'Your session has ended. Sign in to go on where you were.';
  session.value = null;
}

export function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function store(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // private windows: the choice lives as long as the page
  }
}
