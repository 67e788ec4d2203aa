// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Contract } from '../contract.mjs';
import { Journal } from '../journal.mjs';

const REPORT = fileURLToPath(new URL('../report.mjs', import.meta.url));

function report(t, fill, ...options) {
  const dir = mkdtempSync(join(tmpdir(), 'errand-report.'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'journal');
  fill(new Journal(file));
  return spawnSync(process.execPath, [REPORT, ...options, file], { encoding: 'utf8' });
}

test('what was seen is not listed as unseen', (t) => {
  const { status, stdout } = report(t, (journal) => journal.seen('getHealth', 200));
  assert.equal(status, 0);
  assert.match(stdout, /^1 of \d+ documented answers/);
  assert.doesNotMatch(stdout, /getHealth 200/);
  assert.match(stdout, /never seen: getRun 200/);
});

test('an answer that was never seen fails when all are asked for', (t) => {
  const { status } = report(t, (journal) => journal.seen('getHealth', 200), '--all-seen');
  assert.equal(status, 1);
});

test('it is content when all were seen', (t) => {
  const { status, stdout } = report(
    t,
    (journal) => {
      for (const { operation, status: code } of Contract.load().documentedAnswers())
        journal.seen(operation, code);
    },
    '--all-seen',
  );
  assert.equal(status, 0, stdout);
});

test('a violation fails', (t) => {
  const { status, stdout } = report(t, (journal) => {
    journal.seen('getHealth', 200);
    journal.violation('GET /healthz', 200, ['body: is wrong']);
  });
  assert.equal(status, 1);
  assert.match(stdout, /GET \/healthz -> 200\n {2}body: is wrong/);
});

test('an empty journal fails', (t) => {
  assert.equal(report(t, () => {}).status, 1);
});
