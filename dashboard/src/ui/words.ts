// SPDX-License-Identifier: Apache-2.0
//
// The closed sets of the API in words, with what to do about them.

import type { Run, RunStatus, Schemas } from '../api/client';

export type Tone = 'good' | 'bad' | 'busy' | 'wait' | 'off';

export const STATUS_TONE: Record<RunStatus, Tone> = {
  pending: 'wait',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  canceled: 'off',
};

export const STATUS_WORD: Record<RunStatus, string> = {
  pending: 'Pending',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  canceled: 'Canceled',
};

export const isFinal = (status: RunStatus): boolean => status !== 'pending' && status !== 'running';

export const PENDING_WORD: Record<Schemas['PendingReason'], { what: string; help: string }> = {
  queued: { what: 'Queued', help: 'The scheduler will look at it in a moment.' },
  no_hypervisor_in_region: {
    what: 'No hypervisor',
    help: 'No machine serves its region, or none has the labels it asks for. Start errand-agent on one.',
  },
  insufficient_memory: {
    what: 'Not enough memory',
    help: 'It starts when other runs end. A smaller instance type, or another hypervisor, lets it start sooner.',
  },
  insufficient_cpu: { what: 'Not enough CPU', help: 'It starts when other runs end, or when there is another hypervisor.' },
  all_draining: { what: 'Hypervisors draining', help: 'No machine takes new runs. Uncordon one on the page Hypervisors.' },
  concurrency_limit: {
    what: 'Runner is busy',
    help: 'The runner allows only so many runs at once. Raise “At most at once” in its settings.',
  },
  waiting_retry: { what: 'Waits to be retried', help: 'The last attempt failed; the next begins after the delay of its retry policy.' },
  scheduler_down: { what: 'Scheduler is away', help: 'No errand-scheduler is running. Nothing is lost; start one.' },
};

export const ENDED_WORD: Record<Schemas['TerminationReason'], string> = {
  exited: 'Exited',
  timeout: 'Timed out',
  canceled: 'Stopped',
  oom_killed: 'Out of memory',
  image_not_found: 'Image not found',
  image_pull_failed: 'Image could not be pulled',
  image_pull_timeout: 'Pulling the image took too long',
  registry_auth_failed: 'The registry refused the login',
  invalid_command: 'Command not found or not executable',
  start_failed: 'The container did not start',
  hypervisor_lost: 'Its hypervisor was lost',
  pending_timeout: 'Waited too long',
  skipped_overlap: 'Skipped: another was running',
  replaced: 'Replaced by a newer run',
  internal: 'Internal error',
};

/** One short phrase for a row: why it waits, or how it ended. */
export function outcome(run: Run): string {
  if (run.status === 'pending') return run.pending_reason ? PENDING_WORD[run.pending_reason].what : 'Queued';
  if (run.status === 'running') return run.hypervisor ? `on ${run.hypervisor.name}` : '';
  if (run.termination_reason === 'exited') return `Exit code ${run.exit_code}`;
  return run.termination_reason ? ENDED_WORD[run.termination_reason] : '';
}

export const TRIGGER_WORD: Record<Schemas['TriggerKind'], string> = {
  api: 'API',
  schedule: 'Schedule',
  webhook: 'Webhook',
  retry: 'Retry',
  rerun: 'Rerun',
} as Record<Schemas['TriggerKind'], string>;
