// SPDX-License-Identifier: Apache-2.0
//
// What is typed, as the API wants it, and back.

/** A number when it reads as one, else the text: the rules then say that it must be a number. */
export function numberOf(text: string): number | string {
  const trimmed = text.trim();
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}

export const orNull = <T,>(text: string, read: (text: string) => T): T | null => (text.trim() === '' ? null : read(text));

/** "key=value" a line */
export function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    labels[(at < 0 ? line : line.slice(0, at)).trim()] = at < 0 ? '' : line.slice(at + 1).trim();
  }
  return labels;
}

export const labelsText = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');

/** An argument a line, as it stands; the line break after the last is none. */
export function argvOf(text: string): string[] {
  if (text === '') return [];
  return text.replace(/\n$/, '').split('\n');
}

export const argvText = (argv: string[]): string => argv.join('\n');
