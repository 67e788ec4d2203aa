// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

import type { RunStatus } from '../api/client';
import { STATUS_TONE, STATUS_WORD, type Tone } from './words';

export function Badge({ tone, children, title }: { tone: Tone; children: ComponentChildren; title?: string }) {
  return (
    <span class={`badge is-${tone}`} title={title}>
      {children}
    </span>
  );
}

export function StatusBadge({ status }: { status: RunStatus }) {
  return <Badge tone={STATUS_TONE[status]}>{STATUS_WORD[status]}</Badge>;
}
