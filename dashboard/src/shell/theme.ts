// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';

import { store, stored } from '../api/session';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'errand.theme';
const kept = stored(KEY);

export const theme = signal<Theme>(kept === 'light' || kept === 'dark' ? kept : 'auto');

export function chooseTheme(next: Theme): void {
  theme.value = next;
  store(KEY, next === 'auto' ? null : next);
  if (next === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
}
