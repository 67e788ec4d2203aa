// SPDX-License-Identifier: Apache-2.0
//
// What is copied out of the log: the lines as printed, without numbers and times, a line break after each.

import { plainText } from './ansi';
import type { AllLines } from './all_lines';
import { PAGE_LINES, type LogApi } from './api';
import { lineFromEntry, type Line } from './line';
import type { Range } from './permalink';

/** More is a download. */
export const COPY_LINES_MAX = 10_000;

// of Range.compareBoundaryPoints
const START_TO_START = 0;
const END_TO_END = 2;

export function textOfLines(lines: Line[]): string {
  return lines.map((line) => plainText(line.text) + (line.partial ? '' : '\n')).join('');
}

/** The lines of a range, also those that are not in memory. */
export async function linesOf(
  range: Range,
  all: AllLines,
  api: LogApi,
  signal: AbortSignal,
): Promise<Line[]> {
  const lines: Line[] = [];
  const last = Math.min(range.last, all.lastId, range.first + COPY_LINES_MAX - 1);
  let id = range.first;
  while (id <= last) {
    const line = all.line(all.row(id));
    if (line) {
      lines.push(line);
      id = line.id + 1;
      continue;
    }
    const limit = Math.min(PAGE_LINES, last - id + 1);
    const page = await api.page({ after_id: id - 1, limit }, signal);
    lines.push(...page.logs.map(lineFromEntry).filter((each) => each.id <= last));
    if (page.meta.last_id < id) break;
    id = page.meta.last_id + 1;
  }
  return lines;
}

/** The part of the selection that is text of lines; null when it is elsewhere. */
export function selectedText(box: HTMLElement, selection: Selection): string | null {
  if (selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  let text: string | null = null;
  let joint = '';
  for (const row of box.querySelectorAll('.log-row')) {
    const element = row.querySelector('.log-text');
    if (!element || !range.intersectsNode(element)) continue;
    const part = document.createRange();
    part.selectNodeContents(element);
    if (range.compareBoundaryPoints(START_TO_START, part) > 0) {
      part.setStart(range.startContainer, range.startOffset);
    }
    if (range.compareBoundaryPoints(END_TO_END, part) < 0) {
      part.setEnd(range.endContainer, range.endOffset);
    }
    text = (text ?? '') + joint + part.toString();
    joint = row.classList.contains('log-partial') ? '' : '\n';
  }
  return text;
}
