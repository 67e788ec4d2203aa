// SPDX-License-Identifier: Apache-2.0

const PATHS = {
  runners: 'M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.01M8 16.5h.01',
  runs: 'M7 4.5 19 12 7 19.5z',
  queue: 'M4 6h16M4 12h16M4 18h9',
  usage: 'M5 20V11M12 20V4M19 20v-6',
  registries: 'M12 3 20 7.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  members: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c.5-3.5 3-5.5 6-5.5s5.5 2 6 5.5M16 4.5a3.5 3.5 0 0 1 0 6.5M18 15c1.8.8 2.8 2.6 3 5',
  tokens: 'M15 9a4 4 0 1 0-3.9 4L13 15h2v2h2v2h3v-3.5l-5.2-5.3A4 4 0 0 0 15 9zM9.5 8.5h.01',
  audit: 'M7 3h8l4 4v14H7zM15 3v4h4M10 12h6M10 16h6',
  hypervisors: 'M4 4h16v6H4zM4 14h16v6H4zM16 7h1M16 17h1M8 10v4',
  projects: 'M3 6h7l2 2.5h9V19H3z',
  users: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 21c.6-4 3.6-6 7.5-6s6.900 2 7.500 6',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6 6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.500 4.500',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400',
  moon: 'M20 14.500A8 8 0 0 1 9.500 4a8 8 0 1 0 10.500 10.500z',
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  out: 'M14 4h5v16h-5M4 12h11M11 8l4 4-4 4',
  rerun: 'M20 11.500a8 8 0 1 0-2.300 6M20 5v6.500h-6.500',
  stop: 'M6.500 6.500h11v11h-11z',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  trash: 'M5 7h14M10 4h4M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  alert: 'M12 4 2.500 20h19zM12 10v5M12 17.500h.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8h.01',
  check: 'M5 12.500 10 17.500 19.500 7',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  flame: 'M12 3c1 4 5.500 5.500 5.500 10.500a5.500 5.500 0 0 1-11 0C6.500 11 8 9.500 8.500 8c1.500 1 2 2 2 3 1.500-2 2-5 1.500-8z',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration: what it says stands beside it, or in the label of its button. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
