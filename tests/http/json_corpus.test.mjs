// SPDX-License-Identifier: Apache-2.0
//
// Bodies that are no JSON, or no JSON of ours: each is refused with 400, none does harm.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { RUNNER, assertProblems } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start();
after(() => stack.stop());
const { client } = stack;

const GOOD = JSON.stringify(RUNNER);
/** A body whose `name` is these bytes between quotes. */
const named = (...bytes) =>
  Buffer.concat([
    Buffer.from('{"image_name":"a","name":"abc'),
    Buffer.from(bytes.flat()),
    Buffer.from('"}'),
  ]);
const nested = (open, close, depth) =>
  `{"name":"abc","image_name":"a","labels":${open.repeat(depth)}${close.repeat(depth)}}`;

const NOT_JSON = {
  'nothing but space': ' \n\t ',
  'cut at every place': Array.from({ length: GOOD.length - 1 }, (_, i) => GOOD.slice(0, i + 1)),
  'followed by something': [`${GOOD}x`, `${GOOD}{}`, `${GOOD},`, `${GOOD}\u0000`],
  'a byte order mark': [
    `\ufeff${GOOD}`,
    Buffer.from([0xff, 0xfe, ...Buffer.from(GOOD, 'utf16le')]),
  ],
  'raw NUL and control characters': [named(0), named(1), named(10), named(31)],
  'overlong UTF-8': [
    named(0xc0, 0x80),
    named(0xc1, 0xbf),
    named(0xe0, 0x80, 0xaf),
    named(0xf0, 0x80, 0x80, 0xaf),
  ],
  'surrogates and beyond Unicode': [
    named(0xed, 0xa0, 0x80),
    named(0xf4, 0x90, 0x80, 0x80),
    named(0xf8, 0x88, 0x80, 0x80, 0x80),
  ],
  'cut UTF-8': [named(0xc3), named(0xe2, 0x82), named(0xf0, 0x9d, 0x84), named(0x80), named(0xff)],
  'lone escapes of surrogates': [
    '{"name":"abc\\ud800","image_name":"a"}',
    '{"name":"abc\\udc00\\ud800","image_name":"a"}',
  ],
  'broken escapes': [
    '{"name":"\\x41bc"}',
    '{"name":"\\u12"}',
    '{"name":"\\"}',
    '{"name":"\\u00g0"}',
  ],
  'an escaped NUL in a key': '{"na\\u0000me":"abc"}',
  'keys given twice': [
    '{"name":"abc","name":"abcd","image_name":"a"}',
    '{"name":"abc","image_name":"a","labels":{"a":"1","a":"1"}}',
    '{"name":"abc","\\u006eame":"abc","image_name":"a"}',
  ],
  'numbers beyond all bounds': [
    '{"priority":1e999}',
    '{"priority":-1e999}',
    `{"priority":${'9'.repeat(400)}}`,
    '{"priority":99999999999999999999}',
  ],
  'broken numbers': [
    '{"priority":01}',
    '{"priority":+1}',
    '{"priority":.5}',
    '{"priority":1.}',
    '{"priority":0x1}',
    '{"priority":NaN}',
    '{"priority":Infinity}',
    '{"priority":1e}',
    '{"priority":-}',
  ],
  'nested deeply': [
    nested('[', ']', 1000),
    nested('{"a":', '}', 1000),
    '['.repeat(100000),
    '{"a":'.repeat(100000),
  ],
  'JavaScript, not JSON': [
    "{'name':'abc'}",
    '{name:"abc"}',
    '{"name":"abc",}',
    '{"name":"abc"/**/}',
    '{"name":undefined}',
    '{"a":[1,]}',
    'True',
  ],
  'an object left out': ['[]', '[{}]', `[${GOOD}]`, '"text"', '1', 'true', 'null', '""'],
};

for (const [what, bodies] of Object.entries(NOT_JSON)) {
  test(`${what} is refused`, async () => {
    for (const body of [bodies].flat()) {
      const answer = await client.post('/v1/runners', body);
      const shown = JSON.stringify(String(body)).slice(0, 60);
      assert.equal(answer.status, 400, `${shown}: ${answer.text}`);
      if (!answer.json.fields.priority) assertProblems(answer, ['body']);
    }
  });
}

test('every other endpoint with a body reads it the same way', async () => {
  const { json } = await client.post('/v1/runners', RUNNER);
  const path = `/v1/runners/${json.runner.id}`;
  for (const [method, target] of [
    ['PATCH', path],
    ['POST', `${path}/runs`],
    ['POST', `${path}/env_variables`],
  ]) {
    for (const body of ['{', '[]', '{"a":1,"a":1}', '\u0000']) {
      assertProblems(await client.request(method, target, { body }), ['body']);
    }
  }
});

test('odd but right JSON is taken', async () => {
  for (const [body, name] of [
    [` \r\n\t${GOOD}\n `, RUNNER.name],
    ['{"\\u006eame":"\\u0061b\\/c","image_name":"a"}', 'ab/c'],
    ['{"name":"\\ud834\\udd1e\\ud834\\udd1e\\ud834\\udd1e","image_name":"a"}', '𝄞𝄞𝄞'],
    ['{"name":"abc","image_name":"a","priority":-0}', 'abc'],
  ]) {
    const answer = await client.post('/v1/runners', body);
    assert.equal(answer.status, 200, `${body}: ${answer.text}`);
    assert.equal(answer.json.runner.name, name);
  }
});

test('a thousand unknown fields are answered in bounds', async () => {
  const fields = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field_${i}`, i]));
  const answer = await client.post('/v1/runners', { ...RUNNER, ...fields });
  assert.equal(answer.status, 400);
  assert.ok(answer.text.length < 1 << 20);
});

test('names of fields come back as JSON, whatever they hold', async () => {
  const odd = '"\\</script>\n𝄞';
  assertProblems(await client.post('/v1/runners', { ...RUNNER, [odd]: 1 }), [odd]);
});
