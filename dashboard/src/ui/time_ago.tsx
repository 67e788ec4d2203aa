// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';

import { ago, exactTime } from './format';

/** One clock for all that say "3 min ago". */
const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 5000);

export function TimeAgo({ at }: { at: string | null }) {
  if (!at) return <span class="quiet">never</span>;
  return (
    <time dateTime={at} title={exactTime(at)} class="nowrap">
      {ago(at, Math.max(now.value, Date.now()))}
    </time>
  );
}
