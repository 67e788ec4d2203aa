// SPDX-License-Identifier: Apache-2.0
//
// Log records and frames as an agent sends them (common/model/log_record.h,
// common/wire/log_frame.h).

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

/** `line` is text, bytes or {msg: text | bytes, stream, partial, ts_us}. */
export function logRecord(line) {
  const {
    msg,
    stream = 'stdout',
    partial = false,
    ts_us: tsUs = Date.now() * 1000,
  } = typeof line === 'string' || Buffer.isBuffer(line) ? { msg: line } : line;
  const payload = Buffer.from(msg);
  const record = Buffer.alloc(18 + payload.length);
  record.writeUInt32LE(payload.length, 4);
  record.writeBigInt64LE(BigInt(tsUs), 8);
  record.writeUInt8(STREAMS[stream], 16);
  record.writeUInt8(partial ? 1 : 0, 17);
  payload.copy(record, 18);
  record.writeUInt32LE(crc32c(record.subarray(4)), 0);
  return record;
}

/** Lines `firstId`, `firstId + 1`, … of one attempt. */
export function logFrame({ run, attempt, firstId, lines }) {
  const records = Buffer.concat(lines.map(logRecord));
  const head = Buffer.alloc(36);
  Buffer.from(run.replaceAll('-', ''), 'hex').copy(head, 0);
  head.writeUInt32LE(attempt, 16);
  head.writeBigUInt64LE(BigInt(firstId), 20);
  head.writeUInt32LE(lines.length, 28);
  head.writeUInt32LE(records.length, 32);
  return Buffer.concat([head, records]);
}
