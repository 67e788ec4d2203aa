// SPDX-License-Identifier: Apache-2.0
//
// Log chunks and frames as an agent sends them (common/logs/log_chunk.h, log_frame.h).

const STREAMS = { stdout: 1, stderr: 2, system: 3 };

const CRC32C = new Uint32Array(256).map((_, i) => {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

export function crc32c(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC32C[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function varint(value) {
  const bytes = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return [...bytes, Number(value)];
}

const zigzag = (value) => (value < 0n ? -2n * value - 1n : 2n * value);

/** `line` is text, bytes or {msg: text | bytes, stream, partial, ts_us}. */
function lineOf(line) {
  const {
    msg,
    stream = 'stdout',
    partial = false,
    ts_us: tsUs = Date.now() * 1000,
  } = typeof line === 'string' || Buffer.isBuffer(line) ? { msg: line } : line;
  return { payload: Buffer.from(msg), stream: STREAMS[stream], partial, ts: BigInt(tsUs) };
}

/** Lines `firstId`, `firstId + 1`, … as one chunk that is not packed. */
export function logChunk({ firstId, lines }) {
  const all = lines.map(lineOf);
  const firstTs = all.at(0)?.ts ?? 0n;
  let marks = 0;
  let before = firstTs;
  const heads = Buffer.from(
    all.flatMap(({ payload, stream, partial, ts }) => {
      const delta = ts - before;
      before = ts;
      marks |= (1 << (stream - 1)) | (partial ? 8 : 0);
      const size = (payload.length << 3) | (partial ? 4 : 0) | (stream - 1);
      return [...varint(BigInt(size)), ...varint(zigzag(delta))];
    }),
  );
  const payloads = all.flatMap(({ payload }) => [payload, Buffer.from('\n')]);
  const body = Buffer.concat([heads, ...payloads]);
  const head = Buffer.alloc(48);
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(body.length, 8);
  head.writeUInt32LE(heads.length, 12);
  head.writeBigUInt64LE(BigInt(firstId), 16);
  head.writeUInt32LE(lines.length, 24);
  head.writeUInt8(1, 28);
  head.writeUInt8(marks, 30);
  head.writeBigInt64LE(firstTs, 32);
  head.writeBigInt64LE(before, 40);
  return summed(Buffer.concat([head, body]));
}

/** The chunk with the checksum that its bytes have now. */
export function summed(chunk) {
  chunk.writeUInt32LE(crc32c(chunk.subarray(4)), 0);
  return chunk;
}

/** The same as a frame of one attempt. */
export function logFrame({ run, attempt, firstId, lines }) {
  const head = Buffer.alloc(20);
  Buffer.from(run.replaceAll('-', ''), 'hex').copy(head, 0);
  head.writeUInt32LE(attempt, 16);
  return Buffer.concat([head, logChunk({ firstId, lines })]);
}
