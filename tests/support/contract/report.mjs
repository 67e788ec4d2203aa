#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Sum up journals: report.mjs JOURNAL… prints every violation and which documented answers were
// never seen. Exit 1 when there is a violation or nothing was seen at all.

import { pathToFileURL } from 'node:url';
import { Contract } from './contract.mjs';
import { readJournal } from './journal.mjs';

export function summarize(contract, entries) {
  const seen = new Set(
    entries.filter((e) => e.seen).map(({ seen: s }) => `${s.operation} ${s.status}`));
  const documented = contract.documentedAnswers().map((a) => `${a.operation} ${a.status}`);
  return {
    violations: entries.filter((e) => e.violation).map((e) => e.violation),
    documented: documented.length,
    seen: documented.filter((answer) => seen.has(answer)).length,
    unseen: documented.filter((answer) => !seen.has(answer)),
  };
}

function main(files) {
  const { violations, documented, seen, unseen } =
    summarize(Contract.load(), files.flatMap(readJournal));
  for (const { request, status, problems } of violations) {
    console.log(`violation: ${request} -> ${status}`);
    for (const problem of problems) console.log(`  ${problem}`);
  }
  console.log(`${seen} of ${documented} documented answers were seen; never seen:`);
  for (const answer of unseen) console.log(`  ${answer}`);
  console.log(`${violations.length} violations`);
  return violations.length === 0 && seen > 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = main(process.argv.slice(2));
}
