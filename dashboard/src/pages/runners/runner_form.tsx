// SPDX-License-Identifier: Apache-2.0
//
// Every field of a runner: the few that one thinks of first, the rest in sections that open.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import type { Runner, Schemas } from '../../api/client';
import { useForm, type Form } from '../../forms/form';
import { AreaField, CheckField, SelectField, TextField } from '../../ui/field';
import { bytes, megabytes, money, seconds } from '../../ui/format';
import { Problem } from '../../ui/notice';
import { ENDED_WORD } from '../../ui/words';
import { loadRegions, loadRegistries, loadTypes } from './catalog';
import { bodyOf, checkDraft, NEW_DRAFT, RETRY_REASONS, type Draft } from './draft';

interface Props {
  initial: Draft;
  submit: string;
  send: (body: Record<string, unknown>) => Promise<Runner>;
  foot?: ComponentChildren;
}

type Part = { form: Form<Draft> };

export function RunnerForm({ initial, submit, send, foot }: Props) {
  const form = useForm(initial, checkDraft);
  const save = () => form.submit(async () => void (await send(bodyOf(form.values))));
  return (
    <form class="card" noValidate onSubmit={(e) => (e.preventDefault(), void save())}>
      <Basics form={form} />
      <Command form={form} />
      <Size form={form} />
      <Pulling form={form} />
      <Queueing form={form} />
      <Retries form={form} />
      <Isolation form={form} />
      <Rest form={form} />
      <div class="form-foot">
        <button class="button primary" disabled={form.busy}>
          {form.busy ? 'Saving…' : submit}
        </button>
        {foot}
      </div>
      {form.error !== null && (
        <div class="card-body">
          <Problem error={form.error} />
        </div>
      )}
    </form>
  );
}

/** What most runners leave as it is; open where this one does not. */
function Fold({ title, about, open, children }: { title: string; about: string; open: boolean; children: ComponentChildren }) {
  const [wasOpen] = useState(open);
  return (
    <details class="form-section" open={wasOpen}>
      <summary>
        <h2>{title}</h2>
        <p>{about}</p>
      </summary>
      <div class="stack">{children}</div>
    </details>
  );
}

const differs = (values: Draft, names: (keyof Draft)[]): boolean => names.some((name) => values[name] !== NEW_DRAFT[name]);

function Section({ title, about, children }: { title: string; about: string; children: ComponentChildren }) {
  return (
    <section class="form-section">
      <div>
        <h2>{title}</h2>
        <p>{about}</p>
      </div>
      <div class="stack">{children}</div>
    </section>
  );
}

/** The texts of a form by name: value, problems and how to change it. */
function textOf({ values, problems, set }: Form<Draft>) {
  type Texts = { [K in keyof Draft as Draft[K] extends string ? K : never]: Draft[K] };
  return (name: keyof Texts, api: string = name) => ({
    value: values[name] as string,
    problems: problems(api),
    onInput: (value: string) => set(name, value as never),
  });
}

const whole = { inputMode: 'numeric' } as const;

function Basics({ form }: Part) {
  const text = textOf(form);
  const [registries, setRegistries] = useState<Schemas['ContainerRegistry'][]>([]);
  useEffect(() => void loadRegistries().then(setRegistries, () => undefined), []);
  return (
    <Section title="Image" about="What runs. Any image that your hypervisors can pull.">
      <TextField label="Name" required {...text('name')} placeholder="nightly-report" />
      <div class="form-grid">
        <TextField label="Image name" required mono {...text('image_name')} placeholder="ghcr.io/acme/report" />
        <TextField label="Image tag" mono {...text('image_tag')} />
      </div>
      <SelectField
        label="Container registry"
        {...text('container_registry_id')}
        hint={registries.length === 0 ? 'For private images, add one on the page Registries.' : 'Whose login is used to pull.'}
        choices={[{ value: '', label: 'None: the image is public' }, ...registries.map((one) => ({ value: one.id, label: `${one.name} (${one.hostname})` }))]}
      />
    </Section>
  );
}

function Command({ form }: Part) {
  const text = textOf(form);
  const { command_kind } = form.values;
  return (
    <Section title="Command" about="What the container does. A run can bring another one.">
      <SelectField
        label="Command"
        value={command_kind}
        onInput={(kind) => form.set('command_kind', kind as Draft['command_kind'])}
        choices={[
          { value: 'image', label: 'What the image runs' },
          { value: 'command', label: 'A shell command' },
          { value: 'argv', label: 'Arguments' },
        ]}
      />
      {command_kind === 'command' && <AreaField label="Shell command" mono {...text('run_command')} hint="Run by /bin/sh -c." />}
      {command_kind === 'argv' && <AreaField label="Arguments" mono {...text('argv')} hint="One argument a line, passed as they stand." />}
      <TextField label="Entrypoint" mono {...text('entrypoint')} placeholder="of the image" />
    </Section>
  );
}

function Size({ form }: Part) {
  const text = textOf(form);
  const [types, setTypes] = useState<Schemas['InstanceType'][]>([]);
  const [regions, setRegions] = useState<Schemas['Region'][]>([]);
  useEffect(() => {
    void loadTypes().then(setTypes, () => undefined);
    void loadRegions().then(setRegions, () => undefined);
  }, []);
  const same = (slug: string) => ({ value: slug, label: slug });
  const chosen = types.find((type) => type.slug === form.values.instance_type);
  const timeout = Number(form.values.timeout_seconds);
  return (
    <Section title="Size and time" about="What it may use, where, and for how long.">
      <div class="form-grid">
        <SelectField
          label="Instance type"
          {...text('instance_type')}
          hint={chosen && `${money(chosen.price_second * 3600)} an hour of running.`}
          choices={
            types.length > 0
              ? types.map((type) => ({ value: type.slug, label: `${type.name}: ${type.cpu} CPU, ${megabytes(type.mem)}` }))
              : [same(form.values.instance_type)]
          }
        />
        <SelectField label="Region" {...text('region')} choices={regions.length > 0 ? regions.map((one) => ({ value: one.slug, label: one.name })) : [same(form.values.region)]} />
        <TextField label="Timeout in seconds" {...whole} {...text('timeout_seconds')} hint={timeout > 0 ? `Stopped after ${seconds(timeout)}, with exit code 124.` : undefined} />
      </div>
    </Section>
  );
}

function Pulling({ form }: Part) {
  const text = textOf(form);
  const same = (value: string) => ({ value, label: value });
  return (
    <Fold title="Pulling and stopping" about="How the image comes, and how a run is told to end." open={differs(form.values, ['pull_policy', 'pull_timeout_seconds', 'image_digest', 'stop_grace_seconds', 'stop_signal'])}>
      <div class="form-grid">
        <SelectField
          label="Pull policy"
          {...text('pull_policy')}
          choices={[
            { value: 'missing', label: 'When it is missing' },
            { value: 'always', label: 'Ask the registry each time' },
            { value: 'never', label: 'Never' },
          ]}
        />
        <TextField label="Pull timeout in seconds" {...whole} {...text('pull_timeout_seconds')} />
        <TextField label="Stop grace in seconds" {...whole} {...text('stop_grace_seconds')} hint="From the stop signal to the kill." />
        <SelectField label="Stop signal" {...text('stop_signal')} choices={['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGKILL'].map(same)} />
      </div>
      <TextField label="Image digest" mono {...text('image_digest')} placeholder="sha256:…" hint="Pins one image for ever; wins over the tag." />
    </Fold>
  );
}

function Queueing({ form }: Part) {
  const text = textOf(form);
  return (
    <Fold title="Queue" about="Who goes first, and what happens when one is running already." open={differs(form.values, ['max_concurrency', 'on_overlap', 'priority', 'pending_timeout_seconds'])}>
      <div class="form-grid">
        <TextField label="At most at once" {...whole} {...text('max_concurrency')} placeholder="any number" hint="So many runs; one more waits, or what is chosen beside." />
        <SelectField
          label="When one is running"
          {...text('on_overlap')}
          choices={[
            { value: 'queue', label: 'The next one waits' },
            { value: 'skip', label: 'The next one is skipped' },
            { value: 'replace', label: 'The running one is stopped' },
          ]}
        />
        <TextField label="Priority" {...whole} {...text('priority')} hint="0 to 100; a point is worth a minute of waiting." />
        <TextField label="Longest wait in seconds" {...whole} {...text('pending_timeout_seconds')} placeholder="no limit" hint="A run that waits longer fails." />
      </div>
    </Fold>
  );
}

function Retries({ form }: Part) {
  const text = textOf(form);
  const { values, set, problems } = form;
  const toggle = (reason: string) => set('on', values.on.includes(reason) ? values.on.filter((one) => one !== reason) : [...values.on, reason]);
  const word = (reason: Schemas['RetryReason']) => (reason === 'failed' ? 'Exit code is not 0' : ENDED_WORD[reason]);
  return (
    <Fold title="Retries" about="Whether a run that failed is tried again." open={values.retry}>
      <CheckField label="Try again when a run fails" value={values.retry} onInput={(on) => set('retry', on)} />
      {values.retry && (
        <>
          <div class="form-grid">
            <TextField label="Attempts at most" {...whole} {...text('max_attempts', 'retry.max_attempts')} hint="The first one included." />
            <TextField label="Delay in seconds" {...whole} {...text('delay_seconds', 'retry.delay_seconds')} hint="Before the second attempt." />
            <TextField label="Factor" {...text('factor', 'retry.factor')} hint="Each delay is so many times the last." />
            <TextField label="Longest delay in seconds" {...whole} {...text('max_delay_seconds', 'retry.max_delay_seconds')} />
            <TextField label="Jitter" {...text('jitter', 'retry.jitter')} hint="0 to 1; spreads retries of many runs." />
            <TextField label="Exit codes" {...text('exit_codes', 'retry.exit_codes')} placeholder="any" hint="Only these, such as 1, 75." />
          </div>
          <fieldset class="group">
            <legend>After</legend>
            <div class="checks">
              {RETRY_REASONS.map((reason) => (
                <CheckField key={reason} label={word(reason)} value={values.on.includes(reason)} onInput={() => toggle(reason)} />
              ))}
            </div>
            {problems('retry.on') && <span class="problem">After {problems('retry.on')!.join(' ')}</span>}
          </fieldset>
        </>
      )}
    </Fold>
  );
}

function Isolation({ form }: Part) {
  const text = textOf(form);
  return (
    <Fold title="Isolation" about="How much the container is trusted." open={differs(form.values, ['sandbox', 'network', 'user', 'pids_limit', 'shm_size_mb', 'read_only'])}>
      <div class="form-grid">
        <SelectField
          label="Sandbox"
          {...text('sandbox')}
          choices={[
            { value: 'default', label: 'Default: as Docker would' },
            { value: 'untrusted', label: 'Untrusted: strangers’ code' },
            { value: 'trusted', label: 'Trusted: more capabilities' },
          ]}
        />
        <SelectField
          label="Network"
          {...text('network')}
          choices={[
            { value: 'bridge', label: 'Bridge: reaches the internet' },
            { value: 'none', label: 'None' },
          ]}
        />
        <TextField label="User" mono {...text('user')} placeholder="as the image says" hint="uid or uid:gid" />
        <TextField label="Processes at most" {...whole} {...text('pids_limit')} hint="Processes and threads at once." />
        <TextField label="Shared memory in MB" {...whole} {...text('shm_size_mb')} hint="Size of /dev/shm." />
      </div>
      <CheckField label="Read-only file system" hint="Only volumes and /tmp can be written." value={form.values.read_only} onInput={(on) => form.set('read_only', on)} />
    </Fold>
  );
}

function Rest({ form }: Part) {
  const text = textOf(form);
  const limit = Number(form.values.log_limit_bytes);
  return (
    <Fold title="Log and labels" about="What is kept, and how runs are found and placed." open={differs(form.values, ['log_storage', 'log_limit_bytes', 'labels', 'hypervisor_labels'])}>
      <div class="form-grid">
        <SelectField
          label="Log storage"
          {...text('log_storage')}
          choices={[
            { value: 'stored', label: 'Stored' },
            { value: 'transient', label: 'Transient: only who follows sees it' },
          ]}
        />
        <TextField label="Log limit in bytes" {...whole} {...text('log_limit_bytes')} hint={limit > 0 ? `${bytes(limit)}; what comes after is dropped.` : undefined} />
        <AreaField label="Labels" mono {...text('labels')} placeholder="team=data" hint="key=value, one a line. Runs carry them, too." />
        <AreaField label="Hypervisor labels" mono {...text('hypervisor_labels')} placeholder="disk=ssd" hint="Runs go only to machines with all of these." />
      </div>
    </Fold>
  );
}
