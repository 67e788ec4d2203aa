#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// wire.mjs --to PORT --port-file FILE: the wire between a hypervisor and the API, which can be bad.
//
//   SIGUSR1   it breaks: every connection is reset
//   SIGUSR2   it is unplugged: nothing goes through, nothing is answered; again: it is plugged in

import net from 'node:net';
import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { to: { type: 'string' }, 'port-file': { type: 'string' } } });
const sockets = new Set();
let isUnplugged = false;

function hold(socket) {
  sockets.add(socket);
  if (isUnplugged) socket.pause();
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
}

const server = net.createServer((near) => {
  const far = net.connect(Number(values.to), '127.0.0.1');
  for (const [from, to] of [[near, far], [far, near]]) {
    hold(from);
    from.on('data', (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (!isUnplugged) from.resume();
    });
    from.on('end', () => to.end());
    from.on('close', () => to.destroy());
  }
});

process.on('SIGUSR1', () => {
  for (const socket of sockets) socket.resetAndDestroy();
});
process.on('SIGUSR2', () => {
  isUnplugged = !isUnplugged;
  for (const socket of sockets) {
    if (isUnplugged) socket.pause();
    else socket.resume();
  }
});

server.listen(0, '127.0.0.1', () => {
  writeFileSync(`${values['port-file']}.new`, String(server.address().port));
  renameSync(`${values['port-file']}.new`, values['port-file']);
});
