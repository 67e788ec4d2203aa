// SPDX-License-Identifier: Apache-2.0

import type { LogController } from './log_controller';

export const KEYS: [keys: string, does: string][] = [
  ['/', 'Search the log'],
  ['n', 'Next hit'],
  ['Shift n', 'Previous hit'],
  ['m', 'Only lines that match'],
  ['g', 'Go to the start'],
  ['Shift g', 'Go to the end'],
  ['f', 'Follow new lines'],
  ['t', 'Times: off, of day, since the start'],
  ['w', 'Wrap long lines'],
  ['z', 'Fill the window'],
  ['Esc', 'Forget the search, the selected lines'],
  ['?', 'This list'],
];

export interface KeyActions {
  search(): void;
  full(): void;
  help(): void;
  escape(): void;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Whether the key was one of ours. */
export function onLogKey(event: KeyboardEvent, log: LogController, actions: KeyActions): boolean {
  if (event.altKey || isTyping(event.target) || document.querySelector('dialog[open]')) return false;
  const isFind = (event.ctrlKey || event.metaKey) && event.key === 'f';
  if ((event.ctrlKey || event.metaKey) && !isFind) return false;
  const doers: Record<string, () => void> = {
    '/': actions.search,
    n: () => log.go(1),
    N: () => log.go(-1),
    m: () => log.setOnlyMatches(!log.onlyMatches.value),
    g: () => log.toStart(),
    G: () => log.toEnd(),
    f: () => log.toggleFollow(),
    t: () => log.nextTimes(),
    w: () => log.setWrap(!log.wrap.value),
    z: actions.full,
    '?': actions.help,
    Escape: actions.escape,
  };
  const doer = isFind ? actions.search : doers[event.key];
  if (!doer) return false;
  doer();
  return true;
}
