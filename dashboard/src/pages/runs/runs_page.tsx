// SPDX-License-Identifier: Apache-2.0
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { loadRunners } from '../runners/runners_page';
import { RunsList } from './runs_list';

export function RunsPage() {
  const runners = useResource('runners', loadRunners);
  const names = new Map(runners.data?.map((runner) => [runner.id, runner.name]));
  return (
    <>
      <PageHead title="Runs" lead="Everything that was triggered in this project, newest first." />
      <RunsList names={names} />
    </>
  );
}
