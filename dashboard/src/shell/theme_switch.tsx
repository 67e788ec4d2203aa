// SPDX-License-Identifier: Apache-2.0
import { Icon } from '../ui/icon';
import { chooseTheme, theme, type Theme } from './theme';

const NEXT: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
const NAME: Record<Theme, string> = { auto: 'as the system', light: 'light', dark: 'dark' };
const ICON = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

export function ThemeSwitch() {
  const now = theme.value;
  const label = `Theme: ${NAME[now]}. Switch to ${NAME[NEXT[now]]}`;
  return (
    <button type="button" class="button plain small icon" title={label} aria-label={label} onClick={() => chooseTheme(NEXT[now])}>
      <Icon name={ICON[now]} />
    </button>
  );
}
