// SPDX-License-Identifier: Apache-2.0
//
// A reverse proxy that changes nothing and judges every answer. Bytes pass on as they come; a side
// that goes away takes the other with it.

import http from 'node:http';

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Node's flat [name, value, …] list without what belongs to one connection. */
function endToEnd(rawHeaders) {
  const headers = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!HOP_BY_HOP.has(rawHeaders[i].toLowerCase()))
      headers.push(rawHeaders[i], rawHeaders[i + 1]);
  }
  return headers;
}

export class Recorder {
  #contract;
  #journal;
  #upstream;
  #server;

  /** `upstream` is an http URL; `journal` a Journal. */
  constructor({ contract, journal, upstream }) {
    this.#contract = contract;
    this.#journal = journal;
    this.#upstream = new URL(upstream);
    this.#server = http.createServer({ maxHeaderSize: 256 * 1024, requestTimeout: 0 });
    this.#server.on('request', (req, res) => this.#forward(req, res));
    this.#server.on('checkContinue', (req, res) => {
      res.writeContinue();
      this.#forward(req, res);
    });
  }

  /** Returns the port. */
  async listen(port = 0) {
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    return this.#server.address().port;
  }

  async close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #forward(req, res) {
    const upstream = http.request({
      agent: false,
      host: this.#upstream.hostname,
      port: this.#upstream.port,
      method: req.method,
      path: req.url,
      headers: endToEnd(req.rawHeaders),
      setHost: false,
      maxHeaderSize: 256 * 1024,
    });
    upstream.on('error', () => res.destroy());
    upstream.on('response', (answer) => this.#relay(req, res, answer));
    res.on('close', () => upstream.destroy());
    req.pipe(upstream);
  }

  #relay(req, res, answer) {
    const status = answer.statusCode;
    const path = req.url.split('?')[0];
    const check = this.#contract.answer({
      method: req.method,
      path,
      status,
      headers: answer.headers,
    });
    const report = (problems) => {
      if (problems.length > 0)
        this.#journal.violation(`${req.method} ${req.url}`, status, problems);
    };
    if (check.operation) this.#journal.seen(check.operation, status);
    report(check.problems);

    res.writeHead(status, answer.statusMessage, endToEnd(answer.rawHeaders));
    res.flushHeaders();
    answer.on('data', (bytes) => {
      report(check.push(bytes));
      if (!res.write(bytes)) {
        answer.pause();
        res.once('drain', () => answer.resume());
      }
    });
    answer.on('end', () => {
      report(check.end(answer.complete));
      res.end();
    });
    answer.on('error', () => res.destroy());
  }
}
