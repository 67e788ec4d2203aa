// SPDX-License-Identifier: Apache-2.0
//
// A stream of one JSON object a line.

export class LineStreamCheck {
  #rest = Buffer.alloc(0);
  #judge;
  #count = 0;
  #beginsWithSync;

  constructor(judge, beginsWithSync = true) {
    this.#judge = judge;
    this.#beginsWithSync = beginsWithSync;
  }

  push(bytes) {
    const problems = [];
    let buffer = Buffer.concat([this.#rest, bytes]);
    for (let at = buffer.indexOf(10); at >= 0; at = buffer.indexOf(10)) {
      problems.push(...this.#line(buffer.subarray(0, at).toString('utf8')));
      buffer = buffer.subarray(at + 1);
    }
    this.#rest = buffer;
    return problems;
  }

  end() {
    return this.#rest.length > 0 ? ['stream ends inside a line'] : [];
  }

  #line(text) {
    this.#count += 1;
    const where = `line ${this.#count}`;
    try {
      const value = JSON.parse(text);
      const problems = this.#judge(where, value);
      if (this.#beginsWithSync && this.#count === 1 && value.type !== 'sync')
        problems.push('first line is not sync');
      return problems;
    } catch (error) {
      return [`${where} is no JSON: ${error.message}`];
    }
  }
}
