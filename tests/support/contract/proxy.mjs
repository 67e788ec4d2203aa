#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Put the contract between any client and errand-api:
//   proxy.mjs --upstream http://127.0.0.1:8080 --journal FILE [--port N] [--port-file FILE]
// Prints its URL when it listens; stops on SIGTERM or SIGINT.

import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Contract } from './contract.mjs';
import { Journal } from './journal.mjs';
import { Recorder } from './recorder.mjs';

const { values } = parseArgs({
  options: {
    upstream: { type: 'string' },
    journal: { type: 'string' },
    port: { type: 'string', default: '0' },
    'port-file': { type: 'string' },
  },
});
if (!values.upstream || !values.journal) {
  console.error('usage: proxy.mjs --upstream URL --journal FILE [--port N] [--port-file FILE]');
  process.exit(2);
}

const recorder = new Recorder({
  contract: Contract.load(),
  journal: new Journal(values.journal),
  upstream: values.upstream,
});
const port = await recorder.listen(Number(values.port));
if (values['port-file']) {
  writeFileSync(`${values['port-file']}.new`, `${port}\n`);
  renameSync(`${values['port-file']}.new`, values['port-file']);
}
console.log(`http://127.0.0.1:${port}`);

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await recorder.close();
    process.exit(0);
  });
}
