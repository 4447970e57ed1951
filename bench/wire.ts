/** What a message costs beyond its bytes: packing, checking, decoding. */
import { CHUNK_WORDS, decodeMessage, EMPTY_SIGNATURE, encodeMessage } from '@tributary/protocol';
import { hashOnce } from './kernel.ts';
import { median, repeated, spread } from './measure.ts';
import type { Row } from './rows.ts';

const CHUNK_BYTES = 4 * CHUNK_WORDS;
const CHUNKS = 200;

/** The bound of a chunk is hashing it once, which the receiver does anyway. */
export function benchWire(log: (line: string) => void): Row[] {
  const roundContext = new Uint8Array(32).fill(7);
  const bytes = new Uint8Array(CHUNK_BYTES).fill(9);
  const signature = new Uint8Array(64).fill(1);
  const hashMs = median(repeated(9, () => each(CHUNKS, () => hashOnce(bytes)))) / CHUNKS;
  const chunk = encodeMessage('vector-chunk', { roundContext, sequence: 1, bytes }, EMPTY_SIGNATURE);
  const uploads = Array.from({ length: 1000 }, (_, member) => ({ member, digest: roundContext, signature }));
  const survivors = encodeMessage('survivors', { roundContext, uploads }, signature);
  const rows = [
    row('encode a chunk of 256 KiB', CHUNKS, hashMs, () =>
      encodeMessage('vector-chunk', { roundContext, sequence: 1, bytes }, EMPTY_SIGNATURE),
    ),
    row('decode a chunk of 256 KiB', CHUNKS, hashMs, () => decodeMessage(chunk)),
    row('encode 1,000 survivors', 5, undefined, () =>
      encodeMessage('survivors', { roundContext, uploads }, signature),
    ),
    row('decode 1,000 survivors', 5, undefined, () => decodeMessage(survivors)),
  ];
  for (const { name, cpuMs } of rows) log(`${name}: ${cpuMs.toFixed(3)} ms`);
  return rows;
}

function each(times: number, work: () => void): void {
  for (let i = 0; i < times; i++) work();
}

function row(name: string, times: number, boundMs: number | undefined, work: () => unknown): Row {
  const spent = repeated(9, () => each(times, () => void work()));
  const cpuMs = median(spent) / times;
  const bound = boundMs === undefined ? {} : { boundMs, ratio: cpuMs / boundMs };
  return { name, cpuMs, spread: spread(spent), ...bound };
}
