// SPDX-License-Identifier: Apache-2.0
//
// Who is signed in decides between the sign-in page and the routes. The address stays as it is, so
// that a deep link is still there after signing in.

import { LocationProvider, Route, Router } from 'preact-iso/router';
import { useEffect, useState } from 'preact/hooks';

import { loadSession } from './api/sign_in';
import { session } from './api/session';
import { NotFoundPage } from './pages/not_found_page';
import { RunPage } from './pages/run/run_page';
import { Layout } from './shell/layout';
import { SignInPage } from './shell/sign_in_page';
import { Problem } from './ui/notice';

export function App() {
  const [error, setError] = useState<unknown>(null);

  function load() {
    setError(null);
    loadSession().catch(setError);
  }
  useEffect(load, []);

  if (error !== null)
    return (
      <main class="sign-in">
        <Problem error={error} retry={load} />
      </main>
    );
  if (session.value === undefined) return null;
  if (session.value === null) return <SignInPage />;
  return (
    <LocationProvider>
      <Layout>
        {/* another project is another world: every page begins anew */}
        <Router key={session.value.project_id}>
          <Route path="/runs/:id" component={RunPage} />
          <Route default component={NotFoundPage} />
        </Router>
      </Layout>
    </LocationProvider>
  );
}
