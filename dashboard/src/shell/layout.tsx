// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso/router';
import { useEffect, useRef, useState } from 'preact/hooks';

import { session } from '../api/session';
import { signOut } from '../api/sign_in';
import { Icon } from '../ui/icon';
import { Brand } from './brand';
import { Nav } from './nav';
import { ProjectSwitch } from './project_switch';
import { ThemeSwitch } from './theme_switch';

export function Layout({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { path } = useLocation();

  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    const close = (event: KeyboardEvent) => event.key === 'Escape' && setOpen(false);
    addEventListener('keydown', close);
    return () => removeEventListener('keydown', close);
  }, []);

  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(e) => (e.preventDefault(), main.current?.focus())}>
        Skip to the page
      </a>
      <header class="topbar">
        <a class="brand" href="/runners">
          <Brand />
        </a>
        <button type="button" class="button plain icon" aria-label="Menu" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="menu" size={20} />
        </button>
      </header>
      {open && <button type="button" class="backdrop" aria-label="Close the menu" onClick={() => setOpen(false)} />}
      <aside class={open ? 'sidebar is-open' : 'sidebar'} aria-label="Project and pages">
        <a class="brand" href="/runners">
          <Brand />
        </a>
        <ProjectSwitch />
        <Nav />
        <Me />
      </aside>
      <div class="page">
        <main id="main" ref={main} tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}

function Me() {
  const who = session.value;
  return (
    <div class="me">
      <div class="me-name">
        <span>{who?.user?.name || who?.user?.email || who?.token_name}</span>
        <small>{who?.is_admin ? 'Administrator' : (who?.user?.email ?? 'Token')}</small>
      </div>
      <ThemeSwitch />
      <button type="button" class="button plain small icon" title="Sign out" aria-label="Sign out" onClick={() => void signOut()}>
        <Icon name="out" />
      </button>
    </div>
  );
}
