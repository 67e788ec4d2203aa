// SPDX-License-Identifier: Apache-2.0
import { useLocation } from 'preact-iso/router';

import { isAdmin, may } from '../api/session';
import { Icon, type IconName } from '../ui/icon';

interface Entry {
  path: string;
  label: string;
  icon: IconName;
}

interface Group {
  title: string | null;
  entries: Entry[];
}

function groups(): Group[] {
  const all: Group[] = [
    {
      title: null,
      entries: [
        { path: '/runners', label: 'Runners', icon: 'runners' },
        { path: '/runs', label: 'Runs', icon: 'runs' },
        { path: '/queue', label: 'Queue', icon: 'queue' },
        { path: '/usage', label: 'Usage', icon: 'usage' },
      ],
    },
    {
      title: 'Project',
      entries: [
        { path: '/registries', label: 'Registries', icon: 'registries' },
        { path: '/members', label: 'Members', icon: 'members' },
        { path: '/tokens', label: 'Tokens', icon: 'tokens' },
      ],
    },
  ];
  if (may('admin')) all[1]!.entries.push({ path: '/audit', label: 'Audit log', icon: 'audit' });
  if (isAdmin())
    all.push({ title: 'Installation', entries: [{ path: '/hypervisors', label: 'Hypervisors', icon: 'hypervisors' }] });
  return all;
}

export function Nav() {
  const { path } = useLocation();
  const isHere = (entry: Entry) => path === entry.path || path.startsWith(`${entry.path}/`) || (path === '/' && entry.path === '/runners');
  return (
    <nav class="nav" aria-label="Main">
      {groups().map((group) => (
        <div key={group.title}>
          {group.title && <h2>{group.title}</h2>}
          <ul>
            {group.entries.map((entry) => (
              <li key={entry.path}>
                <a href={entry.path} aria-current={isHere(entry) ? 'page' : undefined}>
                  <Icon name={entry.icon} />
                  {entry.label}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
