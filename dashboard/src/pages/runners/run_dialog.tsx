// SPDX-License-Identifier: Apache-2.0
//
// Run a runner, as it is or with other values for this once.

import { useLocation } from 'preact-iso/router';
import { useEffect, useState } from 'preact/hooks';

import { api, take, type Runner, type Schemas } from '../../api/client';
import { useForm } from '../../forms/form';
import { argvProblems, check, labelProblems, RUN, type Problems } from '../../forms/rules';
import { argvOf, labelsOf, numberOf } from '../../forms/text_values';
import { Dialog } from '../../ui/dialog';
import { AreaField, SelectField, TextField } from '../../ui/field';
import { commandLine, megabytes } from '../../ui/format';
import { Notice, Problem } from '../../ui/notice';
import { PENDING_WORD } from '../../ui/words';
import { loadEnv } from './env_list';
import { Overrides, overrideProblems, overridesOf, type Override } from './overrides';
import { loadTypes } from './catalog';

interface Values {
  kind: 'same' | 'command' | 'argv';
  command: string;
  argv: string;
  entrypoint: string;
  timeout_seconds: string;
  instance_type: string;
  priority: string;
  labels: string;
  env: Override[];
}

const UNCHANGED: Values = {
  kind: 'same',
  command: '',
  argv: '',
  entrypoint: '',
  timeout_seconds: '',
  instance_type: '',
  priority: '',
  labels: '',
  env: [],
};

/** Only what was changed: the rest comes from the runner. */
export function bodyOf(values: Values): Record<string, unknown> {
  const env = overridesOf(values.env);
  const labels = labelsOf(values.labels);
  return {
    ...(values.kind === 'command' && { command: values.command }),
    ...(values.kind === 'argv' && { argv: argvOf(values.argv) }),
    ...(values.entrypoint !== '' && { entrypoint: values.entrypoint }),
    ...(values.timeout_seconds !== '' && { timeout_seconds: numberOf(values.timeout_seconds) }),
    ...(values.instance_type !== '' && { instance_type: values.instance_type }),
    ...(values.priority !== '' && { priority: numberOf(values.priority) }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(env.length > 0 && { env_variables: env }),
  };
}

function checkValues(values: Values): Problems {
  const body = bodyOf(values);
  return {
    ...check(RUN, body),
    ...argvProblems((body['argv'] as string[] | undefined) ?? []),
    ...labelProblems('labels', (body['labels'] as Record<string, string> | undefined) ?? {}),
    ...overrideProblems(values.env),
  };
}

export function runnersCommand(runner: Runner): string {
  if (runner.run_command !== null) return runner.run_command;
  return runner.argv.length > 0 ? commandLine(runner.argv) : 'what the image runs';
}

export function RunDialog({ runner, onClose }: { runner: Runner; onClose: () => void }) {
  const location = useLocation();
  const form = useForm(UNCHANGED, checkValues);
  const [types, setTypes] = useState<Schemas['InstanceType'][]>([]);
  const [placement, setPlacement] = useState<Schemas['DryRunAnswer']['dry_run'] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const path = { runner_id: runner.id };
  const { values, set, problems } = form;

  useEffect(() => {
    loadTypes().then(setTypes, setProblem);
    loadEnv(runner.id).then(
      (env) =>
        set(
          'env',
          env.map((one) => ({ key: one.env_key, value: '', given: true, changed: false, hint: one.secret ? '•••••• (kept)' : (one.env_val ?? '') })),
        ),
      setProblem,
    );
  }, [runner.id]);

  const run = () =>
    form.submit(async () => {
      const answer = await take(api.POST('/v1/runners/{runner_id}/runs', { params: { path }, body: bodyOf(values) }));
      onClose();
      location.route(`/runs/${(answer as Schemas['RunAnswer']).run.id}`);
    });

  async function ask() {
    setProblem(null);
    try {
      const answer = await take(api.POST('/v1/runners/{runner_id}/runs', { params: { path, query: { dry_run: 1 } }, body: bodyOf(values) }));
      setPlacement((answer as Schemas['DryRunAnswer']).dry_run);
    } catch (error) {
      setProblem(error);
    }
  }

  const extra = (
    <button type="button" class="button plain push" onClick={() => void ask()}>
      Where would it run?
    </button>
  );

  return (
    <Dialog title={`Run ${runner.name}`} submit="Run" busy={form.busy} onSubmit={() => void run()} onClose={onClose} extra={extra}>
      {(form.error ?? problem) !== null && <Problem error={form.error ?? problem} />}
      {placement && <Placement answer={placement} />}
      <Overrides list={values.env} onChange={(env) => set('env', env)} />
      <SelectField
        label="Command"
        value={values.kind}
        onInput={(kind) => set('kind', kind as Values['kind'])}
        hint={values.kind === 'same' ? <code class="clip">{runnersCommand(runner)}</code> : undefined}
        choices={[
          { value: 'same', label: 'As the runner has it' },
          { value: 'command', label: 'Another shell command' },
          { value: 'argv', label: 'Other arguments' },
        ]}
      />
      {values.kind === 'command' && (
        <AreaField label="Shell command" mono value={values.command} problems={problems('command')} hint="Run by /bin/sh -c." onInput={(text) => set('command', text)} />
      )}
      {values.kind === 'argv' && (
        <AreaField label="Arguments" mono value={values.argv} problems={problems('argv')} hint="One a line, passed as they stand." onInput={(text) => set('argv', text)} />
      )}
      <details class="more">
        <summary>Time, size, priority, labels</summary>
        <div class="form-grid">
          <TextField label="Timeout in seconds" inputMode="numeric" placeholder={String(runner.timeout_seconds)} value={values.timeout_seconds} problems={problems('timeout_seconds')} onInput={(text) => set('timeout_seconds', text)} />
          <SelectField
            label="Instance type"
            value={values.instance_type}
            problems={problems('instance_type')}
            onInput={(slug) => set('instance_type', slug)}
            choices={[
              { value: '', label: `As the runner: ${runner.instance_type.name}` },
              ...types.map((type) => ({ value: type.slug, label: `${type.name}: ${type.cpu} CPU, ${megabytes(type.mem)}` })),
            ]}
          />
          <TextField label="Priority" inputMode="numeric" placeholder={String(runner.priority)} value={values.priority} problems={problems('priority')} hint="0 to 100; more goes first." onInput={(text) => set('priority', text)} />
          <TextField label="Entrypoint" mono placeholder={runner.entrypoint ?? 'of the image'} value={values.entrypoint} problems={problems('entrypoint')} onInput={(text) => set('entrypoint', text)} />
          <AreaField label="Labels" mono rows={2} placeholder="team=data" value={values.labels} problems={problems('labels')} hint="key=value, one a line." onInput={(text) => set('labels', text)} />
        </div>
      </details>
    </Dialog>
  );
}

function Placement({ answer }: { answer: Schemas['DryRunAnswer']['dry_run'] }) {
  if (answer.fits)
    return (
      <Notice kind="good">
        It would start at once{answer.hypervisor ? ` on ${answer.hypervisor.name}` : ''}
        {answer.warm ? ', which is warm for it' : ''}. {answer.fitting} of {answer.total} hypervisors have room.
      </Notice>
    );
  return (
    <Notice kind="wait">
      It would wait: {answer.message}. {answer.pending_reason && PENDING_WORD[answer.pending_reason as Schemas['PendingReason']].help}
    </Notice>
  );
}
