// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events out of a stream of text, cut anywhere.

export interface SseEvent {
  event: string;
  id: string | null;
  data: string;
}

export class SseParser {
  #rest = '';
  #event = '';
  #id: string | null = null;
  #data: string[] = [];
  /** Milliseconds, as last asked for by the server. */
  retryMs: number | null = null;

  /** The events that `text` completes. */
  push(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    // a chunk of one long event is only searched once
    if (!text.includes('\n')) {
      this.#rest += text;
      return events;
    }
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line, events);
    return events;
  }

  #line(line: string, events: SseEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0) {
        events.push({ event: this.#event || 'message', id: this.#id, data: this.#data.join('\n') });
      }
      this.#event = '';
      this.#id = null;
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id') this.#id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.retryMs = Number(value);
  }
}
