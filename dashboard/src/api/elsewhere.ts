// SPDX-License-Identifier: Apache-2.0
//
// A link to a run or a runner says nothing of its project. When it is not in the chosen one, the others
// are asked, and the one that has it is chosen.

import { signal } from '@preact/signals';

import { chooseProject, project } from './session';

const LINKED = /^\/v1\/(?:runs|runners)\/[0-9a-f-]{36}$/;
const asked = new Set<string>();

/** Set when another project was chosen; whoever keeps the session asks for it anew. */
export const movedTo = signal<string | null>(null);

const ask = (path: string, id: string | null) =>
  fetch(path, { headers: { 'X-Errand-Session': '1', ...(id !== null && { 'X-Errand-Project': id }) } });

export async function seekElsewhere(path: string): Promise<void> {
  if (!LINKED.test(path) || asked.has(path)) return;
  asked.add(path);
  const here = project.value;
  const answer = await ask('/v1/projects?per_page=100', null);
  if (!answer.ok) return;
  const { projects } = (await answer.json()) as { projects: { id: string }[] };
  for (const { id } of projects) {
    if (id === here || !(await ask(path, id)).ok) continue;
    if (project.value !== here) return; // chosen by hand meanwhile
    chooseProject(id);
    movedTo.value = id;
    return;
  }
}
