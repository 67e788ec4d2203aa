// SPDX-License-Identifier: Apache-2.0
//
// A runner as it is typed: texts, and choices that decide which texts count.

import type { Runner, Schemas } from '../../api/client';
import { argvProblems, check, labelProblems, RETRY, RUNNER, type Problems } from '../../forms/rules';
import { argvOf, argvText, labelsOf, labelsText, numberOf, orNull } from '../../forms/text_values';

export type CommandKind = 'image' | 'command' | 'argv';

export interface Draft {
  name: string;
  image_name: string;
  image_tag: string;
  image_digest: string;
  container_registry_id: string;
  command_kind: CommandKind;
  run_command: string;
  argv: string;
  entrypoint: string;
  instance_type: string;
  region: string;
  timeout_seconds: string;
  stop_grace_seconds: string;
  stop_signal: string;
  pull_policy: string;
  pull_timeout_seconds: string;
  priority: string;
  max_concurrency: string;
  on_overlap: string;
  pending_timeout_seconds: string;
  retry: boolean;
  max_attempts: string;
  delay_seconds: string;
  factor: string;
  max_delay_seconds: string;
  jitter: string;
  on: string[];
  exit_codes: string;
  hypervisor_labels: string;
  labels: string;
  pids_limit: string;
  shm_size_mb: string;
  network: string;
  sandbox: string;
  read_only: boolean;
  user: string;
  log_limit_bytes: string;
  log_storage: string;
}

export const RETRY_REASONS: Schemas['RetryReason'][] = [
  'failed',
  'timeout',
  'oom_killed',
  'hypervisor_lost',
  'image_not_found',
  'image_pull_failed',
  'image_pull_timeout',
  'registry_auth_failed',
  'start_failed',
  'internal',
];

/** What the server takes when nothing is said. */
export const NEW_DRAFT: Draft = {
  name: '',
  image_name: '',
  image_tag: 'latest',
  image_digest: '',
  container_registry_id: '',
  command_kind: 'image',
  run_command: '',
  argv: '',
  entrypoint: '',
  instance_type: 'standard-s',
  region: 'local',
  timeout_seconds: '3600',
  stop_grace_seconds: '10',
  stop_signal: 'SIGTERM',
  pull_policy: 'missing',
  pull_timeout_seconds: '600',
  priority: '50',
  max_concurrency: '',
  on_overlap: 'queue',
  pending_timeout_seconds: '',
  retry: false,
  max_attempts: '3',
  delay_seconds: '10',
  factor: '2',
  max_delay_seconds: '3600',
  jitter: '0.1',
  on: ['failed', 'timeout', 'oom_killed', 'hypervisor_lost'],
  exit_codes: '',
  hypervisor_labels: '',
  labels: '',
  pids_limit: '1024',
  shm_size_mb: '64',
  network: 'bridge',
  sandbox: 'default',
  read_only: false,
  user: '',
  log_limit_bytes: String(1024 * 1024 * 1024),
  log_storage: 'stored',
};

const nullableText = (value: string | number | null): string => (value === null ? '' : String(value));

export function draftOf(runner: Runner): Draft {
  const { retry } = runner;
  return {
    ...NEW_DRAFT,
    name: runner.name,
    image_name: runner.image_name,
    image_tag: runner.image_tag,
    image_digest: nullableText(runner.image_digest),
    container_registry_id: runner.container_registry?.id ?? '',
    command_kind: runner.run_command !== null ? 'command' : runner.argv.length > 0 ? 'argv' : 'image',
    run_command: nullableText(runner.run_command),
    argv: argvText(runner.argv),
    entrypoint: nullableText(runner.entrypoint),
    instance_type: runner.instance_type.slug,
    region: runner.region.slug,
    timeout_seconds: String(runner.timeout_seconds),
    stop_grace_seconds: String(runner.stop_grace_seconds),
    stop_signal: runner.stop_signal,
    pull_policy: runner.pull_policy,
    pull_timeout_seconds: String(runner.pull_timeout_seconds),
    priority: String(runner.priority),
    max_concurrency: nullableText(runner.max_concurrency),
    on_overlap: runner.on_overlap,
    pending_timeout_seconds: nullableText(runner.pending_timeout_seconds),
    retry: retry !== null,
    ...(retry && {
      max_attempts: String(retry.max_attempts),
      delay_seconds: String(retry.delay_seconds),
      factor: String(retry.factor),
      max_delay_seconds: String(retry.max_delay_seconds),
      jitter: String(retry.jitter),
      on: retry.on,
      exit_codes: retry.exit_codes?.join(', ') ?? '',
    }),
    hypervisor_labels: labelsText(runner.hypervisor_labels),
    labels: labelsText(runner.labels),
    pids_limit: String(runner.pids_limit),
    shm_size_mb: String(runner.shm_size_mb),
    network: runner.network,
    sandbox: runner.sandbox,
    read_only: runner.read_only,
    user: nullableText(runner.user),
    log_limit_bytes: String(runner.log_limit_bytes),
    log_storage: runner.log_storage,
  };
}

function retryOf(draft: Draft): Record<string, unknown> | null {
  if (!draft.retry) return null;
  const codes = draft.exit_codes.split(/[\s,]+/).filter(Boolean);
  return {
    max_attempts: numberOf(draft.max_attempts),
    delay_seconds: numberOf(draft.delay_seconds),
    factor: numberOf(draft.factor),
    max_delay_seconds: numberOf(draft.max_delay_seconds),
    jitter: numberOf(draft.jitter),
    on: draft.on,
    exit_codes: codes.length > 0 ? codes.map(numberOf) : null,
  };
}

/** The body of a create or an update. */
export function bodyOf(draft: Draft): Record<string, unknown> {
  const same = (text: string): string => text;
  return {
    name: draft.name.trim(),
    image_name: draft.image_name.trim(),
    image_tag: draft.image_tag.trim(),
    image_digest: orNull(draft.image_digest, (text) => text.trim()),
    container_registry_id: orNull(draft.container_registry_id, same),
    run_command: draft.command_kind === 'command' ? draft.run_command : null,
    argv: draft.command_kind === 'argv' ? argvOf(draft.argv) : [],
    entrypoint: orNull(draft.entrypoint, same),
    instance_type: draft.instance_type,
    region: draft.region,
    timeout_seconds: numberOf(draft.timeout_seconds),
    stop_grace_seconds: numberOf(draft.stop_grace_seconds),
    stop_signal: draft.stop_signal,
    pull_policy: draft.pull_policy,
    pull_timeout_seconds: numberOf(draft.pull_timeout_seconds),
    priority: numberOf(draft.priority),
    max_concurrency: orNull(draft.max_concurrency, numberOf),
    on_overlap: draft.on_overlap,
    pending_timeout_seconds: orNull(draft.pending_timeout_seconds, numberOf),
    retry: retryOf(draft),
    hypervisor_labels: labelsOf(draft.hypervisor_labels),
    labels: labelsOf(draft.labels),
    pids_limit: numberOf(draft.pids_limit),
    shm_size_mb: numberOf(draft.shm_size_mb),
    network: draft.network,
    sandbox: draft.sandbox,
    read_only: draft.read_only,
    user: orNull(draft.user, (text) => text.trim()),
    log_limit_bytes: numberOf(draft.log_limit_bytes),
    log_storage: draft.log_storage,
  };
}

export function checkBody(body: Record<string, unknown>): Problems {
  const retry = body['retry'] as Record<string, unknown> | null;
  const codes = (retry?.['exit_codes'] ?? []) as unknown[];
  return {
    ...check(RUNNER, body),
    ...(retry && check(RETRY, retry, 'retry.')),
    ...(codes.some((code) => !Number.isInteger(code) || (code as number) < 1 || (code as number) > 255) && {
      'retry.exit_codes': ['must be numbers between 1 and 255'],
    }),
    ...argvProblems(body['argv'] as string[]),
    ...labelProblems('labels', body['labels'] as Record<string, string>),
    ...labelProblems('hypervisor_labels', body['hypervisor_labels'] as Record<string, string>),
  };
}

export const checkDraft = (draft: Draft): Problems => checkBody(bodyOf(draft));

/** The members of `body` that are not as before: another's edit of the rest is left alone. */
export function changed(before: Record<string, unknown>, body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
}
