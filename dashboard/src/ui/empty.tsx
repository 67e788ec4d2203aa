// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

/** Nothing here yet: what it would be, and how it begins. */
export function Empty({ title, children, action }: { title: string; children: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
      {action && <div class="row">{action}</div>}
    </div>
  );
}
