// SPDX-License-Identifier: Apache-2.0

const PATHS = {
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.500 4.500',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2',
  wrap: 'M4 6h16M4 12h12a3.500 3.500 0 0 1 0 7h-4M14.500 16.500 12 19l2.500 2.500M4 18h4',
  download: 'M12 4v11M7.500 10.500 12 15l4.500-4.500M5 20h14',
  grow: 'M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5',
  shrink: 'M4 9h5V4M20 9h-5V4M4 15h5v5M20 15h-5v5',
  keys: 'M3 7h18v11H3zM7 11h.01M11 11h.01M15 11h.01M17.500 11h.01M8 14.500h8',
  funnel: 'M4 5h16l-6 7.500V19l-4-2v-4.500z',
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
  end: 'M12 4v13M6.500 11.500 12 17l5.500-5.500M6 20.500h12',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.700-5.700l-1.500 1.500M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.700 5.700l1.500-1.500',
  close: 'M6 6l12 12M18 6 6 18',
} as const;

/** Decoration: its button has a label. */
export function LogIcon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg
      width="16"
      height="16"
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
