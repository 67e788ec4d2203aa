// SPDX-License-Identifier: Apache-2.0
//
// Inputs with a label, a hint and what is wrong, tied together for those who do not see them.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Common {
  label: string;
  hint?: ComponentChildren;
  problems?: string[] | undefined;
  required?: boolean;
}

function Frame({ id, label, hint, problems, required, children }: Common & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>
        {label}
        {required && <span class="quiet"> (required)</span>}
      </label>
      {children}
      {problems?.length ? (
        <span class="problem" id={`${id}-note`} role="alert">
          {problems.map((text) => sentence(label, text)).join(' ')}
        </span>
      ) : (
        hint && (
          <span class="hint" id={`${id}-note`}>
            {hint}
          </span>
        )
      )}
    </div>
  );
}

/** "Name" and "must be between 3 and 50 characters" as the server says it. */
const sentence = (label: string, text: string): string => `${label} ${text}.`;

const about = (id: string, { hint, problems }: Common) => ({
  'aria-describedby': hint || problems?.length ? `${id}-note` : undefined,
  'aria-invalid': problems?.length ? true : undefined,
});

interface TextProps extends Common {
  value: string;
  onInput: (value: string) => void;
  placeholder?: string;
  mono?: boolean;
  type?: 'text' | 'email' | 'datetime-local';
  autocomplete?: string;
  inputMode?: 'numeric' | 'text' | 'decimal';
  list?: string;
}

export function TextField(props: TextProps) {
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <input
        id={id}
        class={props.mono ? 'input mono' : 'input'}
        type={(props.type ?? 'text') as 'text'}
        autocomplete={props.autocomplete ?? 'off'}
        inputMode={props.inputMode}
        spellcheck={false}
        placeholder={props.placeholder}
        required={props.required}
        value={props.value}
        onInput={(e) => props.onInput(e.currentTarget.value)}
        {...about(id, props)}
      />
    </Frame>
  );
}

export function SecretField(props: TextProps) {
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <input
        id={id}
        class="input mono"
        type="password"
        autocomplete="new-password"
        placeholder={props.placeholder}
        value={props.value}
        onInput={(e) => props.onInput(e.currentTarget.value)}
        {...about(id, props)}
      />
    </Frame>
  );
}

export function AreaField(props: TextProps & { rows?: number }) {
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <textarea
        id={id}
        class={props.mono ? 'input mono' : 'input'}
        rows={props.rows ?? 3}
        spellcheck={false}
        placeholder={props.placeholder}
        value={props.value}
        onInput={(e) => props.onInput(e.currentTarget.value)}
        {...about(id, props)}
      />
    </Frame>
  );
}

interface SelectProps extends Common {
  value: string;
  onInput: (value: string) => void;
  choices: { value: string; label: string }[];
}

export function SelectField(props: SelectProps) {
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <select id={id} class="input" value={props.value} onChange={(e) => props.onInput(e.currentTarget.value)} {...about(id, props)}>
        {props.choices.map((choice) => (
          <option key={choice.value} value={choice.value} selected={choice.value === props.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function CheckField({ label, hint, value, onInput }: Common & { value: boolean; onInput: (value: boolean) => void }) {
  const id = useId();
  return (
    <div class="check">
      <input id={id} type="checkbox" checked={value} aria-describedby={hint ? `${id}-note` : undefined} onChange={(e) => onInput(e.currentTarget.checked)} />
      <div class="field">
        <label for={id}>{label}</label>
        {hint && (
          <span class="hint" id={`${id}-note`}>
            {hint}
          </span>
        )}
      </div>
    </div>
  );
}
