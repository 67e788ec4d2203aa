// SPDX-License-Identifier: Apache-2.0

export type TimeMode = 'off' | 'absolute' | 'relative';

const two = (n: number) => String(n).padStart(2, '0');
const three = (n: number) => String(n).padStart(3, '0');

/** The time of day where the reader is: 14:03:09.042. */
export function absoluteTime(at: number): string {
  const d = new Date(at);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${three(d.getMilliseconds())}`;
}

/** Since `from`: 0:09.042, 1:02:03.004, 26:02:03.004. */
export function relativeTime(at: number, from: number): string {
  const ms = Math.max(0, at - from);
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const head = h > 0 ? `${h}:${two(m)}` : `${m}`;
  return `${head}:${two(s)}.${three(ms % 1000)}`;
}
