// SPDX-License-Identifier: Apache-2.0
import type { RefObject } from 'preact';

import { KEYS } from './log_keys';

export function LogHelp({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} class="log-help" aria-label="Keyboard shortcuts">
      <h2>Keyboard shortcuts</h2>
      <dl>
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p>Click a line's number for a link to it; with Shift, for a link to all lines up to there.</p>
      <form method="dialog">
        <button class="button">Close</button>
      </form>
    </dialog>
  );
}
