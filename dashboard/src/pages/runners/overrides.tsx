// SPDX-License-Identifier: Apache-2.0
//
// The environment of one run: what it gets anyway, each with room for another value, and more.

import type { Schemas } from '../../api/client';
import { check, ENV, type Problems } from '../../forms/rules';
import { Icon } from '../../ui/icon';

export interface Override {
  key: string;
  value: string;
  given: boolean; // the run has it anyway
  changed: boolean;
  hint: string;
}

export const added = (): Override => ({ key: '', value: '', given: false, changed: true, hint: '' });

/** What is to be sent. */
export function overridesOf(list: Override[]): Schemas['EnvOverride'][] {
  return list.filter((one) => one.changed && (one.given || one.key !== '')).map((one) => ({ env_key: one.key, env_val: one.value }));
}

export function overrideProblems(list: Override[]): Problems {
  const problems: Problems = {};
  overridesOf(list).forEach((body, i) => Object.assign(problems, check(ENV, body, `env_variables[${i}].`)));
  return problems;
}

export function Overrides({ list, onChange }: { list: Override[]; onChange: (list: Override[]) => void }) {
  const set = (at: number, change: Partial<Override>) => onChange(list.map((one, i) => (i === at ? { ...one, ...change } : one)));

  return (
    <fieldset class="group">
      <legend>Environment</legend>
      {list.length === 0 && <span class="quiet">None yet. Add what the command should find in its environment.</span>}
      {list.map((one, i) => (
        <div class="override" key={i}>
          {one.given ? (
            <label class="mono name" for={`override-${i}`} title={one.key}>
              {one.key}
            </label>
          ) : (
            <input class="input mono" aria-label="Name of the variable" placeholder="NAME" spellcheck={false} value={one.key} onInput={(e) => set(i, { key: e.currentTarget.value.trim() })} />
          )}
          <input
            id={`override-${i}`}
            class="input mono"
            aria-label={`Value of ${one.key || 'the variable'}`}
            spellcheck={false}
            autocomplete="off"
            placeholder={one.given ? one.hint : 'value'}
            value={one.value}
            onInput={(e) => set(i, { value: e.currentTarget.value, changed: true })}
          />
          {one.given ? (
            one.changed && (
              <button type="button" class="button plain small icon" title="Leave as it is" aria-label={`Leave ${one.key} as it is`} onClick={() => set(i, { value: '', changed: false })}>
                <Icon name="rerun" size={14} />
              </button>
            )
          ) : (
            <button type="button" class="button plain small icon" title="Remove" aria-label={`Remove ${one.key}`} onClick={() => onChange(list.filter((_, at) => at !== i))}>
              <Icon name="close" size={14} />
            </button>
          )}
          {!one.given && one.key !== '' && ENV['env_key']!(one.key) && <span class="problem">The name {ENV['env_key']!(one.key)}.</span>}
        </div>
      ))}
      <div>
        <button type="button" class="button plain small add-variable" onClick={() => onChange([...list, added()])}>
          <Icon name="plus" size={14} /> Add a variable
        </button>
      </div>
    </fieldset>
  );
}
