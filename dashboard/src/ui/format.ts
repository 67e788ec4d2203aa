// SPDX-License-Identifier: Apache-2.0
//
// Numbers and times as people read them.

/** "0.4 s", "12 s", "3 min 05 s", "2 h 10 min" */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  const h = Math.floor(s / 3600);
  if (h < 48) return `${h} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

/** Of a setting: "1 hour", "90 seconds" */
export function seconds(s: number): string {
  const units: [number, string][] = [
    [86400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ];
  for (const [size, name] of units) {
    if (s >= size && s % size === 0) return plural(s / size, name);
  }
  return plural(s, 'second');
}

export function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? '' : 's'}`;
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

export const megabytes = (mb: number): string => bytes(mb * 1024 * 1024);

/** Enough digits to see a difference, never more than six behind the point. */
export function money(amount: number): string {
  if (amount === 0) return '0';
  if (amount >= 1) return amount.toFixed(2);
  return amount.toFixed(Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(amount)))));
}

/** "3 min ago"; "in 2 h" for what is still to come */
export function ago(at: string, now: number): string {
  const ms = now - Date.parse(at);
  const text = distance(Math.abs(ms));
  if (text === null) return 'just now';
  return ms >= 0 ? `${text} ago` : `in ${text}`;
}

function distance(ms: number): string | null {
  const s = Math.floor(ms / 1000);
  if (s < 5) return null;
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return plural(Math.floor(s / 86400), 'day');
}

/** In the reader's time zone, with seconds and zone. */
export function exactTime(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
}

/** The part of a UUIDv7 that differs between neighbours. */
export const shortId = (id: string): string => id.slice(-8);

/** How a command line would be typed. */
export function commandLine(argv: string[]): string {
  return argv.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
