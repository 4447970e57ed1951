/** Whether every opened sum was the sum of its survivors' encoded vectors, to the last bit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SumRecord } from '@tributary/coordinator';

export interface SumCheck {
  /** False unless every opened sum was checked and equal, and there was at least one. */
  readonly exact: boolean;
  readonly checkedSums: number;
  readonly records: readonly SumRecord[];
}

/** Where a client's copy of its vector for a round lies. */
export function vectorFile(directory: string, round: number): string {
  return join(directory, `${String(round).padStart(5, '0')}.i32`);
}

export function int32ToBytes(words: Int32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => view.setInt32(4 * i, word, true));
  return new Uint8Array(view.buffer);
}

/**
 * @param output the coordinator's output directory
 * @param copies directory of a member's copies, by its name
 */
export function checkSums(output: string, copies: (member: string) => string): SumCheck {
  const lines = readFileSync(join(output, 'sums.jsonl'), 'utf8').split('\n');
  const records = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SumRecord);
  const equal = records.filter((record) => sumIsExact(output, record, copies));
  return {
    exact: records.length > 0 && equal.length === records.length,
    checkedSums: records.length,
    records,
  };
}

function sumIsExact(output: string, record: SumRecord, copies: (member: string) => string): boolean {
  const opened = readInt32(join(output, record.file));
  if (opened.length !== record.dimension) return false;
  const total = new Int32Array(record.dimension);
  for (const member of record.survivors) {
    const vector = readInt32(vectorFile(copies(member), record.round));
    if (vector.length !== total.length) return false;
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (vector[i] as number);
  }
  return total.every((value, i) => value === opened[i]);
}

function readInt32(path: string): Int32Array {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}
