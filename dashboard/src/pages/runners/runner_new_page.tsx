// SPDX-License-Identifier: Apache-2.0
import { useLocation } from 'preact-iso/router';

import { api, take, type Schemas } from '../../api/client';
import { PageHead } from '../../ui/page_head';
import { tell } from '../../ui/toast';
import { NEW_DRAFT } from './draft';
import { RunnerForm } from './runner_form';
import './runners.css';

export function RunnerNewPage() {
  const location = useLocation();

  async function create(body: Record<string, unknown>) {
    const { runner } = await take(api.POST('/v1/runners', { body: body as Schemas['RunnerCreate'] }));
    tell(`${runner.name} is ready to run.`);
    location.route(`/runners/${runner.id}`);
    return runner;
  }

  return (
    <>
      <PageHead title="New runner" crumbs={[{ label: 'Runners', path: '/runners' }]} lead="A name and an image are enough; everything else can stay as it is." />
      <RunnerForm
        initial={NEW_DRAFT}
        submit="Create runner"
        send={create}
        foot={
          <a class="button plain" href="/runners">
            Cancel
          </a>
        }
      />
    </>
  );
}
