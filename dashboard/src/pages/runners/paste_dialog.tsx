// SPDX-License-Identifier: Apache-2.0
//
// Many variables at once, from the text of a .env file. What it would change is shown before.

import { useState } from 'preact/hooks';

import { api, take, type EnvVariable, type Runner } from '../../api/client';
import { parseDotenv } from '../../forms/dotenv';
import { Badge } from '../../ui/badge';
import { Dialog } from '../../ui/dialog';
import { AreaField, CheckField } from '../../ui/field';
import { plural } from '../../ui/format';
import { Notice, Problem } from '../../ui/notice';

interface Props {
  runner: Runner;
  known: EnvVariable[];
  onClose: () => void;
  onDone: (n: number) => void;
}

export function PasteDialog({ runner, known, onClose, onDone }: Props) {
  const [text, setText] = useState('');
  const [secret, setSecret] = useState(true);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { entries, problems } = parseDotenv(text);
  const before = new Map(known.map((one) => [one.env_key, one]));

  async function save() {
    setBusy(true);
    setError(null);
    const path = { runner_id: runner.id };
    try {
      for (const { key, value } of entries) {
        const old = before.get(key);
        const body = { env_key: key, env_val: value, secret };
        if (old) await take(api.PATCH('/v1/runners/{runner_id}/env_variables/{env_id}', { params: { path: { ...path, env_id: old.id } }, body }));
        else await take(api.POST('/v1/runners/{runner_id}/env_variables', { params: { path }, body }));
      }
      onDone(entries.length);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  const submit = entries.length === 0 ? 'Save' : `Save ${plural(entries.length, 'variable')}`;
  return (
    <Dialog title="Paste .env" submit={submit} busy={busy || entries.length === 0} onSubmit={() => void save()} onClose={onClose}>
      {error !== null && <Problem error={error} />}
      <AreaField label="Text of the file" mono rows={8} placeholder={'# comments are left out\nDATABASE_URL=postgres://…\nGREETING="Hello, world"'} value={text} onInput={setText} />
      <CheckField label="All of them are secret" hint="Never shown again, and masked in logs." value={secret} onInput={setSecret} />
      {problems.length > 0 && (
        <Notice kind="wait">
          {problems.slice(0, 5).map((one) => (
            <div key={one.line}>
              Line {one.line} {one.text}.
            </div>
          ))}
        </Notice>
      )}
      {entries.length > 0 && (
        <ul class="group" aria-label="What will be saved">
          {entries.map((one) => (
            <li key={one.key} class="row spread">
              <code>{one.key}</code>
              {before.has(one.key) ? <Badge tone="wait">replaces</Badge> : <Badge tone="good">new</Badge>}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
