// SPDX-License-Identifier: Apache-2.0
//
// Where a list of any length stands, in numbers only.
//
// Browsers refuse elements higher than some millions of pixels, and rows that wrap have heights that are not known
// before they were drawn. So the place is an anchor: the first visible row, and how much of it is hidden above. A small
// scroll moves the anchor by as many true pixels; a large one (the bar was dragged) goes where the bar stands. The bar
// is corrected when the hand is still.

/** Under what every browser takes (Firefox: about 17.9 million). */
export const SPACE_MAX = 8_000_000;

export interface Anchor {
  row: number;
  /** Pixels of the row above the upper edge. */
  hidden: number;
}

export interface Extent {
  count: number;
  /** Pixels of the window. */
  view: number;
  /** Of a row whose height is not known. */
  average: number;
  /** Of this row; the average when it is not known. */
  height(row: number): number;
}

export const TOP: Anchor = { row: 0, hidden: 0 };

export function contentHeight({ count, average }: Extent): number {
  return count * average;
}

/** The height of the element that makes the scroll bar. */
export function spaceHeight(extent: Extent): number {
  return Math.min(contentHeight(extent), SPACE_MAX);
}

/** The anchor with which the last row ends at the lower edge; the top when all fits. */
export function endAnchor({ count, view, height }: Extent): Anchor {
  let room = view;
  for (let row = count - 1; row >= 0; row--) {
    const h = height(row);
    if (h >= room) return { row, hidden: h - room };
    room -= h;
  }
  return TOP;
}

export function isAfter(a: Anchor, b: Anchor): boolean {
  return a.row > b.row || (a.row === b.row && a.hidden > b.hidden);
}

/** Moves by true pixels, within the list. */
export function moveBy(anchor: Anchor, pixels: number, extent: Extent): Anchor {
  let { row } = anchor;
  let y = anchor.hidden + pixels;
  while (y < 0 && row > 0) y += extent.height(--row);
  if (y < 0) return TOP;
  while (row < extent.count && y >= extent.height(row)) y -= extent.height(row++);
  return clamp({ row, hidden: y }, extent);
}

export function clamp(anchor: Anchor, extent: Extent): Anchor {
  const end = endAnchor(extent);
  return isAfter(anchor, end) ? end : anchor;
}

/** Where the bar should stand. */
export function scrollTopOf(anchor: Anchor, extent: Extent): number {
  const range = contentHeight(extent) - extent.view;
  if (range <= 0) return 0;
  const share = anchor.hidden / extent.height(anchor.row);
  const y = (anchor.row + share) * extent.average;
  return Math.min(y / range, 1) * (spaceHeight(extent) - extent.view);
}

/** Where the list should stand when the bar stands at `top`. */
export function anchorAt(top: number, extent: Extent): Anchor {
  const space = spaceHeight(extent) - extent.view;
  if (space <= 0 || top <= 0) return TOP;
  if (top >= space - 1) return endAnchor(extent);
  const y = (top / space) * (contentHeight(extent) - extent.view);
  const row = Math.min(Math.floor(y / extent.average), extent.count - 1);
  const share = y / extent.average - row;
  const hidden = Math.round(share * extent.height(row) * 64) / 64;
  return clamp({ row, hidden }, extent);
}
