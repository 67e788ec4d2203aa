// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BOLD, DIM, INVERSE, parseLine, PLAIN, plainText, RGB, UNDERLINE } from '../../src/log/ansi';
import { contrast, readable } from '../../src/log/colours';

const segments = (text: string) =>
  parseLine(text, PLAIN).segments.map(({ text: t, style }) => [t, style.fg, style.bg, style.flags]);

test('text without anything is one segment', () => {
  assert.deepEqual(segments('plain\ttext – ünïcode'), [['plain\ttext – ünïcode', null, null, 0]]);
  assert.deepEqual(segments(''), []);
});

test('the sixteen colours', () => {
  assert.deepEqual(segments('\x1b[31mred\x1b[92mlime\x1b[39mnone\x1b[44mback\x1b[107mwhite\x1b[0m.'), [
    ['red', 1, null, 0],
    ['lime', 10, null, 0],
    ['none', null, null, 0],
    ['back', null, 4, 0],
    ['white', null, 15, 0],
    ['.', null, null, 0],
  ]);
});

test('256 and true colours, with semicolons and with colons', () => {
  const orange = RGB | 0xff8700;
  for (const code of ['38;5;208', '38:5:208', '38;2;255;135;0', '38:2:255:135:0', '38:2::255:135:0']) {
    assert.deepEqual(segments(`\x1b[1;${code};4mx`), [['x', orange, null, BOLD | UNDERLINE]], code);
  }
  assert.deepEqual(segments('\x1b[38;5;9;48;5;244mx'), [['x', 9, RGB | 0x808080, 0]]);
});

test('a colour that is cut short takes nothing with it', () => {
  assert.deepEqual(segments('\x1b[38;5mx'), [['x', null, null, 0]]);
  assert.deepEqual(segments('\x1b[38mx\x1b[31my'), [
    ['x', null, null, 0],
    ['y', 1, null, 0],
  ]);
});

test('styles come and go', () => {
  assert.deepEqual(segments('\x1b[1;2ma\x1b[22mb\x1b[7mc\x1b[27md'), [
    ['a', null, null, BOLD | DIM],
    ['b', null, null, 0],
    ['c', null, null, INVERSE],
    ['d', null, null, 0],
  ]);
});

test('the style goes on in the next line until it is reset', () => {
  const first = parseLine('\x1b[33mone', PLAIN);
  const second = parseLine('two\x1b[m', first.style);
  assert.equal(second.segments[0]!.style.fg, 3);
  assert.deepEqual(second.style, PLAIN);
});

test('what is for a terminal only is not text', () => {
  assert.equal(plainText('\x1b[2K\x1b[1Aup\x1b]0;title\x07!\x1b(B\x08\x07\x00'), 'up!');
  assert.equal(plainText('\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\'), 'link');
  assert.equal(plainText('cut off\x1b['), 'cut off');
});

test('a carriage return writes over the line', () => {
  assert.equal(plainText('10%\r20%\r100%'), '100%');
  assert.equal(plainText('done\r'), 'done');
  assert.equal(plainText('a\r\x1b[Kb'), 'b');
  assert.equal(plainText('\r\rstart'), 'start');
});

test('markup is text', () => {
  assert.deepEqual(segments('<img src=x onerror=alert(1)>')[0]![0], '<img src=x onerror=alert(1)>');
});

test('a long line of escapes takes no time', () => {
  const started = performance.now();
  parseLine('\x1b[31mx\x1b[0m'.repeat(2000), PLAIN);
  parseLine(`\x1b]${'a'.repeat(16000)}`, PLAIN);
  parseLine('\x1b['.repeat(8000), PLAIN);
  parseLine(`\x1b[${';'.repeat(16000)}`, PLAIN);
  assert.ok(performance.now() - started < 2000);
});

test('colours that cannot be read on a background are moved until they can', () => {
  for (const background of [[255, 255, 255], [13, 16, 22]] as const) {
    for (const colour of [[255, 255, 0], [0, 0, 128], [200, 200, 200], [20, 20, 20]] as const) {
      assert.ok(contrast(readable(colour, background), background) >= 4.5, `${colour} on ${background}`);
    }
  }
  assert.deepEqual(readable([255, 255, 255], [0, 0, 0]), [255, 255, 255]);
});
