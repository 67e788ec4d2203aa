// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

import { signInWithPassword, signInWithToken } from '../api/sign_in';
import { signOutReason } from '../api/session';
import { Notice, Problem } from '../ui/notice';
import { Brand } from './brand';

type Way = 'token' | 'password';

export function SignInPage() {
  const [way, setWay] = useState<Way>('password');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: Event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await (way === 'token' ? signInWithToken(token) : signInWithPassword(email, password));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  }

  function choose(next: Way) {
    setWay(next);
    setError(null);
  }

  return (
    <main class="sign-in">
      <form class="sign-in-card" onSubmit={submit}>
        <h1 class="brand">
          <Brand />
        </h1>
        {signOutReason.value && <Notice>{signOutReason.value}</Notice>}
        {error !== null && <Problem error={error} />}
        {way === 'password' ? (
          <div class="stack">
            <div class="field">
              <label for="email">Email</label>
              <input id="email" class="input" type="email" autocomplete="username" required value={email} onInput={(e) => setEmail(e.currentTarget.value)} />
            </div>
            <div class="field">
              <label for="password">Password</label>
              <input id="password" class="input" type="password" autocomplete="current-password" required value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
            </div>
          </div>
        ) : (
          <div class="field">
            <label for="token">Token</label>
            <input id="token" class="input mono" type="password" autocomplete="off" required placeholder="err_u_…" aria-describedby="token-hint" value={token} onInput={(e) => setToken(e.currentTarget.value)} />
            <span class="hint" id="token-hint">
              After <code>errand up</code> it stands in <code>.errand/env</code> as <code>ERRAND_TOKEN</code>.
            </span>
          </div>
        )}
        <div class="stack">
          <button class="button primary" disabled={busy}>
            {busy ? 'Signing in…' : 'Sign in'}
          </button>
          <button type="button" class="button plain" onClick={() => choose(way === 'token' ? 'password' : 'token')}>
            {way === 'token' ? 'Sign in with email and password' : 'Sign in with a token'}
          </button>
        </div>
      </form>
    </main>
  );
}
