// SPDX-License-Identifier: Apache-2.0
//
// Data of the server for a component: at once from what was seen last, then fresh, then again every
// so often while the page is looked at.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { project, session } from '../api/session';

const SEEN_MAX = 100;
const seen = new Map<string, unknown>();

export interface Resource<T> {
  data: T | undefined;
  error: unknown;
  reload: () => Promise<void>;
}

function remember(key: string, value: unknown): void {
  seen.delete(key);
  seen.set(key, value);
  if (seen.size > SEEN_MAX) seen.delete(seen.keys().next().value!);
}

/** What was seen belongs to who saw it. */
session.subscribe((who) => {
  if (!who) seen.clear();
});

/** `key` names what `load` gets; another key is another thing. `everyMs` 0: only once. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyMs = 0): Resource<T> {
  const full = `${project.value ?? ''} ${key}`;
  const [, redraw] = useState(0);
  const state = useRef<{ key: string; error: unknown }>({ key: full, error: null });
  if (state.current.key !== full) state.current = { key: full, error: null };
  const loader = useRef(load);
  loader.current = load;
  const running = useRef<AbortController | null>(null);

  const reload = useCallback(async () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    let error: unknown = null;
    try {
      remember(full, await loader.current(controller.signal));
    } catch (problem) {
      error = problem;
    }
    if (controller.signal.aborted || state.current.key !== full) return;
    running.current = null;
    state.current.error = error;
    redraw((n) => n + 1);
  }, [full]);

  useEffect(() => {
    void reload();
    if (everyMs === 0) return () => running.current?.abort();
    const tick = () => {
      if (!document.hidden && running.current === null) void reload();
    };
    const timer = setInterval(tick, everyMs);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
      running.current?.abort();
      running.current = null;
    };
  }, [reload, everyMs]);

  return { data: seen.get(full) as T | undefined, error: state.current.error, reload };
}
