// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';

import { Notice, Problem } from './notice';

interface Toast {
  id: number;
  text?: string;
  error?: unknown;
}

const toasts = signal<Toast[]>([]);
let last = 0;

function show(toast: Omit<Toast, 'id'>, ms: number): void {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, ...toast }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one.id !== id);
  }, ms);
}

export const tell = (text: string): void => show({ text }, 4000);
export const tellError = (error: unknown): void => show({ error }, 9000);

export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map((toast) =>
        toast.text ? (
          <Notice key={toast.id} kind="good">
            {toast.text}
          </Notice>
        ) : (
          <Problem key={toast.id} error={toast.error} />
        ),
      )}
    </div>
  );
}
