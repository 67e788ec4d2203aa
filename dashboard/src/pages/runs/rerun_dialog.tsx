// SPDX-License-Identifier: Apache-2.0
//
// Run it again: the same image, command and environment, but for the values that are changed here.

import { useLocation } from 'preact-iso/router';

import { api, take, type Run, type Schemas } from '../../api/client';
import { useForm } from '../../forms/form';
import { Dialog } from '../../ui/dialog';
import { Problem } from '../../ui/notice';
import { Overrides, overrideProblems, overridesOf, type Override } from '../runners/overrides';

const given = (key: string): Override => ({ key, value: '', given: true, changed: false, hint: 'same as before' });

export function RerunDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const location = useLocation();
  const form = useForm({ env: run.env_keys.map(given) }, ({ env }) => overrideProblems(env));
  const env_variables = overridesOf(form.values.env);

  const go = () =>
    form.submit(async () => {
      const answer = await take(api.POST('/v1/runs/{run_id}/rerun', { params: { path: { run_id: run.id } }, body: { env_variables } }));
      onClose();
      location.route(`/runs/${(answer as Schemas['RunAnswer']).run.id}`);
    });

  return (
    <Dialog title="Run again" submit="Run again" busy={form.busy} onSubmit={() => void go()} onClose={onClose}>
      {form.error !== null && <Problem error={form.error} />}
      <p class="quiet">The same image and command. Type a value to change it for this run; what you leave empty stays as it was.</p>
      <Overrides list={form.values.env} onChange={(env) => form.set('env', env)} />
    </Dialog>
  );
}
