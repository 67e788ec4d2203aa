// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

import { api, take, type Schemas } from '../../api/client';
import { may } from '../../api/session';
import { useForm } from '../../forms/form';
import { Badge } from '../../ui/badge';
import { Confirm, Dialog } from '../../ui/dialog';
import { Empty } from '../../ui/empty';
import { AreaField, CheckField, SecretField, SelectField, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { SkeletonRows } from '../../ui/loading';
import { Problem } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { RowActions } from '../../ui/row_actions';
import { TimeAgo } from '../../ui/time_ago';
import { tell } from '../../ui/toast';
import { loadRegistries } from '../runners/catalog';

type Registry = Schemas['ContainerRegistry'];

const TYPE_WORD: Record<Schemas['RegistryType'], string> = { docker_hub: 'Docker Hub', ghcr: 'GitHub (ghcr.io)', custom: 'Another' };

export function RegistriesPage() {
  const registries = useResource('registries', loadRegistries, 15_000);
  const [editing, setEditing] = useState<Registry | 'new' | null>(null);
  const [deleting, setDeleting] = useState<Registry | null>(null);
  const list = registries.data;

  function done(text: string) {
    setEditing(null);
    setDeleting(null);
    tell(text);
    void registries.reload();
  }

  const add = may('write') && (
    <button type="button" class="button primary" onClick={() => setEditing('new')}>
      <Icon name="plus" /> Add registry
    </button>
  );

  return (
    <>
      <PageHead title="Registries" lead="Logins for private images. A runner names the one that its image is pulled with.">
        {list?.length !== 0 && add}
      </PageHead>
      {registries.error !== null && <Problem error={registries.error} retry={() => void registries.reload()} />}
      <div class="card">
        {list?.length === 0 ? (
          <Empty title="No registries yet" action={add}>
            <p>Public images need none. For private ones, add a login here and choose it in the runner: passwords are encrypted and never shown again.</p>
          </Empty>
        ) : (
          <div class="table-box">
            <table>
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Host</th>
                  <th class="wide-only">Login</th>
                  <th class="wide-only">Changed</th>
                  <th>
                    <span class="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {list === undefined ? (
                  <SkeletonRows columns={5} rows={3} />
                ) : (
                  list.map((one) => (
                    <tr key={one.id}>
                      <td class="cell-title">{one.name}</td>
                      <td class="mono">
                        {one.hostname} {one.insecure && <Badge tone="wait">plain http</Badge>}
                      </td>
                      <td class="wide-only">{one.has_credentials ? 'with password' : <span class="quiet">none</span>}</td>
                      <td class="wide-only">
                        <TimeAgo at={one.updated_at} />
                      </td>
                      <td class="actions">
                        {may('write') && <RowActions name={one.name} onChange={() => setEditing(one)} onDelete={() => setDeleting(one)} />}
                      </td>
                    </tr>
                  ))
                )}
              </tbody>
            </table>
          </div>
        )}
      </div>
      {editing !== null && <RegistryDialog registry={editing === 'new' ? null : editing} onClose={() => setEditing(null)} onDone={(name) => done(`${name} is saved.`)} />}
      {deleting && (
        <Confirm
          title={`Delete ${deleting.name}?`}
          submit="Delete registry"
          act={() => take(api.DELETE('/v1/container_registries/{container_registry_id}', { params: { path: { container_registry_id: deleting.id } } }))}
          onClose={() => setDeleting(null)}
          onDone={() => done(`${deleting.name} is deleted.`)}
        >
          <p>It cannot be deleted while a runner uses it: choose another registry in those runners first.</p>
        </Confirm>
      )}
    </>
  );
}

interface DialogProps {
  registry: Registry | null;
  onClose: () => void;
  onDone: (name: string) => void;
}

function RegistryDialog({ registry, onClose, onDone }: DialogProps) {
  const form = useForm(
    {
      registry_type: registry?.registry_type ?? ('custom' as Schemas['RegistryType']),
      name: registry?.name ?? '',
      hostname: registry?.hostname ?? '',
      username: '',
      password: '',
      insecure: registry?.insecure ?? false,
      ca_pem: registry?.ca_pem ?? '',
    },
    () => ({}),
  );
  const { values, set, problems } = form;

  const save = () =>
    form.submit(async () => {
      const body = {
        registry_type: values.registry_type,
        name: values.name.trim(),
        insecure: values.insecure,
        ca_pem: values.ca_pem.trim() === '' ? null : values.ca_pem,
        ...(values.registry_type === 'custom' && { hostname: values.hostname.trim() }),
        ...(values.username !== '' && { username: values.username, password: values.password }),
      };
      if (registry)
        await take(api.PATCH('/v1/container_registries/{container_registry_id}', { params: { path: { container_registry_id: registry.id } }, body }));
      else await take(api.POST('/v1/container_registries', { body }));
      onDone(body.name);
    });

  return (
    <Dialog title={registry ? `Change ${registry.name}` : 'Add a registry'} submit="Save" busy={form.busy} onSubmit={() => void save()} onClose={onClose}>
      {form.error !== null && <Problem error={form.error} />}
      <SelectField
        label="Kind"
        value={values.registry_type}
        problems={problems('registry_type')}
        onInput={(kind) => set('registry_type', kind as Schemas['RegistryType'])}
        choices={Object.entries(TYPE_WORD).map(([value, label]) => ({ value, label }))}
      />
      <TextField label="Name" required value={values.name} problems={problems('name')} onInput={(text) => set('name', text)} />
      {values.registry_type === 'custom' && (
        <TextField label="Hostname" mono required placeholder="registry.example.com:5000" value={values.hostname} problems={problems('hostname')} onInput={(text) => set('hostname', text)} />
      )}
      <div class="form-grid">
        <TextField label="Username" value={values.username} problems={problems('username')} hint={registry?.has_credentials ? 'Leave empty to keep the login.' : undefined} onInput={(text) => set('username', text)} />
        <SecretField label="Password" value={values.password} problems={problems('password')} hint="Or an access token. Never shown again." onInput={(text) => set('password', text)} />
      </div>
      {values.registry_type === 'custom' && (
        <>
          <CheckField label="Plain http" hint="Only inside your own network, and only without a login." value={values.insecure} onInput={(on) => set('insecure', on)} />
          <AreaField label="Certificate authority" mono rows={3} placeholder="-----BEGIN CERTIFICATE-----" value={values.ca_pem} problems={problems('ca_pem')} hint="When its certificate is signed by your own authority." onInput={(text) => set('ca_pem', text)} />
        </>
      )}
    </Dialog>
  );
}
