// SPDX-License-Identifier: Apache-2.0
//
// A server that answers what a test tells it to, behind a recorder.

import http from 'node:http';
import { Contract } from '../contract.mjs';
import { Journal } from '../journal.mjs';
import { Recorder } from '../recorder.mjs';

const contract = Contract.load();

export const REQUEST_ID = { 'X-Request-Id': 'r-1' };
export const JSON_HEAD = { ...REQUEST_ID, 'Content-Type': 'application/json' };
export const STREAM_HEAD = {
  ...REQUEST_ID,
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
};

/** `handler(req, res)`; returns {url, port, journal} and stops both with the test. */
export async function behindRecorder(t, handler) {
  const upstream = http.createServer(handler);
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const journal = new Journal();
  const recorder = new Recorder({
    contract,
    journal,
    upstream: `http://127.0.0.1:${upstream.address().port}`,
  });
  const port = await recorder.listen();
  t.after(async () => {
    await recorder.close();
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
  });
  return { url: `http://127.0.0.1:${port}`, port, journal };
}

/** Always the same answer. */
export const answering = (status, headers, body) => (req, res) => {
  req.resume();
  res.writeHead(status, headers);
  res.end(typeof body === 'string' ? body : JSON.stringify(body));
};

/** The problems that one GET of `path` causes. */
export async function problemsOf(t, path, status, headers, body) {
  const { url, journal } = await behindRecorder(t, answering(status, headers, body));
  await (await fetch(url + path)).text();
  return journal.violations.flatMap((v) => v.problems);
}

/** The document's own example of a schema. */
export function example(document, name) {
  return structuredClone(document.components.schemas[name].example);
}
