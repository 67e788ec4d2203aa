// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

import { Icon } from './icon';

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text); // no clipboard without https
    }
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  }

  return (
    <button type="button" class="button small icon" title={label} aria-label={done ? 'Copied' : label} onClick={() => void copy()}>
      <Icon name={done ? 'check' : 'copy'} />
    </button>
  );
}

function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
