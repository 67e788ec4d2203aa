// SPDX-License-Identifier: Apache-2.0
//
// token_server.mjs KEY CERTIFICATE PORT_FILE: a token service for docker-registry, on a free loopback
// port. It gives pull tokens to robot with the password "sesame" and to nobody else.
//
// Source: distribution, "Token Authentication Specification" and "Token Authentication
// Implementation".

import { X509Certificate, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [keyFile, certificateFile, portFile] = process.argv.slice(2);
const key = createPrivateKey(readFileSync(keyFile));
const certificate = new X509Certificate(readFileSync(certificateFile)).raw.toString('base64');
const right = `Basic ${Buffer.from('robot:sesame').toString('base64')}`;
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenFor(service, scope) {
  const [type, name, actions] = scope.split(':');
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
  const claims = {
    iss: 'errand-test',
    sub: 'robot',
    aud: service,
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access: [{ type, name, actions: actions.split(',') }],
  };
  const text = `${base64url(header)}.${base64url(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

const server = createServer((request, response) => {
  const query = new URL(request.url, 'http://localhost').searchParams;
  if (request.headers.authorization !== right) {
    response.writeHead(401, { 'Content-Type': 'application/json' });
    response.end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ token: tokenFor(query.get('service'), query.get('scope')) }));
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync(`${portFile}.new`, `${server.address().port}`);
  renameSync(`${portFile}.new`, portFile);
});
