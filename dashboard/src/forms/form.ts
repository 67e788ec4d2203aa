// SPDX-License-Identifier: Apache-2.0
//
// A form's values and what is wrong with them: by our rules once a field was touched or the form was
// sent, by the server's answer until the field is changed.

import { useState } from 'preact/hooks';

import { ApiError } from '../api/client';
import type { Problems } from './rules';

export interface Form<V> {
  values: V;
  set: <K extends keyof V>(name: K, value: V[K]) => void;
  /** Of a field of the API and those inside it ("labels.a"). */
  problems: (name: string) => string[] | undefined;
  error: unknown;
  busy: boolean;
  /** Runs `send` when our rules find nothing. */
  submit: (send: () => Promise<void>) => Promise<void>;
}

export function useForm<V extends object>(initial: V, check: (values: V) => Problems): Form<V> {
  const [values, setValues] = useState(initial);
  const [touched, setTouched] = useState<Set<string>>(new Set());
  const [sent, setSent] = useState(false);
  const [told, setTold] = useState<Problems>({});
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const found = check(values);

  function problems(name: string): string[] | undefined {
    const of = (all: Problems) =>
      Object.entries(all)
        .filter(([key]) => key === name || key.startsWith(`${name}.`) || key.startsWith(`${name}[`))
        .flatMap(([key, texts]) => (key === name ? texts : texts.map((text) => `(${key.slice(name.length).replace(/^\./, '')}) ${text}`)));
    const ours = sent || touched.has(name) ? of(found) : [];
    const all = ours.length > 0 ? ours : of(told);
    return all.length > 0 ? all : undefined;
  }

  return {
    values,
    problems,
    error,
    busy,
    set(name, value) {
      setValues((old) => ({ ...old, [name]: value }));
      setTouched((old) => new Set(old).add(String(name)));
      setTold((old) => Object.fromEntries(Object.entries(old).filter(([key]) => key !== name && !key.startsWith(`${String(name)}.`))));
    },
    async submit(send) {
      setSent(true);
      setError(null);
      if (Object.keys(found).length > 0) {
        focusFirstProblem();
        return;
      }
      setBusy(true);
      try {
        await send();
      } catch (problem) {
        setError(problem);
        if (problem instanceof ApiError) setTold(problem.fields);
        focusFirstProblem();
      }
      setBusy(false);
    },
  };
}

function focusFirstProblem(): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>('[aria-invalid="true"]');
    field?.closest('details')?.setAttribute('open', '');
    field?.focus();
  });
}
