// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fakeTimeouts } from '../fake_timeouts';
import { Follower, type Connection, type RunState } from '../../src/log/follower';
import type { LogEntry } from '../../src/log/line';
import { SseParser } from '../../src/log/sse';
import { settled } from './server';

const entry = (id: number): LogEntry => ({ id, ts: '2026-01-01T00:00:00.000Z', stream: 'stdout', msg: `line ${id}` });
const logs = (...ids: number[]) => `event: logs\ndata: {"logs":${JSON.stringify(ids.map(entry))}}\nid: ${ids.at(-1)}\n\n`;
const STATE = 'id: end\nevent: state\ndata: {"status":"succeeded","exit_code":0,"termination_reason":"exited","last_id":4}\n\n';

function bodyOf(text: string, end: 'closes' | 'breaks' | 'hangs'): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      if (end === 'closes') controller.close();
    },
    pull(controller) {
      if (end === 'breaks') controller.error(new Error('connection reset'));
      return end === 'hangs' ? new Promise(() => {}) : undefined;
    },
  });
  return new Response(body, { status: 200 });
}

function follow(answers: ((afterId: number) => Response)[], prepare?: () => Promise<void>) {
  const seen = { ids: [] as number[], asked: [] as number[], connections: [] as Connection[], state: null as RunState | null };
  const follower = new Follower(
    {
      open: (afterId) => {
        seen.asked.push(afterId);
        const answer = answers.shift();
        return answer ? Promise.resolve(answer(afterId)) : new Promise(() => {});
      },
      lastId: () => seen.ids.at(-1) ?? 0,
      prepare,
      random: () => 0,
    },
    {
      onLines: (entries) => seen.ids.push(...entries.map(({ id }) => id)),
      onStatus: () => {},
      onState: (state) => (seen.state = state),
      onConnection: (connection) => seen.connections.push(connection),
    },
  );
  return { follower, seen };
}

test('events are found however the stream is cut', () => {
  const text = `retry: 1000\n\n: keepalive\n\n${logs(1, 2)}event: status\r\ndata: {"status":\r\ndata: "running"}\r\n\r\n`;
  for (const size of [1, 2, 7, 1000]) {
    const parser = new SseParser();
    const events = [];
    for (let i = 0; i < text.length; i += size) events.push(...parser.push(text.slice(i, i + size)));
    assert.deepEqual(events.map(({ event, id }) => [event, id]), [['logs', '2'], ['status', null]]);
    assert.deepEqual(JSON.parse(events[1]!.data), { status: 'running' });
    assert.equal(parser.retryMs, 1000);
  }
});

test('a stream that breaks goes on after the last line, and ends with the state', async (t) => {
  const clock = fakeTimeouts(t);
  const { follower, seen } = follow([
    () => bodyOf(logs(1, 2), 'breaks'),
    () => new Response('', { status: 503 }),
    () => bodyOf(logs(3), 'closes'),
    () => bodyOf(logs(4) + STATE, 'hangs'),
  ]);
  follower.start();
  for (let i = 0; i < 4; i++) {
    await settled();
    clock.tick(1000);
  }
  await settled();
  assert.deepEqual(seen.asked, [0, 2, 2, 3]);
  assert.deepEqual(seen.ids, [1, 2, 3, 4]);
  assert.equal(seen.state?.status, 'succeeded');
  assert.equal(seen.connections.at(-1), 'ended');
});

test('waits grow, and the network coming back ends them', async (t) => {
  const clock = fakeTimeouts(t);
  const down = () => new Response('', { status: 502 });
  const { follower, seen } = follow([down, down, down, down, () => bodyOf(logs(1), 'hangs')]);
  follower.start();
  await settled();
  clock.tick(250);
  await settled();
  clock.tick(250);
  await settled();
  assert.equal(seen.asked.length, 2, 'the second wait is longer');
  clock.tick(250);
  await settled();
  assert.equal(seen.asked.length, 3);
  follower.resume();
  await settled();
  follower.resume();
  await settled();
  assert.deepEqual(seen.ids, [1]);
  follower.stop();
});

test('silence is a broken connection', async (t) => {
  const clock = fakeTimeouts(t);
  const { follower, seen } = follow([() => bodyOf(logs(1), 'hangs'), () => bodyOf(logs(2), 'hangs')]);
  follower.start();
  await settled();
  clock.tick(36_000);
  clock.tick(1000);
  await settled();
  assert.deepEqual(seen.asked, [0, 1]);
  assert.deepEqual(seen.ids, [1, 2]);
  follower.stop();
});

test('an answer that does not come is not waited for long', async (t) => {
  const clock = fakeTimeouts(t);
  const { follower, seen } = follow([]);
  follower.start();
  await settled();
  clock.tick(10_000);
  clock.tick(500);
  await settled();
  assert.equal(seen.asked.length, 2);
  follower.stop();
});

test('a hidden page gives its connection back and takes up where it was', async () => {
  const { follower, seen } = follow([() => bodyOf(logs(1), 'hangs'), () => bodyOf(logs(2), 'hangs')]);
  follower.start();
  await settled();
  follower.pause();
  assert.equal(seen.connections.at(-1), 'paused');
  follower.resume();
  await settled();
  assert.deepEqual(seen.ids, [1, 2]);
  follower.stop();
});

test('a refusal is final', async () => {
  const { follower, seen } = follow([() => new Response('', { status: 404 })]);
  follower.start();
  await settled();
  assert.equal(seen.connections.at(-1), 'refused');
});

test('before it is taken up again, what was missed may be read otherwise', async (t) => {
  const clock = fakeTimeouts(t);
  const { follower, seen } = follow(
    [() => bodyOf(logs(1), 'breaks'), () => bodyOf(logs(4), 'hangs')],
    () => Promise.resolve(void seen.ids.push(2, 3)),
  );
  follower.start();
  await settled();
  clock.tick(1000);
  await settled();
  assert.deepEqual(seen.asked, [0, 3]);
  assert.deepEqual(seen.ids, [1, 2, 3, 4]);
  follower.stop();
});
