// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AttemptLog } from '../../src/log/attempt_log';
import { fakeTimeouts } from '../fake_timeouts';
import type { LogEntry } from '../../src/log/line';
import { LogModel } from '../../src/log/log_model';
import { FakeLog, settled } from './server';

const ATTEMPT = 2 ** 40;

/** A log whose stream is in the test's hands. */
class LiveLog extends FakeLog {
  override isComplete = false;
  asked: number[] = [];
  #sends: ReadableStreamDefaultController<Uint8Array>[] = [];

  override stream(afterId?: number): Promise<Response> {
    this.asked.push(afterId!);
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void this.#sends.push(controller) });
    return Promise.resolve(new Response(body, { status: 200 }));
  }

  send(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#sends.at(-1)!.enqueue(new TextEncoder().encode(text));
  }

  breakOff(): void {
    this.#sends.at(-1)!.error(new Error('gone'));
  }
}

function open(server: LiveLog, attempt?: number) {
  const seen = { rows: 0, states: 0 };
  const model = new LogModel({
    api: server,
    attempt,
    countLines: () => Promise.resolve(server.entries.length),
    onChange: () => {},
    onRows: () => seen.rows++,
    onState: () => seen.states++,
  });
  return { model, seen };
}

test('what is stored, what comes, and the end', async () => {
  const server = new LiveLog().add(1500) as LiveLog;
  const { model, seen } = open(server);
  await model.start();
  await settled();
  assert.deepEqual(server.asked, [1500]);
  assert.equal(model.connection, 'live');
  server.send('logs', { logs: [server.put('more')] });
  await settled();
  assert.equal(model.all.count, 1501);
  server.send('state', { status: 'succeeded', exit_code: 0, termination_reason: 'exited', last_id: 1501 });
  await settled();
  assert.equal(model.connection, 'ended');
  assert.equal(seen.states, 1);
  model.stop();
});

test('a log that is complete is not followed', async () => {
  const server = new LiveLog().add(3) as LiveLog;
  server.isComplete = true;
  const { model } = open(server);
  await model.start();
  assert.equal(model.connection, 'ended');
  assert.deepEqual(server.asked, []);
});

test('a server that is away at first is asked again', async (t) => {
  const clock = fakeTimeouts(t);
  const server = new LiveLog().add(3) as LiveLog;
  server.failures = 1;
  const { model } = open(server);
  void model.start();
  await settled();
  assert.equal(model.error, 'no network');
  clock.tick(1000);
  await settled();
  assert.equal(model.error, null);
  assert.equal(model.all.count, 3);
  model.stop();
});

test('the lines of a new attempt stand alone, numbered from 1', async () => {
  const server = new LiveLog().add(5) as LiveLog;
  const { model, seen } = open(server);
  model.find({ q: 'line' });
  await model.start();
  await settled();
  const second = (n: number): LogEntry => ({ id: ATTEMPT + n, ts: new Date(0).toISOString(), stream: 'stdout', msg: `line ${n} again` });
  server.entries = [second(1), second(2)];
  server.send('logs', { logs: server.entries });
  await settled();
  assert.equal(model.all.count, 2);
  assert.equal(model.all.line(1)!.text, 'line 2 again');
  assert.equal(seen.rows, 1);
  assert.deepEqual([model.search!.count, model.search!.next(0, 1)], [2, 1]);
  server.breakOff();
  model.reconnect();
  await settled();
  assert.equal(server.asked.at(-1), ATTEMPT + 2);
  model.stop();
});

test('after a long sleep only the end is read, and a search still finds all', async () => {
  const server = new LiveLog().add(10) as LiveLog;
  const { model } = open(server);
  await model.start();
  model.find({ q: 'line' });
  await settled();
  model.pause();
  server.add(50_000);
  model.resume();
  await settled();
  assert.equal(server.asked.at(-1), 50_010);
  assert.equal(model.all.count, 50_010);
  await settled();
  assert.equal(model.search!.count, 50_010);
  model.stop();
});

test('an attempt knows its lines, also of a page that reaches into the next', () => {
  const entry = (id: number): LogEntry => ({ id, ts: new Date(0).toISOString(), stream: 'stdout', msg: '' });
  const log = new AttemptLog(new LiveLog(), 2);
  const gap: LogEntry = { ...entry(ATTEMPT + 9), gap: { first_id: ATTEMPT + 4, reason: 'lost' } };
  const numbered = log.numbered([entry(7), entry(ATTEMPT + 3), gap, entry(2 * ATTEMPT + 1)]);
  assert.deepEqual(numbered.map(({ id }) => id), [3, 9]);
  assert.deepEqual(numbered[1]!.gap, { first_id: 4, reason: 'lost' });
});
