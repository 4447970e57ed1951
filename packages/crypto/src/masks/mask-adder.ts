import { fromBase64 } from '../byte-text.ts';
import { MASK_ADDER_BINARY } from './mask-adder-binary.ts';
import { type WebAssemblyHost, webAssemblyOf } from './webassembly.ts';

/** Most words of a chunk: 64 KiB. Larger buffers cost page faults, smaller ones calls. */
export const CHUNK_WORDS = 16_384;

/** Adds the masks of one chunk at a time. What it holds of masks and words is gone after `end`. */
export interface MaskAdder {
  readonly name: 'simd' | 'plain';
  /** @param words at most `CHUNK_WORDS`, taken as they are now */
  begin(words: Int32Array): void;
  /** @param mask little-endian words, as many bytes as the chunk has */
  add(mask: Uint8Array, sign: 1 | -1): void;
  /** Puts the sums into the words that `begin` was given. */
  end(): void;
}

const CHUNK_BYTES = 4 * CHUNK_WORDS;

/** As exported by `mask-adder.wat`. */
type Add = (words: number, mask: number, end: number) => void;

/**
 * The kernel of `mask-adder.wat`: the chunk stays in its memory while all masks are added, which takes a fifth of the time of a plain
 * loop.
 * @returns undefined where the host knows no WebAssembly, or no SIMD, or has its words in another order than the kernel
 */
export function createSimdMaskAdder(host: WebAssemblyHost | undefined): MaskAdder | undefined {
  const binary = fromBase64(MASK_ADDER_BINARY);
  const littleEndian = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;
  if (host === undefined || binary === undefined || !littleEndian || !host.validate(binary)) return undefined;
  const memory = new host.Memory({ initial: 2 });
  const { exports } = new host.Instance(new host.Module(binary), { host: { memory } });
  const kernel = { 1: exports['add'] as Add, [-1]: exports['subtract'] as Add };
  const words = new Int32Array(memory.buffer, 0, CHUNK_WORDS);
  const masks = new Uint8Array(memory.buffer, CHUNK_BYTES, CHUNK_BYTES);
  let chunk: Int32Array = new Int32Array(0);
  return {
    name: 'simd',
    begin(given) {
      chunk = given;
      words.set(given);
    },
    add(mask, sign) {
      masks.set(mask);
      kernel[sign](0, CHUNK_BYTES, mask.length);
    },
    end() {
      const used = chunk.length;
      chunk.set(words.subarray(0, used));
      chunk = new Int32Array(0);
      words.fill(0, 0, used);
      masks.fill(0, 0, 4 * used);
    },
  };
}

/** In plain JavaScript: any host. */
export function createPlainMaskAdder(): MaskAdder {
  let words: Int32Array = new Int32Array(0);
  return {
    name: 'plain',
    begin(given) {
      words = given;
    },
    add(mask, sign) {
      addLittleEndianWords(words, new DataView(mask.buffer, mask.byteOffset, mask.length), sign);
    },
    end() {
      words = new Int32Array(0);
    },
  };
}

/** The faster one that this host runs; chosen once, when the package is loaded. */
export const maskAdder: MaskAdder = createSimdMaskAdder(webAssemblyOf(globalThis)) ?? createPlainMaskAdder();

/**
 * Eight words a turn take half the time of one. A DataView is as fast here as an Int32Array, and needs neither an aligned mask nor a
 * little-endian platform. Storing reduces mod 2^32.
 */
function addLittleEndianWords(words: Int32Array, mask: DataView, sign: 1 | -1): void {
  const count = words.length;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const at = 4 * i;
    words[i] = (words[i] as number) + Math.imul(sign, mask.getInt32(at, true));
    words[i + 1] = (words[i + 1] as number) + Math.imul(sign, mask.getInt32(at + 4, true));
    words[i + 2] = (words[i + 2] as number) + Math.imul(sign, mask.getInt32(at + 8, true));
    words[i + 3] = (words[i + 3] as number) + Math.imul(sign, mask.getInt32(at + 12, true));
    words[i + 4] = (words[i + 4] as number) + Math.imul(sign, mask.getInt32(at + 16, true));
    words[i + 5] = (words[i + 5] as number) + Math.imul(sign, mask.getInt32(at + 20, true));
    words[i + 6] = (words[i + 6] as number) + Math.imul(sign, mask.getInt32(at + 24, true));
    words[i + 7] = (words[i + 7] as number) + Math.imul(sign, mask.getInt32(at + 28, true));
  }
  for (; i < count; i += 1) words[i] = (words[i] as number) + Math.imul(sign, mask.getInt32(4 * i, true));
}
