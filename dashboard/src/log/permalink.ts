// SPDX-License-Identifier: Apache-2.0
//
// #L12 is a line, #L12-L20 a range of them.

export interface Range {
  first: number;
  last: number;
}

export function rangeFromHash(hash: string): Range | null {
  const match = /^#?L([1-9][0-9]{0,15})(?:-L?([1-9][0-9]{0,15}))?$/.exec(hash);
  if (!match) return null;
  const [a, b] = [Number(match[1]), Number(match[2] ?? match[1])];
  return { first: Math.min(a, b), last: Math.max(a, b) };
}

export function hashOfRange(range: Range | null): string {
  if (!range) return '';
  return range.first === range.last ? `#L${range.first}` : `#L${range.first}-L${range.last}`;
}
