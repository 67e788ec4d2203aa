// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { Icon } from './icon';
import { Problem } from './notice';

interface Props {
  title: string;
  submit: string;
  danger?: boolean;
  busy?: boolean;
  wide?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
  extra?: ComponentChildren; // more buttons
}

/** A form in the browser's own dialog: focus is kept inside, Escape closes. */
export function Dialog({ title, submit, danger, busy, wide, onSubmit, onClose, children, extra }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);

  return (
    <dialog
      ref={dialog}
      class={wide ? 'is-wide' : undefined}
      aria-labelledby={id}
      onClose={onClose}
      onMouseDown={(e) => e.target === dialog.current && onClose()}
    >
      <form class="dialog-form" noValidate onSubmit={(e) => (e.preventDefault(), onSubmit())}>
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="button plain small icon" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        <div class="dialog-body">{children}</div>
        <div class="dialog-foot">
          {extra}
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button class={danger ? 'button primary danger' : 'button primary'} disabled={busy}>
            {submit}
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  submit: string;
  children: ComponentChildren;
  act: () => Promise<unknown>;
  onClose: () => void;
  onDone: () => void;
}

/** Asks before what cannot be undone, and stays to say why it failed. */
export function Confirm({ title, submit, children, act, onClose, onDone }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function go() {
    setBusy(true);
    setError(null);
    try {
      await act();
      onDone();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} submit={submit} danger busy={busy} onSubmit={() => void go()} onClose={onClose}>
      {error !== null && <Problem error={error} />}
      <div>{children}</div>
    </Dialog>
  );
}
