#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Sum up journals: report.mjs [--all-seen] JOURNAL… prints every violation and which documented
// answers were never seen. Exit 1 when there is a violation, when nothing was seen at all, or, with
// --all-seen, when an answer was never seen.

import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Contract } from './contract.mjs';
import { readJournal } from './journal.mjs';

export function summarize(contract, entries) {
  const seen = new Set(
    entries.filter((e) => e.seen).map(({ seen: s }) => `${s.operation} ${s.status}`),
  );
  const documented = contract.documentedAnswers().map((a) => `${a.operation} ${a.status}`);
  return {
    violations: entries.filter((e) => e.violation).map((e) => e.violation),
    documented: documented.length,
    seen: documented.filter((answer) => seen.has(answer)).length,
    unseen: documented.filter((answer) => !seen.has(answer)),
  };
}

function main() {
  const { values, positionals: files } = parseArgs({
    options: { 'all-seen': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const { violations, documented, seen, unseen } = summarize(
    Contract.load(),
    files.flatMap(readJournal),
  );
  for (const { request, status, problems } of violations) {
    console.log(`violation: ${request} -> ${status}`);
    for (const problem of problems) console.log(`  ${problem}`);
  }
  console.log(
    `${seen} of ${documented} documented answers were seen, ${violations.length} violations`,
  );
  for (const answer of unseen) console.log(`never seen: ${answer}`);
  const enough = values['all-seen'] ? unseen.length === 0 : seen > 0;
  return violations.length === 0 && enough ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = main();
}
