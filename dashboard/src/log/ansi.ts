// SPDX-License-Identifier: Apache-2.0
//
// What a terminal would show of one line: colours and styles (SGR), and a carriage return that writes over what was
// there. Everything else that a terminal obeys (cursor movements, titles, bells) is left out of the text. The result is
// data: whoever draws it makes text nodes of it, never markup.

export const BOLD = 1;
export const DIM = 2;
export const ITALIC = 4;
export const UNDERLINE = 8;
export const INVERSE = 16;
export const STRIKE = 32;

/** A colour: `null` is the default, 0..15 the theme's palette, from RGB on three bytes. */
export type Colour = number | null;
export const RGB = 0x1000000;

export interface Style {
  readonly fg: Colour;
  readonly bg: Colour;
  readonly flags: number;
}

export const PLAIN: Style = { fg: null, bg: null, flags: 0 };

export interface Segment {
  text: string;
  style: Style;
}

/* eslint-disable no-control-regex */
// ESC [ … final | ESC ] … (BEL or ESC \) | strings for devices | other escapes | a control character but tab
const CONTROL =
  /\x1b\[([0-9:;<=>?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?|\x9b([0-9:;<=>?]*)[ -/]*([@-~])|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
const HAS_CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;

const CUBE = [0, 95, 135, 175, 215, 255];

function rgb(r: number, g: number, b: number): Colour {
  return RGB | ((r & 255) << 16) | ((g & 255) << 8) | (b & 255);
}

function indexed(n: number): Colour {
  if (n < 16) return n;
  if (n > 255) return null;
  if (n >= 232) return rgb(8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10);
  const i = n - 16;
  return rgb(CUBE[Math.floor(i / 36)]!, CUBE[Math.floor(i / 6) % 6]!, CUBE[i % 6]!);
}

const FLAGS_ON: Record<number, number> = {
  1: BOLD,
  2: DIM,
  3: ITALIC,
  4: UNDERLINE,
  7: INVERSE,
  9: STRIKE,
  21: UNDERLINE,
};
const FLAGS_OFF: Record<number, number> = {
  22: BOLD | DIM,
  23: ITALIC,
  24: UNDERLINE,
  27: INVERSE,
  29: STRIKE,
};

/** The colour after 38 or 48 at `i`, and how many codes it took. */
function extended(codes: number[], i: number): [Colour | undefined, number] {
  const [kind, a, b, c] = codes.slice(i + 1, i + 5);
  if (kind === 5 && a !== undefined) return [indexed(a), 2];
  if (kind === 2 && a !== undefined && b !== undefined && c !== undefined) {
    return [rgb(a, b, c), 4];
  }
  return [undefined, codes.length];
}

/** `38:2::r:g:b` has an empty colour space, `38;2;r;g;b` has none. */
function codesOf(params: string): number[] {
  const codes: number[] = [];
  for (const part of params.split(';')) {
    const parts = part.split(':');
    if (parts.length === 1) codes.push(Number(part));
    else if (parts[0] === '4') codes.push(parts[1] === '0' ? 24 : 4);
    else codes.push(...parts.filter((_, i) => i !== 2 || parts[1] !== '2' || parts.length < 6).map(Number));
  }
  return codes;
}

function withCode(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  const on = FLAGS_ON[code];
  if (on !== undefined) return { ...style, flags: style.flags | on };
  const off = FLAGS_OFF[code];
  if (off !== undefined) return { ...style, flags: style.flags & ~off };
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, fg: code - 82 };
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, bg: code - 92 };
  if (code === 39) return { ...style, fg: null };
  if (code === 49) return { ...style, bg: null };
  return style;
}

function withCodes(style: Style, params: string): Style {
  if (params === '' || params === '0') return PLAIN;
  const codes = codesOf(params);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 38 || code === 48) {
      const [colour, taken] = extended(codes, i);
      i += taken;
      if (colour !== undefined) style = code === 38 ? { ...style, fg: colour } : { ...style, bg: colour };
    } else {
      style = withCode(style, code);
    }
  }
  return style;
}

/** The line's segments, and the style that the next line begins with. */
export function parseLine(text: string, style: Style): { segments: Segment[]; style: Style } {
  if (!HAS_CONTROL.test(text)) {
    return { segments: text === '' ? [] : [{ text, style }], style };
  }
  let segments: Segment[] = [];
  let returned = false;
  const put = (part: string) => {
    if (part === '') return;
    if (returned) segments = [];
    returned = false;
    const last = segments.at(-1);
    if (last && last.style === style) last.text += part;
    else segments.push({ text: part, style });
  };
  let from = 0;
  for (const match of text.matchAll(CONTROL)) {
    put(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[0] === '\r') returned = true;
    else if ((match[2] ?? match[4]) === 'm') style = withCodes(style, match[1] ?? match[3] ?? '');
  }
  put(text.slice(from));
  return { segments, style };
}

/** The style after the line; cheaper than drawing it. */
export function styleAfter(text: string, style: Style): Style {
  return text.includes('\x1b') || text.includes('\x9b') ? parseLine(text, style).style : style;
}

/** The text without anything for a terminal. */
export function plainText(text: string): string {
  if (!HAS_CONTROL.test(text)) return text;
  return parseLine(text, PLAIN)
    .segments.map((segment) => segment.text)
    .join('');
}
