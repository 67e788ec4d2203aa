// SPDX-License-Identifier: Apache-2.0
//
// Behind nginx as it comes, with nothing but proxy_pass: two replicas of the API, streams that are
// not held back, heartbeats, resumption, and the end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Client } from './support/client.mjs';
import { FakeAgent } from './support/fake_agent.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until } from './support/wait.mjs';

const stack = await Stack.start({ scheduler: true });
const second = await stack.startReplica();

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Everything nginx needs, in one directory; its defaults otherwise. */
function configuration(dir, port, http1) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
pid ${dir}/pid;
error_log ${dir}/error.log;
worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off;
  ${paths.map((name) => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  upstream errand {
    server 127.0.0.1:${stack.directPort};
    server 127.0.0.1:${second.port};
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://errand;
      ${http1 ? 'proxy_http_version 1.1; proxy_set_header Connection "";' : ''}
    }
  }
}
`;
}

const dir = mkdtempSync(join(tmpdir(), 'errand-nginx.'));
const children = [];
async function startNginx(http1) {
  const port = await freePort();
  const home = join(dir, String(port));
  writeFileSync(`${home}.conf`, configuration(home, port, http1));
  const command = ['nginx', '-c', `${home}.conf`, '-p', dir, '-e', `${home}-error.log`];
  mkdirSync(home);
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command], { stdio: 'inherit' });
  children.push(child);
  await until('nginx to listen', async () => {
    const socket = net.connect(port, '127.0.0.1');
    const [error] = await Promise.race([
      once(socket, 'connect').then(() => [null]),
      once(socket, 'error'),
    ]).catch((reason) => [reason]);
    socket.destroy();
    return !error;
  });
  return port;
}

after(async () => {
  for (const child of children) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(dir, { recursive: true, force: true });
  await stack.stop();
});

const agent = await FakeAgent.join(stack, 'node-1');
await agent.connect();
const runner = await makeRunner(stack.client);

async function started() {
  const run = await trigger(stack.client, runner);
  const assignment = await agent.next('assign', run);
  await agent.started(assignment);
  return { assignment, logs: `/v1/runs/${run.id}/logs` };
}

for (const http1 of [false, true]) {
  const name = http1 ? 'HTTP/1.1 to the API' : 'HTTP/1.0 to the API, as nginx does by default';

  test(`${name}: a line is there at once, and the end ends it`, async () => {
    const client = new Client(await startNginx(http1), stack.tokens.user);
    const { assignment, logs } = await started();
    const follower = await client.follow(`${logs}/stream`);
    assert.equal(follower.status, 200);
    assert.match(follower.headers['content-type'], /^text\/event-stream/);
    await follower.find(({ event }) => event === 'status');
    for (let id = 1; id <= 5; id++) {
      await agent.log(assignment, id, [`line ${id}`]);
      assert.equal((await follower.next()).id, String(id));
    }
    for (let from = 6; from <= 20005; from += 2000)
      await agent.log(assignment, from, Array(2000).fill('many at once'));
    await agent.finished(assignment, { last_line: 20005 });
    const rest = await follower.rest();
    assert.deepEqual(
      rest.map(({ id }) => id),
      [...Array.from({ length: 20000 }, (_, i) => String(i + 6)), 'end'],
    );

    const headers = { 'Last-Event-ID': '20000' };
    const resumed = await (await client.follow(`${logs}/stream`, { headers })).rest();
    assert.deepEqual(
      resumed.map(({ id }) => id),
      ['20001', '20002', '20003', '20004', '20005', 'end'],
    );
    const over = await client.get(`${logs}/stream`, { headers: { 'Last-Event-ID': 'end' } });
    assert.equal(over.status, 204);
  });

  test(`${name}: a download comes through whole`, async () => {
    const client = new Client(await startNginx(http1), stack.tokens.user);
    const { assignment, logs } = await started();
    for (let from = 1; from <= 30000; from += 2000)
      await agent.log(assignment, from, Array(2000).fill('0123456789'.repeat(5)));
    const { text } = await client.get(`${logs}?format=text`);
    assert.equal(text.length, 30000 * 51);
    await agent.finished(assignment, { last_line: 30000 });
  });
}

test('a client that leaves nginx is seen to leave by the API', async () => {
  const port = await startNginx(true);
  const { assignment, logs } = await started();
  const before = countSockets();
  const headers = { Authorization: `Bearer ${stack.tokens.user}` };
  const req = http.request({ port, host: '127.0.0.1', path: `${logs}/stream`, headers });
  req.end();
  const [res] = await once(req, 'response');
  res.on('error', () => {});
  await until('the stream to be open', () => countSockets() > before);
  req.destroy();
  await until('the stream to be closed', () => countSockets() <= before);
  await agent.finished(assignment);
});

/** Connections that the two replicas hold. */
function countSockets() {
  const ports = [stack.directPort, second.port];
  const isOurs = (local) => ports.includes(parseInt(local.split(':')[1], 16));
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '01' && isOurs(local)).length;
}
