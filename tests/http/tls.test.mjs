// SPDX-License-Identifier: Apache-2.0
//
// HTTPS: what is shown and spoken, how a certificate is renewed, what is refused at the start; and
// that a client that takes requests back cannot pile up work.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import * as frames from './support/http2_frames.mjs';
import { makeRunner, trigger } from './support/samples.mjs';
import { Stack } from './support/stack.mjs';
import { until, within } from './support/wait.mjs';

const dir = mkdtempSync(join(tmpdir(), 'errand-tls.'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A certificate that is its own authority: {certificate, key}, paths. */
function makeCertificate(name) {
  const [certificate, key] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)];
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2
    -subj /CN=${name} -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${certificate}`;
  execFileSync('openssl', request.split(/\s+/), { stdio: 'pipe' });
  return { certificate, key };
}

const first = makeCertificate('first');
const second = makeCertificate('second');
const shown = { certificate: join(dir, 'shown.pem'), key: join(dir, 'shown.key') };

function show({ certificate, key }) {
  copyFileSync(certificate, shown.certificate);
  copyFileSync(key, shown.key);
}
show(first);

const stack = await Stack.start();
after(() => stack.stop());
const replica = await stack.startReplica({
  tls_certificate: shown.certificate,
  tls_key: shown.key,
});
const { port, program } = replica;
const ca = [first, second].map(({ certificate }) => readFileSync(certificate));
const bundle = join(dir, 'both.pem');
writeFileSync(bundle, Buffer.concat(ca));
const authorization = `Bearer ${stack.tokens.user}`;

/** What a new connection is shown and agrees on. */
async function handshake(options = {}) {
  const socket = tls.connect({ host: '127.0.0.1', port, ca, ...options });
  try {
    await within('a handshake', once(socket, 'secureConnect'));
    return {
      name: socket.getPeerCertificate().subject.CN,
      protocol: socket.getProtocol(),
      alpn: socket.alpnProtocol,
    };
  } finally {
    socket.destroy();
  }
}

function connect(t) {
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca });
  session.on('error', () => {});
  t.after(() => session.destroy());
  return session;
}

async function statusOf(stream) {
  const [headers] = await within('an answer', once(stream, 'response'));
  stream.resume();
  return headers[':status'];
}

test('HTTP/1.1 and HTTP/2 are spoken', async (t) => {
  const request = https.get({ host: '127.0.0.1', port, ca, path: '/healthz', agent: false });
  const [response] = await within('an answer', once(request, 'response'));
  response.resume();
  assert.equal(response.statusCode, 200);
  assert.equal(
    await statusOf(connect(t).request({ ':path': '/v1/regions', authorization })),
    200,
  );
  assert.equal((await handshake({ ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'h2');
});

test('only TLS 1.2 and 1.3 are agreed on', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'])
    assert.equal(
      (await handshake({ minVersion: version, maxVersion: version })).protocol,
      version,
    );
  await assert.rejects(
    handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
  );
});

test('HTTP in the clear is hung up on', async () => {
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
  assert.ok(program.isRunning);
});

test('a certificate is renewed while a stream goes on', async (t) => {
  const run = await trigger(stack.client, await makeRunner(stack.client));
  const stream = connect(t).request({ ':path': `/v1/runs/${run.id}/logs/stream`, authorization });
  assert.equal(await statusOf(stream), 200);
  assert.equal((await handshake()).name, 'first');

  show(second);
  program.signal('SIGHUP');
  await until('the new certificate', async () => (await handshake()).name === 'second');

  const ended = once(stream, 'end');
  await stack.client.post(`/v1/runs/${run.id}/stop`);
  await within('the end of the stream', ended);
});

test('a certificate that cannot be read leaves the old one', async () => {
  const before = (await handshake()).name;
  writeFileSync(shown.certificate, 'not a certificate');
  program.signal('SIGHUP');
  await until('the complaint', () => /tls\.refused .*shown\.pem/.test(program.log()));
  assert.equal((await handshake()).name, before);
  show(first);
});

test('a start with half a certificate says what is wrong', () => {
  const start = (settings) => {
    const env = { ...process.env, ERRAND_DATABASE_URL: 'dbname=x', ERRAND_KEY_RING: stack.keyRing };
    const { status, stderr } = spawnSync(
      join(process.env.ERRAND_BIN_DIR, 'errand-api'),
      Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
      { env, encoding: 'utf8' },
    );
    assert.equal(status, 2, stderr);
    return stderr;
  };
  assert.match(start({ tls_certificate: first.certificate }), /tls_key/);
  assert.match(start({ tls_key: first.key }), /tls_certificate/);
  assert.match(
    start({ tls_certificate: first.certificate, tls_key: second.key }),
    /tls_key .*second\.key/,
  );
  assert.match(start({ tls_certificate: '/nowhere.pem', tls_key: first.key }), /nowhere\.pem/);
});

test('the command line trusts the authority it is told of, and no other', () => {
  const url = `https://127.0.0.1:${port}`;
  const list = (caFile) =>
    spawnSync(join(process.env.ERRAND_BIN_DIR, 'errand'), ['runner', 'list', '--ca-file', caFile], {
      env: { ...process.env, ERRAND_URL: url, ERRAND_TOKEN: stack.tokens.user },
      encoding: 'utf8',
    });
  const trusted = list(bundle);
  assert.equal(trusted.status, 0, trusted.stderr);
  const other = list(makeCertificate('other').certificate);
  assert.equal(other.status, 125);
  assert.match(other.stderr, /certificate/);
});

/** A connection whose frames we write: `ask` resolves to whether the answer was a 200. */
async function connectByHand(t) {
  const socket = tls.connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'] });
  let received = Buffer.alloc(0);
  let stream = -1;
  t.after(() => socket.destroy());
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
  });
  await within('a connection', once(socket, 'secureConnect'));
  socket.write(frames.greeting);
  return {
    ask(path) {
      const mine = (stream += 2);
      socket.write(frames.get(mine, path, authorization));
      return until('an answer', () => frames.isSuccess(received, mine) !== undefined).then(() =>
        frames.isSuccess(received, mine),
      );
    },
    askAndTakeBack(path, times) {
      const parts = [];
      for (let i = 0; i < times; i++) {
        stream += 2;
        parts.push(frames.get(stream, path, authorization), frames.reset(stream));
      }
      socket.write(Buffer.concat(parts));
    },
  };
}

test('requests taken back count until their work has ended', async (t) => {
  const connection = await connectByHand(t);
  assert.equal(await connection.ask('/v1/runners'), true);

  const lock = stack.database.hold('LOCK TABLE runners');
  t.after(() => lock.release());
  await lock.held;
  connection.askAndTakeBack('/v1/runners', 100);
  assert.equal(await connection.ask('/healthz'), true);
  connection.askAndTakeBack('/v1/runners', 2000);
  assert.equal(await connection.ask('/healthz'), false);
  assert.equal(await statusOf(connect(t).request({ ':path': '/healthz' })), 200);

  await lock.release();
  await until('the work to end', () => connection.ask('/healthz'));
});
