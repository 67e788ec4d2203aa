// SPDX-License-Identifier: Apache-2.0
//
// Reads the text of a .env file: KEY=value, `export KEY=value`, comments, quotes (in double ones \n, \t,
// \r, \", \\ and \$ are escapes), values over several lines in quotes.

export interface DotenvEntry {
  key: string;
  value: string;
  line: number;
}

export interface Dotenv {
  entries: DotenvEntry[]; // the last of a key
  problems: { line: number; text: string }[];
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' };

export function parseDotenv(text: string): Dotenv {
  const entries = new Map<string, DotenvEntry>();
  const problems: Dotenv['problems'] = [];
  const source = text.replace(/\r\n?/g, '\n').replace(/^\uFEFF/, '');
  let at = 0;
  let line = 1;

  const lineEnd = (): number => {
    const end = source.indexOf('\n', at);
    return end < 0 ? source.length : end;
  };
  const skipLine = (): void => {
    at = lineEnd() + 1;
    line++;
  };

  while (at < source.length) {
    const head = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/.exec(source.slice(at, lineEnd()));
    if (!head) {
      const content = source.slice(at, lineEnd()).trim();
      if (content !== '' && !content.startsWith('#')) problems.push({ line, text: 'is not KEY=value' });
      skipLine();
      continue;
    }
    const key = head[1]!;
    const first = line;
    at += head[0].length;
    const quote = source[at];
    let value: string;
    if (quote === '"' || quote === "'") {
      const end = closingQuote(source, at + 1, quote);
      if (end < 0) {
        problems.push({ line: first, text: `has no closing ${quote}` });
        skipLine();
        continue;
      }
      const inside = source.slice(at + 1, end);
      value = quote === '"' ? inside.replace(/\\([nrt"\\$])/g, (_, c: string) => ESCAPES[c]!) : inside;
      line += inside.split('\n').length - 1;
      at = end + 1;
      const rest = source.slice(at, lineEnd()).trim();
      if (rest !== '' && !rest.startsWith('#')) problems.push({ line, text: 'has text after the closing quote' });
    } else {
      value = source
        .slice(at, lineEnd())
        .replace(/(^|[ \t])#.*$/, '')
        .trim();
    }
    entries.delete(key);
    entries.set(key, { key, value, line: first });
    skipLine();
  }
  return { entries: [...entries.values()], problems };
}

function closingQuote(source: string, from: number, quote: string): number {
  for (let i = from; i < source.length; i++) {
    if (source[i] === '\\' && quote === '"') i++;
    else if (source[i] === quote) return i;
  }
  return -1;
}
