// SPDX-License-Identifier: Apache-2.0
//
// A line of a run's log, as the page holds it.

export type StreamName = 'stdout' | 'stderr' | 'system';

/** An entry as the API sends it. */
export interface LogEntry {
  id: number;
  ts: string;
  stream: StreamName;
  msg?: string;
  msg_base64?: string;
  partial?: boolean;
  gap?: { first_id: number; reason: GapReason };
}

export type GapReason = 'lost' | 'deleted' | 'expired' | 'transient';

export interface Line {
  id: number;
  /** Milliseconds since the epoch. */
  at: number;
  stream: StreamName;
  text: string;
  /** The line goes on in the next one. */
  partial: boolean;
  /** This line stands for the lines `firstId` to `id`, which are not to be had. */
  gap: { firstId: number; reason: GapReason } | null;
}

const decoder = new TextDecoder();

/** Bytes that are no UTF-8 come in base64: shown as far as they are text. */
function decodeBytes(base64: string): string {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return decoder.decode(bytes);
}

export function lineFromEntry(entry: LogEntry): Line {
  return {
    id: entry.id,
    at: Date.parse(entry.ts),
    stream: entry.stream,
    text: entry.msg ?? decodeBytes(entry.msg_base64 ?? ''),
    partial: entry.partial === true,
    gap: entry.gap ? { firstId: entry.gap.first_id, reason: entry.gap.reason } : null,
  };
}

/** Roughly what a line costs in memory. */
export function lineBytes(line: Line): number {
  return line.text.length + 120;
}
