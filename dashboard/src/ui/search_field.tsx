// SPDX-License-Identifier: Apache-2.0
import type { useLocation } from 'preact-iso/router';

import { Icon } from './icon';

export function SearchField({ label, value, onInput }: { label: string; value: string; onInput: (value: string) => void }) {
  return (
    <label class="search">
      <span class="visually-hidden">{label}</span>
      <Icon name="search" />
      <input class="input" type="search" placeholder={label} value={value} data-search onInput={(e) => onInput(e.currentTarget.value)} />
    </label>
  );
}

/** Filters live in the address, so that they can be kept and sent on. Empty ones are left out. */
export function setQuery(location: ReturnType<typeof useLocation>, change: Record<string, string>): void {
  const query = new URLSearchParams(location.query);
  for (const [name, value] of Object.entries(change)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  location.route(text ? `${location.path}?${text}` : location.path, true);
}
