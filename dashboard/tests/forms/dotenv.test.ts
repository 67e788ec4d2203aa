// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseDotenv } from '../../src/forms/dotenv';

const values = (text: string) => Object.fromEntries(parseDotenv(text).entries.map(({ key, value }) => [key, value]));

test('plain, exported, spaced and empty values', () => {
  assert.deepEqual(values('A=1\nexport B=two words \n  C = 3\nD=\r\nE==x=\n'), { A: '1', B: 'two words', C: '3', D: '', E: '=x=' });
});

test('comments stand alone or behind a blank', () => {
  assert.deepEqual(values('# no\n\nA=1 # no\nB=a#b\nC=#no\n'), { A: '1', B: 'a#b', C: '' });
});

test('quotes: escapes in double ones only, lines in both', () => {
  assert.deepEqual(values('A="x\\n\\"y\\" \\$z # in"\nB=\'raw \\n $z\'\nC="one\ntwo"\nD=4'), {
    A: 'x\n"y" $z # in',
    B: 'raw \\n $z',
    C: 'one\ntwo',
    D: '4',
  });
});

test('the last of a key counts', () => {
  assert.deepEqual(parseDotenv('A=1\nB=2\nA=3').entries, [
    { key: 'B', value: '2', line: 2 },
    { key: 'A', value: '3', line: 3 },
  ]);
});

test('what cannot be read is told with its line, the rest is read', () => {
  const { entries, problems } = parseDotenv('A=1\nnonsense\n1B=2\nE="x" y\nC="open\nD=4\n');
  assert.deepEqual(problems, [
    { line: 2, text: 'is not KEY=value' },
    { line: 3, text: 'is not KEY=value' },
    { line: 4, text: 'has text after the closing quote' },
    { line: 5, text: 'has no closing "' },
  ]);
  assert.deepEqual(entries.map(({ key }) => key), ['A', 'E', 'D']);
});
