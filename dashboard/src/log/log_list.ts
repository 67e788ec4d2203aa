// SPDX-License-Identifier: Apache-2.0
//
// The list in the page: as many rows as fit the window, filled again when it moves. The numbers are scroll_model's.
//
//   box (scrolls) ─ space (as high as the bar needs) ─ layer (sticky, the window) ─ rows (moved by `hidden`)
//
// Rows of the same line keep their element while they are visible, so that a selection of text survives.

import type { Line } from './line';
import { fillRow, makeRow, type RowLook } from './row_view';
import type { Rows } from './rows';
import {
  anchorAt,
  clamp,
  contentHeight,
  endAnchor,
  isAfter,
  moveBy,
  scrollTopOf,
  spaceHeight,
  TOP,
  type Anchor,
  type Extent,
} from './scroll_model';

const IDLE_MS = 120;
/** Rows above the window that a screen's worth of going back needs measured. */
const HEIGHTS_MAX = 20_000;

export interface ListHandlers {
  /** The place has changed; by the reader, or because lines came. */
  onPlace(): void;
}

interface Drawn {
  element: HTMLElement;
  line: Line | undefined;
  look: number;
}

export class LogList {
  #box: HTMLElement;
  #space: HTMLElement;
  #layer: HTMLElement;
  #body: HTMLElement;
  #rows: Rows;
  #look: RowLook;
  #handlers: ListHandlers;
  #anchor: Anchor = TOP;
  #isFollowing = false;
  #isWrapped = false;
  #drawn = new Map<number, Drawn>();
  #spare: HTMLElement[] = [];
  #heights = new Map<number, number>();
  #measured = { sum: 0, n: 0 };
  #rowHeight = 20;
  #average = 20;
  #view = 0;
  #width = 0;
  #widest = 0;
  #top = 0;
  #lookVersion = 0;
  #mustSync = false;
  #frame = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #observer: ResizeObserver;

  constructor(box: HTMLElement, rows: Rows, look: RowLook, handlers: ListHandlers) {
    this.#box = box;
    this.#rows = rows;
    this.#look = look;
    this.#handlers = handlers;
    this.#space = document.createElement('div');
    this.#space.className = 'log-space';
    this.#layer = document.createElement('div');
    this.#layer.className = 'log-layer';
    this.#body = document.createElement('div');
    this.#body.className = 'log-body';
    this.#layer.append(this.#body);
    this.#space.append(this.#layer);
    box.replaceChildren(this.#space);
    box.addEventListener('scroll', this.#onScroll, { passive: true });
    this.#observer = new ResizeObserver(() => this.#onResize());
    this.#observer.observe(box);
    this.#onResize();
  }

  destroy(): void {
    this.#observer.disconnect();
    this.#box.removeEventListener('scroll', this.#onScroll);
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#idle);
    this.#box.replaceChildren();
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** The visible rows. */
  get place(): { first: number; last: number } {
    const rows = [...this.#drawn.keys()];
    const first = this.#anchor.row;
    return { first, last: rows.length > 0 ? Math.max(...rows) : first };
  }

  get isAtEnd(): boolean {
    return !isAfter(this.#end(), this.#anchor);
  }

  /** Show other rows; the line at the upper edge stays where it is, as far as it is among them. */
  setRows(rows: Rows): void {
    const id = this.#rows.count > 0 ? this.#rows.id(Math.min(this.#anchor.row, this.#rows.count - 1)) : 1;
    this.#rows = rows;
    this.#forget();
    this.#anchor = { row: rows.row(id), hidden: 0 };
    this.draw();
  }

  setWrap(isWrapped: boolean): void {
    this.#isWrapped = isWrapped;
    this.#box.classList.toggle('log-wrap', isWrapped);
    this.#forget();
    this.draw();
  }

  /** Colours, marks or times have changed. */
  restyle(): void {
    this.#lookVersion++;
    if (this.#isWrapped) this.#heights.clear();
    this.draw();
  }

  follow(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    this.draw();
  }

  /** Brings a row to the middle, unless it is well visible. */
  show(row: number): void {
    const extent = this.#extent();
    if (row >= extent.count) return;
    this.#isFollowing = false;
    if (!this.#isVisible(row)) {
      this.#anchor = { row, hidden: 0 };
      this.#measureAbove(extent.view / 2);
      this.#anchor = moveBy(this.#anchor, -Math.round(extent.view / 2 - this.#rowHeight), extent);
    }
    this.#syncBar();
    this.draw();
  }

  standAt(row: number): void {
    if (this.#isFollowing) return;
    this.#anchor = { row: Math.min(row, Math.max(this.#rows.count - 1, 0)), hidden: 0 };
    this.#mustSync = true;
    this.draw();
  }

  toStart(): void {
    this.#isFollowing = false;
    this.#anchor = TOP;
    this.#syncBar();
    this.draw();
  }

  toEnd(): void {
    this.#isFollowing = true;
    this.draw();
  }

  /** Something has changed: draw before the next frame is shown. */
  draw(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawNow();
    });
  }

  #onScroll = (): void => {
    const top = this.#box.scrollTop;
    const delta = top - this.#top;
    if (Math.abs(delta) >= 1) {
      this.#top = top;
      this.#move(top, delta);
      this.#drawNow();
    }
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#onIdle(), IDLE_MS);
  };

  #move(top: number, delta: number): void {
    const extent = this.#extent();
    const bottom = spaceHeight(extent) - extent.view;
    const isExact = !this.#isWrapped && contentHeight(extent) === spaceHeight(extent);
    const isJump = isExact || Math.abs(delta) > extent.view * 1.5 || top <= 0 || top >= bottom - 1;
    if (isJump) {
      this.#anchor = anchorAt(top, extent);
      this.#isFollowing = top >= bottom - 1;
      return;
    }
    if (delta < 0) this.#measureAbove(-delta);
    else this.#measureBelow(delta);
    this.#anchor = moveBy(this.#anchor, delta, extent);
    this.#isFollowing = this.isAtEnd;
  }

  #onIdle(): void {
    this.#average = this.#measuredAverage();
    this.#keepWidth();
    this.#syncBar();
  }

  #onResize(): void {
    const { clientHeight, clientWidth } = this.#box;
    if (clientHeight === this.#view && clientWidth === this.#width) return;
    if (clientWidth !== this.#width && this.#isWrapped) this.#heights.clear();
    this.#view = clientHeight;
    this.#width = clientWidth;
    this.#rowHeight = parseFloat(getComputedStyle(this.#box).getPropertyValue('--log-row')) || 20;
    if (!this.#isWrapped) this.#average = this.#rowHeight;
    this.draw();
  }

  #forget(): void {
    for (const { element } of this.#drawn.values()) this.#release(element);
    this.#drawn.clear();
    this.#heights.clear();
    this.#measured = { sum: 0, n: 0 };
    this.#average = this.#rowHeight;
    this.#widest = 0;
    this.#space.style.minWidth = '';
    this.#mustSync = true;
  }

  #extent(): Extent {
    return {
      count: this.#rows.count,
      view: this.#view,
      average: this.#average,
      height: (row) => this.#heights.get(row) ?? (this.#isWrapped ? this.#average : this.#rowHeight),
    };
  }

  #end(): Anchor {
    return endAnchor(this.#extent());
  }

  #isVisible(row: number): boolean {
    const element = this.#drawn.get(row)?.element;
    if (!element) return false;
    const box = this.#box.getBoundingClientRect();
    const { top, bottom } = element.getBoundingClientRect();
    return top >= box.top + this.#rowHeight && bottom <= box.bottom - this.#rowHeight;
  }

  #drawNow(): void {
    if (this.#view === 0) return;
    const count = this.#rows.count;
    if (this.#isFollowing) this.#anchor = this.#end();
    // where the end is, is known when the rows there have been measured
    else if (!this.#isWrapped) this.#anchor = clamp(this.#anchor, this.#extent());
    const fits = Math.ceil(this.#view / this.#rowHeight) + 1;
    let first = Math.min(this.#anchor.row, Math.max(count - 1, 0));
    let last = Math.min(first + fits, count - 1);
    // what wraps is higher than was thought: the end is found from below
    if (this.#isWrapped && last === count - 1) first = Math.max(0, Math.min(first, last - fits));
    this.#rows.want(first, last);
    this.#show(first, last);
    if (this.#isWrapped) {
      this.#measure();
      this.#anchor = this.#isFollowing ? this.#end() : clamp(this.#anchor, this.#extent());
    }
    this.#place(first);
    this.#handlers.onPlace();
  }

  /** Puts the drawn rows, of which `first` is the uppermost, where the anchor says. */
  #place(first: number): void {
    const extent = this.#extent();
    let y = -this.#anchor.hidden;
    for (let row = first; row < this.#anchor.row; row++) y -= extent.height(row);
    this.#body.style.transform = `translateY(${y}px)`;
    const height = `${spaceHeight(extent)}px`;
    if (this.#space.style.height !== height) this.#space.style.height = height;
    if (this.#isFollowing || this.#mustSync) this.#syncBar();
    this.#mustSync = false;
  }

  #show(first: number, last: number): void {
    for (const [row, { element }] of this.#drawn) {
      if (row >= first && row <= last) continue;
      this.#drawn.delete(row);
      this.#release(element);
    }
    let before: Element | null = this.#body.firstElementChild;
    for (let row = first; row <= last; row++) {
      const drawn = this.#row(row);
      if (drawn.element === before) before = before.nextElementSibling;
      else this.#body.insertBefore(drawn.element, before);
    }
  }

  #row(row: number): Drawn {
    let drawn = this.#drawn.get(row);
    const line = this.#rows.line(row);
    if (!drawn) {
      drawn = { element: this.#spare.pop() ?? makeRow(), line: undefined, look: -1 };
      this.#drawn.set(row, drawn);
    }
    if (drawn.look !== this.#lookVersion || drawn.line !== line) {
      fillRow(drawn.element, this.#rows.id(row), line, this.#rows.style(row), this.#look);
      drawn.line = line;
      drawn.look = this.#lookVersion;
      this.#heights.delete(row);
    }
    return drawn;
  }

  #release(element: HTMLElement): void {
    element.remove();
    if (this.#spare.length < 100) this.#spare.push(element);
  }

  #measure(): void {
    if (this.#heights.size > HEIGHTS_MAX) this.#heights.clear();
    for (const [row, { element, line }] of this.#drawn) {
      if (this.#heights.has(row)) continue;
      const height = element.getBoundingClientRect().height;
      this.#heights.set(row, height);
      if (!line) continue;
      this.#measured.sum += height;
      this.#measured.n++;
    }
  }

  #measuredAverage(): number {
    const { sum, n } = this.#measured;
    return this.#isWrapped && n > 0 ? Math.max(sum / n, this.#rowHeight) : this.#rowHeight;
  }

  /** Before going up: the true heights of the rows that come into view. */
  #measureAbove(pixels: number): void {
    if (!this.#isWrapped) return;
    const rows = Math.ceil(pixels / this.#rowHeight) + 1;
    const first = Math.max(0, this.#anchor.row - rows);
    const last = Math.min(this.#rows.count - 1, this.#anchor.row);
    this.#show(first, last);
    this.#measure();
  }

  /** Before going down: where the end is, if it comes into view. */
  #measureBelow(pixels: number): void {
    if (!this.#isWrapped) return;
    const rows = Math.ceil((pixels + this.#view) / this.#rowHeight) + 1;
    this.#show(this.#anchor.row, Math.min(this.#rows.count - 1, this.#anchor.row + rows));
    this.#measure();
  }

  #keepWidth(): void {
    if (this.#isWrapped) return;
    const width = this.#body.scrollWidth;
    if (width <= this.#widest) return;
    this.#widest = width;
    this.#space.style.minWidth = `${width}px`;
  }

  #syncBar(): void {
    const extent = this.#extent();
    this.#space.style.height = `${spaceHeight(extent)}px`;
    const top = scrollTopOf(this.#anchor, extent);
    if (Math.abs(top - this.#box.scrollTop) >= 1) this.#box.scrollTop = top;
    this.#top = this.#box.scrollTop;
  }
}
