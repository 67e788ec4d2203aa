// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { argvOf, argvText, labelsOf, labelsText, numberOf, orNull } from '../../src/forms/text_values';

test('numbers that read as numbers, and the rest as it is', () => {
  assert.deepEqual(['12', ' -3 ', '1.5', '', 'x', '1e3', '0x10'].map(numberOf), [12, -3, 1.5, '', 'x', '1e3', '0x10']);
  assert.equal(orNull('  ', numberOf), null);
  assert.equal(orNull('0', numberOf), 0);
});

test('labels and arguments, there and back', () => {
  const labels = { team: 'data', empty: '', path: 'a=b' };
  assert.deepEqual(labelsOf(labelsText(labels)), labels);
  assert.deepEqual(labelsOf(' a = 1 \n\nlonely\n'), { a: '1', lonely: '' });
  const argv = ['sh', '-c', '  echo  ', ''];
  assert.deepEqual(argvOf(argvText(argv) + '\n'), argv);
  assert.deepEqual(argvOf(''), []);
});
