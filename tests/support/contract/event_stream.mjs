// SPDX-License-Identifier: Apache-2.0
//
// Reads text/event-stream as bytes come. Source: WHATWG HTML, section 9.2.6; only "\n" ends a line,
// which is all that we send.

export class EventStreamReader {
  #rest = Buffer.alloc(0);
  #fields = {};

  /** Returns what is complete: {comment} | {retry} | {id?, event, data} with `data` as text. */
  push(bytes) {
    const items = [];
    let buffer = Buffer.concat([this.#rest, bytes]);
    for (let at = buffer.indexOf(10); at >= 0; at = buffer.indexOf(10)) {
      this.#line(buffer.subarray(0, at).toString('utf8'), items);
      buffer = buffer.subarray(at + 1);
    }
    this.#rest = buffer;
    return items;
  }

  /** True when the stream stopped in the middle of an event. */
  get torn() {
    return this.#rest.length > 0 || Object.keys(this.#fields).length > 0;
  }

  #line(line, items) {
    if (line === '') {
      if ('data' in this.#fields) items.push({ event: 'message', ...this.#fields });
      this.#fields = {};
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === '') items.push({ comment: value });
    else if (name === 'retry') items.push({ retry: value });
    else if (name === 'data' && 'data' in this.#fields) this.#fields.data += `\n${value}`;
    else this.#fields[name] = value;
  }
}
