// SPDX-License-Identifier: Apache-2.0
//
// How a run stands, in a sentence, and what one can do about it.

import type { Run, Schemas } from '../../api/client';
import { duration, megabytes, seconds } from '../../ui/format';
import { ENDED_WORD, PENDING_WORD } from '../../ui/words';
import { exitCodeMeaning } from './exit_code';

export interface Outcome {
  what: string;
  help: string | null;
}

const HELP: Partial<Record<Schemas['TerminationReason'], string>> = {
  image_not_found: 'Check the name and tag of the image in the runner’s settings, and that the registry has it.',
  image_pull_failed: 'Check that the hypervisor reaches the registry, then run it again.',
  image_pull_timeout: 'Warm the runner up, or allow more time for pulling in its settings.',
  registry_auth_failed: 'Check the user name and password on the page Registries.',
  invalid_command: 'Check the command in the runner’s settings: it must be a program that the image has.',
  start_failed: 'The message of the runtime is below. The image, user or entrypoint may be wrong.',
  hypervisor_lost: 'The machine stopped answering while it ran. Whether its work was done is not known.',
  pending_timeout: 'No hypervisor had room in time. See the page Queue, or allow it to wait longer.',
  skipped_overlap: 'The runner skips a run while as many as it allows are running.',
  replaced: 'The runner lets a newer run take the place of the oldest one.',
  internal: 'This is a fault of Errand. Its own logs say more.',
};

function ended(run: Run): Outcome {
  const took = run.duration_ms === null ? '' : ` after ${duration(run.duration_ms)}`;
  const reason = run.termination_reason;
  switch (reason) {
    case 'exited':
      if (run.exit_code === 0) return { what: run.duration_ms === null ? 'Finished' : `Finished in ${duration(run.duration_ms)}`, help: null };
      return { what: `Exit code ${run.exit_code}${took}`, help: sentence(exitCodeMeaning(run.exit_code ?? 0, reason)) };
    case 'timeout':
      return {
        what: `Timed out${took}`,
        help: `It may run for ${seconds(run.timeout_seconds)}. The runner’s settings can allow it more.`,
      };
    case 'oom_killed':
      return {
        what: `Out of memory${took}`,
        help: `It wanted more than the ${megabytes(run.instance_type.mem)} of ${run.instance_type.name}. Choose a larger instance type.`,
      };
    case 'canceled':
      return { what: `Stopped${took}`, help: null };
    default:
      return { what: `${reason ? ENDED_WORD[reason] : 'Ended'}${took}`, help: (reason && HELP[reason]) ?? null };
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

export function outcomeOf(run: Run, isPulling = false): Outcome {
  if (run.status === 'running') return { what: run.hypervisor ? `Running on ${run.hypervisor.name}` : 'Running', help: null };
  if (run.status !== 'pending') return ended(run);
  if (run.hypervisor) return { what: `${isPulling ? 'Pulling the image' : 'Starting'} on ${run.hypervisor.name}`, help: null };
  const { what, help } = PENDING_WORD[run.pending_reason ?? 'queued'];
  return { what, help };
}
