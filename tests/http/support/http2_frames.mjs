// SPDX-License-Identifier: Apache-2.0
//
// HTTP/2 by hand, for what node's client will not send: a request that is taken back at once never
// leaves it.

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const END_STREAM_AND_HEADERS = 0x5;
const CANCEL = Buffer.from([0, 0, 0, 8]);
const STATUS_200 = 0x88; // HPACK: static table entry 8

function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK: a value of at most 126 bytes for a name of the static table, not kept. */
const literal = (prefix, value) =>
  Buffer.concat([Buffer.from([...prefix, value.length]), Buffer.from(value)]);

export const greeting = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]);

/** A GET on `stream`, an odd number greater than those before. */
export function get(stream, path, authorization) {
  const block = [Buffer.from([0x82, 0x87]), literal([0x04], path), literal([0x01], 'x')];
  if (authorization) block.push(literal([0x0f, 0x08], authorization));
  return frame(HEADERS, END_STREAM_AND_HEADERS, stream, Buffer.concat(block));
}

export const reset = (stream) => frame(RST_STREAM, 0, stream, CANCEL);

/** From what came: did the answer on `stream` begin with 200? undefined: it did not begin. */
export function isSuccess(received, stream) {
  for (let at = 0; at + 9 < received.length; at += 9 + received.readUIntBE(at, 3)) {
    if (received[at + 3] === HEADERS && received.readUInt32BE(at + 5) === stream)
      return received[at + 9] === STATUS_200;
  }
  return undefined;
}
