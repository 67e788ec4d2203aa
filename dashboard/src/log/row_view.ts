// SPDX-License-Identifier: Apache-2.0
//
// One row of the list as elements. What a program printed becomes text nodes and nothing else.

import {
  BOLD,
  DIM,
  INVERSE,
  ITALIC,
  parseLine,
  RGB,
  STRIKE,
  UNDERLINE,
  type Colour,
  type Segment,
  type Style,
} from './ansi';
import { readable, rgbOf, type Rgb } from './colours';
import type { Line } from './line';
import { lowerCase } from './scan';
import { absoluteTime, relativeTime, type TimeMode } from './times';

/** More than this of one line is drawn only when somebody asks for it. */
const DRAWN_CHARACTERS = 4000;
const DRAWN_SEGMENTS = 500;

export interface RowLook {
  times: TimeMode;
  /** What relative times count from. */
  startedAt: number;
  words: string;
  ignoresCase: boolean;
  selected(id: number): boolean;
  /** The hit that one went to last. */
  current: number | null;
  background: Rgb;
  expanded: Set<number>;
}

const FLAG_CLASSES: [number, string][] = [
  [BOLD, 'ansi-bold'],
  [DIM, 'ansi-dim'],
  [ITALIC, 'ansi-italic'],
  [UNDERLINE, 'ansi-underline'],
  [STRIKE, 'ansi-strike'],
];

const LINK = /https?:\/\/[^\s"'<>`{}|\\^[\]]*[^\s"'<>`{}|\\^[\].,;:!?()]/g;

function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

function paint(element: HTMLElement, style: Style, background: Rgb): void {
  for (const [flag, name] of FLAG_CLASSES) if (style.flags & flag) element.classList.add(name);
  let [fg, bg]: [Colour, Colour] = [style.fg, style.bg];
  if (style.flags & INVERSE) {
    [fg, bg] = [bg, fg];
    if (bg === null) element.classList.add('ansi-inverse');
  }
  if (bg !== null) {
    if (bg & RGB) element.style.backgroundColor = css(rgbOf(bg));
    else element.classList.add(`ansi-bg-${bg}`);
  }
  if (fg !== null) {
    if (fg & RGB) {
      const behind = bg === null ? background : bg & RGB ? rgbOf(bg) : null;
      element.style.color = css(behind ? readable(rgbOf(fg), behind) : rgbOf(fg));
    } else {
      element.classList.add(`ansi-fg-${fg}`);
    }
  }
}

/** A part of the visible text that is shown as something else than text. */
interface Mark {
  from: number;
  to: number;
  link: string | null;
}

function linksOf(text: string): Mark[] {
  if (!text.includes('://')) return [];
  return Array.from(text.matchAll(LINK), (match) => ({
    from: match.index,
    to: match.index + match[0].length,
    link: match[0],
  }));
}

function wordsOf(visible: string, look: RowLook): Mark[] {
  const marks: Mark[] = [];
  if (look.words === '') return marks;
  const [text, words] = look.ignoresCase ? [visible, look.words].map(lowerCase) as [string, string] : [visible, look.words];
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
    marks.push({ from: at, to: at + words.length, link: null });
    if (marks.length >= DRAWN_SEGMENTS) break;
  }
  return marks;
}

/** Where segments must be cut: the ends of all marks. */
function put(parent: Node, text: string, style: Style, isMarked: boolean, look: RowLook): void {
  const isPlain = style.fg === null && style.bg === null && style.flags === 0;
  if (isPlain && !isMarked) {
    parent.appendChild(document.createTextNode(text));
    return;
  }
  const element = document.createElement(isMarked ? 'mark' : 'span');
  if (!isMarked) paint(element, style, look.background);
  element.appendChild(document.createTextNode(text));
  parent.appendChild(element);
}

function linkElement(address: string): HTMLAnchorElement {
  const a = document.createElement('a');
  a.href = address;
  a.target = '_blank';
  a.rel = 'noopener noreferrer';
  a.tabIndex = -1;
  return a;
}

/** Segments, links and marks lie over each other: cut at every edge of any of them. */
function putSegments(parent: Node, segments: Segment[], look: RowLook): void {
  const text = segments.map((segment) => segment.text).join('');
  const links = linksOf(text);
  const marks = wordsOf(text, look);
  if (links.length === 0 && marks.length === 0) {
    for (const segment of segments) put(parent, segment.text, segment.style, false, look);
    return;
  }
  const edges = [...links, ...marks].flatMap(({ from, to }) => [from, to]).sort((a, b) => a - b);
  let link = null as { mark: Mark; element: HTMLAnchorElement } | null;
  let [start, edge] = [0, 0];
  for (const { text: part, style } of segments) {
    const end = start + part.length;
    for (let at = start; at < end; ) {
      while (edge < edges.length && edges[edge]! <= at) edge++;
      const to = Math.min(end, edges[edge] ?? end);
      const within = links.find((each) => each.from <= at && at < each.to);
      if (within && link?.mark !== within) {
        link = { mark: within, element: linkElement(within.link!) };
        parent.appendChild(link.element);
      }
      const isMarked = marks.some((mark) => mark.from <= at && at < mark.to);
      put(within ? link!.element : parent, text.slice(at, to), style, isMarked, look);
      at = to;
    }
    start = end;
  }
}

function cut(segments: Segment[]): { shown: Segment[]; more: number } {
  const shown: Segment[] = [];
  let room = DRAWN_CHARACTERS;
  for (const { text, style } of segments.slice(0, DRAWN_SEGMENTS)) {
    if (room <= 0) break;
    shown.push({ text: text.slice(0, room), style });
    room -= text.length;
  }
  const length = (list: Segment[]) => list.reduce((n, { text }) => n + text.length, 0);
  return { shown, more: length(segments) - length(shown) };
}

function putText(element: HTMLElement, line: Line, style: Style, look: RowLook): void {
  const { segments } = parseLine(line.text, style);
  const { shown, more } = look.expanded.has(line.id) ? { shown: segments, more: 0 } : cut(segments);
  putSegments(element, shown, look);
  if (more === 0) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'log-more';
  button.tabIndex = -1;
  button.dataset.expand = String(line.id);
  button.textContent = `Show ${more.toLocaleString('en')} more characters`;
  element.appendChild(button);
}

function timeText(line: Line, look: RowLook): string {
  if (look.times === 'relative') return relativeTime(line.at, look.startedAt);
  return absoluteTime(line.at);
}

function gapNumber(line: Line): string {
  const { firstId } = line.gap!;
  return firstId === line.id ? String(line.id) : `${firstId}–${line.id}`;
}

/** An empty row; its elements are filled again and again. */
export function makeRow(): HTMLElement {
  const row = document.createElement('div');
  const number = document.createElement('a');
  number.className = 'log-number';
  number.tabIndex = -1;
  const time = document.createElement('time');
  time.className = 'log-time';
  const text = document.createElement('span');
  text.className = 'log-text';
  row.append(number, time, text);
  return row;
}

/** The row as it is while its line is on the way. */
function fillEmpty(row: HTMLElement, id: number): void {
  const [number, time, text] = row.children as unknown as [HTMLAnchorElement, HTMLElement, HTMLElement];
  row.className = 'log-row log-loading';
  number.textContent = String(id);
  number.href = `#L${id}`;
  time.hidden = true;
  text.replaceChildren();
}

export function fillRow(
  row: HTMLElement,
  id: number,
  line: Line | undefined,
  style: Style,
  look: RowLook,
): void {
  row.dataset.id = String(id);
  if (!line) {
    fillEmpty(row, id);
    return;
  }
  const [number, time, text] = row.children as unknown as [HTMLAnchorElement, HTMLElement, HTMLElement];
  row.className = `log-row log-${line.stream}`;
  row.classList.toggle('log-gap', line.gap !== null);
  row.classList.toggle('log-partial', line.partial);
  row.classList.toggle('log-selected', look.selected(line.id));
  row.classList.toggle('log-current', look.current === line.id);
  number.textContent = line.gap ? gapNumber(line) : String(line.id);
  number.href = `#L${line.id}`;
  number.title = line.stream === 'stdout' ? '' : line.stream;
  time.hidden = look.times === 'off';
  if (!time.hidden) {
    time.textContent = timeText(line, look);
    time.title = new Date(line.at).toISOString();
  }
  text.replaceChildren();
  putText(text, line, style, look);
}
