// SPDX-License-Identifier: Apache-2.0
//
// The log as a file, whole or sifted, packed or not; and its removal.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Client } from './support/client.mjs';
import { FakeAgent } from './support/fake_agent.mjs';
import { assertError, makeRunner, trigger, UNKNOWN_ID } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';

const stack = await Stack.start({ scheduler: true });
after(() => stack.stop());
const { client } = stack;
const direct = new Client(stack.directPort, stack.tokens.user);
const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const runner = await makeRunner(client);

const LINES = 30000;
const CHUNK = 1000;
const line = (id) => `line ${id} of the log, ${'x'.repeat(id % 50)}`;
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function started() {
  const run = await trigger(client, runner);
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  return { assignment, logs: `/v1/runs/${run.id}/logs` };
}

async function bytesOf(path, headers = {}) {
  const { res } = await direct.open('GET', path, { headers });
  const chunks = [];
  for await (const chunk of res) chunks.push(chunk);
  return { status: res.statusCode, headers: res.headers, bytes: Buffer.concat(chunks) };
}

const long = await started();
for (let from = 1; from <= LINES; from += CHUNK) {
  await agent.log(long.assignment, from, range(from, from + CHUNK - 1).map(line));
}

test('text is what was printed, as far as it is stored', async () => {
  const { status, headers, bytes } = await bytesOf(`${long.logs}?format=text`);
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/plain/);
  assert.match(headers['content-disposition'], /^attachment; filename="run-.*\.log"$/);
  assert.equal(headers['content-encoding'], undefined);
  assert.equal(headers['x-errand-log-complete'], 'false');
  assert.equal(headers['x-errand-log-last-id'], String(LINES));
  const expected = range(1, LINES).map((id) => `${line(id)}\n`);
  assert.ok(bytes.equals(Buffer.from(expected.join(''))), 'the same bytes');

  await agent.finished(long.assignment, { last_line: LINES });
  const again = await bytesOf(`${long.logs}?format=text`);
  assert.equal(again.headers['x-errand-log-complete'], 'true');
});

test('ndjson has an entry a line, the same as pages have', async () => {
  const { text, headers } = await client.get(`${long.logs}?format=ndjson`);
  assert.match(headers['content-type'], /^application\/x-ndjson/);
  const entries = text.trimEnd().split('\n').map(JSON.parse);
  assert.deepEqual(
    entries.map(({ id }) => id),
    range(1, LINES),
  );
  const { json } = await client.get(`${long.logs}?limit=1000&after_id=5000`);
  assert.deepEqual(entries.slice(5000, 6000), json.logs);
});

test('gzip comes to who accepts it', async () => {
  const plain = await bytesOf(`${long.logs}?format=text`);
  for (const accept of ['gzip', 'deflate, gzip;q=0.5', 'br, GZIP']) {
    const packed = await bytesOf(`${long.logs}?format=text`, { 'Accept-Encoding': accept });
    assert.equal(packed.headers['content-encoding'], 'gzip', accept);
    assert.equal(packed.headers.vary, 'accept-encoding');
    assert.ok(packed.bytes.length < plain.bytes.length / 3);
    assert.ok(gunzipSync(packed.bytes).equals(plain.bytes));
  }
  for (const accept of ['identity', 'gzip;q=0', 'x-gzipped', 'br']) {
    const { headers } = await bytesOf(`${long.logs}?format=text&tail=1`, {
      'Accept-Encoding': accept,
    });
    assert.equal(headers['content-encoding'], undefined, accept);
  }
});

test('a download takes a part, a stream, or what contains words', async () => {
  const text = async (query) =>
    (await bytesOf(`${long.logs}?format=text&${query}`)).bytes.toString();
  const of = (...ids) => ids.map((id) => `${line(id)}\n`).join('');
  assert.equal(await text('tail=2'), of(LINES - 1, LINES));
  assert.equal(await text('after_id=100&before_id=104'), of(101, 102, 103));
  assert.equal(await text('after_id=100&limit=2'), of(101, 102));
  assert.equal(await text('q=line%202999%20'), of(2999));
  assert.equal(await text('q=nowhere'), '');
  assert.equal(await text('stream=stderr'), '');
  assert.equal(await text('after_id=30000'), '');
});

test('bytes and pieces of lines come out as they went in', async () => {
  const { assignment, logs } = await started();
  const bytes = Buffer.from([0xff, 0x00, 0xc0, 0x80]);
  await agent.log(assignment, 1, [
    { msg: 'a'.repeat(16384), partial: true },
    { msg: 'b' },
    bytes,
    { msg: '' },
    { msg: 'of stderr', stream: 'stderr' },
  ]);
  const expected = Buffer.concat([
    Buffer.from(`${'a'.repeat(16384)}b\n`),
    bytes,
    Buffer.from('\n\nof stderr\n'),
  ]);
  assert.ok((await bytesOf(`${logs}?format=text`)).bytes.equals(expected));
  await agent.finished(assignment, { last_line: 5 });
});

test('a reader that stops reading stops the reads', async () => {
  const { req, res } = await direct.open('GET', `${long.logs}?format=ndjson`);
  res.pause();
  const { json } = await client.get(`${long.logs}?limit=1`);
  assert.equal(json.logs[0].id, 1, 'others are served meanwhile');
  req.destroy();
});

test('HEAD says what a download would be', async () => {
  const { status, headers, text } = await direct.request('HEAD', `${long.logs}?format=text`);
  assert.equal(status, 200);
  assert.equal(headers['x-errand-log-last-id'], String(LINES));
  assert.equal(text, '');
});

test('a deleted log is gone for good and says so', async () => {
  const { assignment, logs } = await started();
  await agent.log(assignment, 1, ['one', 'two', 'three']);
  const { run } = (await client.get(`/v1/runs/${assignment.run}`)).json;
  const underRunner = `/v1/runners/${run.runner_id}/runs/${assignment.run}/logs`;
  for (const path of [logs, underRunner])
    assertError(await client.delete(path), 409, 'conflict');
  await agent.finished(assignment, { last_line: 5 });

  const answer = await client.delete(logs);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { deleted: true });
  assert.deepEqual((await client.delete(underRunner)).json, { deleted: true }, 'again');
  assert.deepEqual(
    stack.database.sql(`SELECT count(*) FROM log_chunks WHERE run_id = '${assignment.run}'`),
    ['0'],
  );

  const { json } = await client.get(logs);
  assert.deepEqual(json.meta, { last_id: 5, complete: true, more: false });
  assert.equal(json.logs.length, 1);
  const { id, stream, msg, gap } = json.logs[0];
  assert.deepEqual([id, stream, gap], [5, 'system', { first_id: 1, reason: 'deleted' }]);
  assert.match(msg, /^Lines 1 to 5 are missing: /);
  assert.equal((await bytesOf(`${logs}?format=text`)).bytes.toString(), `${msg}\n`);
  const events = await (await client.follow(`${logs}/stream`)).rest();
  assert.deepEqual(
    events.map(({ event }) => event),
    ['log', 'state'],
  );

  const late = await agent.log(assignment, 4, ['four', 'five']);
  assert.equal(late.last_id, 5, 'what comes late is taken and forgotten');
  assert.equal((await client.get(logs)).json.logs.length, 1);
});

test('only who may see a run deletes its log', async () => {
  assertError(await client.delete(`/v1/runs/${UNKNOWN_ID}/logs`), 404, 'not_found');
  const foreign = stack.makeForeignProject();
  assertError(await client.delete(`/v1/runs/${foreign.run_id}/logs`), 404, 'not_found');
  assertError(
    await client.delete(`/v1/runners/${foreign.runner_id}/runs/${foreign.run_id}/logs`),
    404,
    'not_found',
  );
});
