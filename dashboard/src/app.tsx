// SPDX-License-Identifier: Apache-2.0
//
// Who is signed in decides between the sign-in page and the routes. The address stays as it is, so
// that a deep link is still there after signing in.

import { LocationProvider, Route, Router } from 'preact-iso/router';
import { useEffect, useState } from 'preact/hooks';

import { movedTo } from './api/elsewhere';
import { loadSession } from './api/sign_in';
import { session } from './api/session';
import { NotFoundPage } from './pages/not_found_page';
import { AuditPage } from './pages/audit/audit_page';
import { HypervisorsPage } from './pages/hypervisors/hypervisors_page';
import { MembersPage } from './pages/members/members_page';
import { QueuePage } from './pages/queue/queue_page';
import { RegistriesPage } from './pages/registries/registries_page';
import { RunPage } from './pages/run/run_page';
import { RunnerNewPage } from './pages/runners/runner_new_page';
import { RunnerPage } from './pages/runners/runner_page';
import { RunnersPage } from './pages/runners/runners_page';
import { RunsPage } from './pages/runs/runs_page';
import { TokensPage } from './pages/tokens/tokens_page';
import { UsagePage } from './pages/usage/usage_page';
import { Layout } from './shell/layout';
import { SignInPage } from './shell/sign_in_page';
import { Problem } from './ui/notice';
import { Toasts } from './ui/toast';

export function App() {
  const [error, setError] = useState<unknown>(null);

  function load() {
    setError(null);
    loadSession().catch(setError);
  }
  useEffect(load, [movedTo.value]);

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
          <Route path="/" component={RunnersPage} />
          <Route path="/runners" component={RunnersPage} />
          <Route path="/runners/new" component={RunnerNewPage} />
          <Route path="/runners/:id/:tab?" component={RunnerPage} />
          <Route path="/runs" component={RunsPage} />
          <Route path="/runs/:id" component={RunPage} />
          <Route path="/queue" component={QueuePage} />
          <Route path="/usage" component={UsagePage} />
          <Route path="/registries" component={RegistriesPage} />
          <Route path="/members" component={MembersPage} />
          <Route path="/tokens" component={TokensPage} />
          <Route path="/audit" component={AuditPage} />
          <Route path="/hypervisors" component={HypervisorsPage} />
          <Route default component={NotFoundPage} />
        </Router>
        <Toasts />
      </Layout>
    </LocationProvider>
  );
}
