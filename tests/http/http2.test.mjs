// SPDX-License-Identifier: Apache-2.0
//
// HTTP/2 in the clear, which is served on loopback only: the same answers, and no harm by what
// only HTTP/2 can do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { after, test } from 'node:test';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { within } from './support/wait.mjs';

const stack = await Stack.start();
after(() => stack.stop());

function connect(t) {
  const session = http2.connect(`http://127.0.0.1:${stack.directPort}`);
  session.on('error', () => {});
  t.after(() => session.destroy());
  return session;
}

const head = (path, headers = {}) => ({
  ':path': path,
  authorization: `Bearer ${stack.tokens.user}`,
  ...headers,
});

/** {status, text} */
async function answerOf(stream) {
  const [headers] = await within('an answer', once(stream, 'response'));
  let text = '';
  for await (const chunk of stream) text += chunk;
  return { status: headers[':status'], text };
}

test('many requests share a connection', async (t) => {
  const session = connect(t);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => answerOf(session.request(head('/v1/regions')))),
  );
  for (const { status, text } of answers) {
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).regions.length, 1);
  }
});

test('a body is read and an error has its shape', async (t) => {
  const stream = connect(t).request(
    head('/v1/runners', { ':method': 'POST', 'content-type': 'application/json' }),
  );
  stream.end('{"name":"ab"}');
  const { status, text } = await answerOf(stream);
  assert.equal(status, 400);
  assert.deepEqual(Object.keys(JSON.parse(text).fields), ['name', 'image_name']);
});

test('a log is followed to its end', async (t) => {
  const run = await trigger(stack.client, await makeRunner(stack.client));
  const stream = connect(t).request(head(`/v1/runs/${run.id}/logs/stream`));
  const answer = answerOf(stream);
  await stack.client.post(`/v1/runs/${run.id}/stop`);
  const { status, text } = await answer;
  assert.equal(status, 200);
  assert.match(text, /event: state\n/);
});

test('streams that are opened and reset at once do no harm', async (t) => {
  const run = await trigger(stack.client, await makeRunner(stack.client));
  const session = connect(t);
  for (const path of [`/v1/runs/${run.id}/logs/stream`, '/v1/runners', '/v1/nothing']) {
    for (let i = 0; i < 500 && !session.destroyed; i++) {
      const stream = session.request(head(path));
      stream.on('error', () => {});
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
  }
  assert.equal((await stack.client.get('/v1/runners')).status, 200);
  assert.ok(stack.api.isRunning);
});

test('a connection that breaks in the middle of streams is forgotten', async (t) => {
  const run = await trigger(stack.client, await makeRunner(stack.client));
  const session = connect(t);
  const streams = Array.from({ length: 20 }, () =>
    session.request(head(`/v1/runs/${run.id}/logs/stream`)),
  );
  for (const stream of streams) stream.on('error', () => {});
  await Promise.all(streams.map((stream) => within('an answer', once(stream, 'response'))));
  session.destroy();
  await stack.client.post(`/v1/runs/${run.id}/stop`);
  assert.equal((await stack.client.get(`/v1/runs/${run.id}`)).json.run.status, 'canceled');
});
