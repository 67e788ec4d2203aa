// SPDX-License-Identifier: Apache-2.0
//
// The environment of a runner. A secret is written and never shown again.

import { useState } from 'preact/hooks';

import { api, take, type EnvVariable, type Runner } from '../../api/client';
import { may } from '../../api/session';
import { useForm } from '../../forms/form';
import { check, ENV } from '../../forms/rules';
import { Confirm, Dialog } from '../../ui/dialog';
import { Empty } from '../../ui/empty';
import { AreaField, CheckField, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { SkeletonRows } from '../../ui/loading';
import { Problem } from '../../ui/notice';
import { useResource } from '../../ui/resource';
import { RowActions } from '../../ui/row_actions';
import { TimeAgo } from '../../ui/time_ago';
import { tell } from '../../ui/toast';
import { loadEnv } from './env_list';
import { PasteDialog } from './paste_dialog';

export function EnvTab({ runner }: { runner: Runner }) {
  const env = useResource(`env ${runner.id}`, (signal) => loadEnv(runner.id, signal));
  const [editing, setEditing] = useState<EnvVariable | 'new' | null>(null);
  const [deleting, setDeleting] = useState<EnvVariable | null>(null);
  const [pasting, setPasting] = useState(false);
  const list = env.data;

  function done(text: string) {
    setEditing(null);
    setDeleting(null);
    setPasting(false);
    tell(text);
    void env.reload();
  }

  const buttons = may('env') && (
    <div class="row">
      <button type="button" class="button" onClick={() => setPasting(true)}>
        <Icon name="copy" size={14} /> Paste .env
      </button>
      <button type="button" class="button" onClick={() => setEditing('new')}>
        <Icon name="plus" size={14} /> Add variable
      </button>
    </div>
  );

  return (
    <div class="stack">
      {env.error !== null && <Problem error={env.error} retry={() => void env.reload()} />}
      <div class="card">
        {list?.length === 0 ? (
          <Empty title="No variables yet" action={buttons}>
            <p>Every run of {runner.name} gets the variables set here. They are encrypted at rest, and a run can bring other values.</p>
          </Empty>
        ) : (
          <>
            <div class="card-head">
              <span class="quiet">Given to every run. Secrets are write-only, and masked in logs.</span>
              {buttons}
            </div>
            <div class="table-box">
              <table class="env-table">
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>Value</th>
                    <th class="wide-only">Changed</th>
                    <th>
                      <span class="visually-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {list === undefined ? (
                    <SkeletonRows columns={4} rows={4} />
                  ) : (
                    list.map((one) => (
                      <tr key={one.id}>
                        <td class="mono">{one.env_key}</td>
                        <td>
                          {one.secret ? (
                            <span class="env-masked" title="Secret: never shown again">
                              ••••••••
                              <span class="visually-hidden">secret</span>
                            </span>
                          ) : (
                            <code class="env-value" title={one.env_val ?? ''}>
                              {one.env_val === '' ? <span class="quiet">empty</span> : one.env_val}
                            </code>
                          )}
                        </td>
                        <td class="wide-only">
                          <TimeAgo at={one.updated_at} />
                        </td>
                        <td class="actions">
                          {may('env') && <RowActions name={one.env_key} onChange={() => setEditing(one)} onDelete={() => setDeleting(one)} />}
                        </td>
                      </tr>
                    ))
                  )}
                </tbody>
              </table>
            </div>
          </>
        )}
      </div>
      {editing !== null && (
        <VariableDialog runner={runner} variable={editing === 'new' ? null : editing} onClose={() => setEditing(null)} onDone={(key) => done(`${key} is set for the next run.`)} />
      )}
      {pasting && <PasteDialog runner={runner} known={list ?? []} onClose={() => setPasting(false)} onDone={(n) => done(`${n} variables are set for the next run.`)} />}
      {deleting && (
        <Confirm
          title={`Delete ${deleting.env_key}?`}
          submit="Delete variable"
          act={() => remove(runner, deleting)}
          onClose={() => setDeleting(null)}
          onDone={() => done(`${deleting.env_key} is deleted.`)}
        >
          <p>The next run does not have it. Runs that wait already keep it.</p>
        </Confirm>
      )}
    </div>
  );
}

function remove(runner: Runner, variable: EnvVariable) {
  const path = { runner_id: runner.id, env_id: variable.id };
  return take(api.DELETE('/v1/runners/{runner_id}/env_variables/{env_id}', { params: { path } }));
}

interface VariableProps {
  runner: Runner;
  variable: EnvVariable | null;
  onClose: () => void;
  onDone: (key: string) => void;
}

function VariableDialog({ runner, variable, onClose, onDone }: VariableProps) {
  const form = useForm(
    { env_key: variable?.env_key ?? '', env_val: variable?.env_val ?? '', secret: variable?.secret ?? true, typed: false },
    (values) => check(ENV, { env_key: values.env_key }),
  );
  const { values, set, problems } = form;

  const save = () =>
    form.submit(async () => {
      const { env_key, env_val, secret } = values;
      const path = { runner_id: runner.id };
      if (variable === null) {
        await take(api.POST('/v1/runners/{runner_id}/env_variables', { params: { path }, body: { env_key, env_val, secret } }));
      } else {
        const body = { env_key, secret, ...((values.typed || !variable.secret) && { env_val }) };
        await take(api.PATCH('/v1/runners/{runner_id}/env_variables/{env_id}', { params: { path: { ...path, env_id: variable.id } }, body }));
      }
      onDone(env_key);
    });

  return (
    <Dialog title={variable ? `Change ${variable.env_key}` : 'Add a variable'} submit="Save" busy={form.busy} onSubmit={() => void save()} onClose={onClose}>
      {form.error !== null && <Problem error={form.error} />}
      <TextField label="Name" mono required placeholder="DATABASE_URL" value={values.env_key} problems={problems('env_key')} onInput={(text) => set('env_key', text.trim())} />
      <AreaField
        label="Value"
        mono
        placeholder={variable?.secret ? 'unchanged: type to replace it' : ''}
        value={values.env_val}
        problems={problems('env_val')}
        onInput={(text) => {
          set('env_val', text);
          set('typed', true);
        }}
      />
      <CheckField label="Secret" hint="Never shown again, and masked in logs." value={values.secret} onInput={(secret) => set('secret', secret)} />
    </Dialog>
  );
}
