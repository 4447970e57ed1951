import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CryptoBackend } from '../backend.ts';
import { equalBytes } from '../bytes.ts';
import { CryptoError } from '../crypto-error.ts';
import { addKeystream } from './mask.ts';
import { nobleBackend } from '../noble-backend.ts';
import { nodeBackend } from '../node/node-backend.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const vectors = fc.int32Array({ maxLength: 300 });

/**
 * The first words of the mask, from the stream and the definition alone: byte 0 of a word is its least
 * significant.
 */
function maskWords(key: Uint8Array, count: number): Int32Array {
  const words = new Int32Array(count);
  const bytes = nodeBackend.keystream(key).next(4 * count);
  return words.map((_, i) =>
    [0, 1, 2, 3].reduce((word, at) => word | ((bytes.at(4 * i + at) ?? 0) << (8 * at)), 0),
  );
}

/** The sum of two vectors mod 2^32; `sign` is that of the second. */
function plus(a: Int32Array, b: Int32Array, sign: 1 | -1): Int32Array {
  return a.map((word, i) => word + sign * (b.at(i) ?? Number.NaN));
}

/** Comparing vectors of this length word by word takes `toEqual` seconds. */
function sameWords(a: Int32Array, b: Int32Array): boolean {
  return equalBytes(new Uint8Array(a.buffer), new Uint8Array(b.buffer));
}

describe('a mask', () => {
  it('is the keystream in little-endian words, added with one sign and taken away with the other, mod 2^32', () => {
    fc.assert(
      fc.property(keys, vectors, (key, vector) => {
        const mask = maskWords(key, vector.length);
        const words = vector.slice();
        addKeystream(nodeBackend, key, words, 1);
        expect(words).toEqual(plus(vector, mask, 1));
        addKeystream(nodeBackend, key, words, -1);
        expect(words).toEqual(vector);
        addKeystream(nodeBackend, key, words, -1);
        expect(words).toEqual(plus(vector, mask, -1));
      }),
    );
  });

  it('is the same from both backends, over several chunks of 64 KiB', () => {
    const length = 2 * 16_384 + 5;
    const [noble, node] = [new Int32Array(length), new Int32Array(length)];
    addKeystream(nobleBackend, KEY, noble, -1, 8);
    addKeystream(nodeBackend, KEY, node, -1, 8);
    const mask = maskWords(KEY, length + 8).slice(8);
    expect(sameWords(node, plus(new Int32Array(length), mask, -1))).toBe(true);
    expect(sameWords(node, noble)).toBe(true);
  });

  it('does not depend on how a vector is cut, nor on the order of the pieces', () => {
    const length = 40_003;
    const whole = Int32Array.from({ length }, (_, i) => Math.imul(i, 0x9e37_79b1));
    const unmasked = whole.slice();
    addKeystream(nodeBackend, KEY, whole, 1);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(length >>> 2), { maxLength: 8 }), (blocks) => {
        const words = unmasked.slice();
        let end = length;
        for (const start of [...blocks.map((block) => 4 * block), 0].toSorted((a, b) => b - a)) {
          addKeystream(nodeBackend, KEY, words.subarray(start, end), 1, start);
          end = start;
        }
        expect(sameWords(words, whole)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('does not depend on where in memory the backend puts the stream, and leaves nothing of it there', () => {
    const memory = new Uint8Array(65_536 + 1);
    const shifted: CryptoBackend = {
      ...nodeBackend,
      keystream(key, firstBlock) {
        const stream = nodeBackend.keystream(key, firstBlock);
        return {
          next(length) {
            memory.set(stream.next(length), 1);
            return memory.subarray(1, 1 + length);
          },
        };
      },
    };
    const [aligned, unaligned] = [new Int32Array(20_001), new Int32Array(20_001)];
    addKeystream(nodeBackend, KEY, aligned, 1);
    addKeystream(shifted, KEY, unaligned, 1);
    expect(sameWords(unaligned, aligned)).toBe(true);
    expect(equalBytes(memory, new Uint8Array(memory.length))).toBe(true);
  });

  it('of a pair cancels: what one adds and the other takes away', () => {
    fc.assert(
      fc.property(keys, vectors, (key, vector) => {
        const [first, second] = [vector.slice(), vector.slice()];
        addKeystream(nodeBackend, key, first, 1);
        addKeystream(nobleBackend, key, second, -1);
        expect(plus(first, second, 1)).toEqual(plus(vector, vector, 1));
      }),
    );
  });

  it.each([
    [() => addKeystream(nodeBackend, new Uint8Array(16), new Int32Array(1), 1), 'LENGTH_MISMATCH', 'key'],
    [() => addKeystream(nodeBackend, KEY, new Int32Array(1), 1, 2), 'NOT_ALIGNED', 'firstWord'],
    [() => addKeystream(nodeBackend, KEY, new Int32Array(1), 1, -4), 'OUT_OF_RANGE', 'firstWord'],
    [() => addKeystream(nodeBackend, KEY, new Int32Array(1), 1, 0.5), 'OUT_OF_RANGE', 'firstWord'],
  ] as const)('refuses misuse: %s', (call, code, argument) => {
    expect(call).toThrow(CryptoError);
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(`^${argument}: `) }));
  });
});
