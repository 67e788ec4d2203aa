// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';

import { api, take, type Schemas } from '../api/client';
import { loadSession } from '../api/sign_in';
import { chooseProject, session } from '../api/session';

/** Which project one looks at. Everything below belongs to it. */
export function ProjectSwitch() {
  const [projects, setProjects] = useState<Schemas['Project'][]>([]);
  const now = session.value?.project_id ?? '';

  useEffect(() => {
    void take(api.GET('/v1/projects', { params: { query: { per_page: 100 } } })).then(
      (answer) => setProjects(answer.projects),
      () => setProjects([]),
    );
  }, [now]);

  function change(id: string) {
    chooseProject(id);
    void loadSession();
  }

  return (
    <div class="field">
      <label class="visually-hidden" for="project">
        Project
      </label>
      <select id="project" class="input" value={now} onChange={(e) => change(e.currentTarget.value)}>
        {projects.length === 0 && <option value={now}>Project</option>}
        {projects.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
    </div>
  );
}
