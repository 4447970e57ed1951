import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CryptoError } from './crypto-error.ts';
import { addPackedWords, liftWords, packedLength, packWords, unpackWords } from './ring.ts';

const widths = fc.integer({ min: 13, max: 32 });
const vectors = fc.int32Array({ maxLength: 100 });

const lowBits = (word: number, bits: number): number => word & (0xffff_ffff >>> (32 - bits));

/** The packed form by its definition, bit by bit. */
function packBitByBit(words: Int32Array, bits: number): Uint8Array {
  const stream = [...words].flatMap((word) => Array.from({ length: bits }, (_, i) => (word >>> i) & 1));
  return Uint8Array.from({ length: Math.ceil(stream.length / 8) }, (_, byte) =>
    stream.slice(8 * byte, 8 * byte + 8).reduce((value, bit, i) => value | (bit << i), 0),
  );
}

function pack(words: Int32Array, bits: number): Uint8Array {
  const packed = new Uint8Array(packedLength(words.length, bits));
  packWords(words, bits, packed);
  return packed;
}

describe('packed ring vectors', () => {
  it('pack by hand: two words of 13 bits, least significant bit first', () => {
    // 0x1555 then 0x0001: bits 0..12 and 13..25.
    expect([...pack(Int32Array.of(0x1555, 1), 13)]).toEqual([0x55, 0x35, 0x00, 0x00]);
    expect([...pack(Int32Array.of(-2), 32)]).toEqual([0xfe, 0xff, 0xff, 0xff]);
    expect([...pack(Int32Array.of(-1), 20)]).toEqual([0xff, 0xff, 0x0f]);
  });

  it('pack and unpack as the definition says, at every width', () => {
    fc.assert(
      fc.property(vectors, widths, (words, bits) => {
        const packed = pack(words, bits);
        expect(packed).toEqual(packBitByBit(words, bits));
        const unpacked = new Int32Array(words.length).fill(-1);
        expect(unpackWords(packed, bits, unpacked)).toBe(true);
        expect(unpacked).toEqual(words.map((word) => lowBits(word, bits)));
      }),
      { numRuns: 500 },
    );
  });

  it.each(Array.from({ length: 20 }, (_, i) => 13 + i))('round-trip at every length near %i bits', (bits) => {
    for (let length = 0; length <= 70; length += 1) {
      const words = Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e37_79b1));
      const packed = pack(words, bits);
      expect(packed.length).toBe(packedLength(length, bits));
      const unpacked = new Int32Array(length);
      expect(unpackWords(packed, bits, unpacked)).toBe(true);
      liftWords(unpacked, bits);
      const lifted = words.slice();
      liftWords(lifted, bits);
      expect(unpacked).toEqual(lifted);
    }
  });

  it('pieces of a multiple of eight words concatenate, and add up piece by piece', () => {
    fc.assert(
      fc.property(vectors, widths, fc.nat(12), (words, bits, eights) => {
        const cut = Math.min(8 * eights, words.length - (words.length % 8));
        const out = new Uint8Array(packedLength(words.length, bits));
        packWords(words.subarray(0, cut), bits, out);
        packWords(words.subarray(cut), bits, out, (cut * bits) / 8);
        expect(out).toEqual(pack(words, bits));
        const sum = new Int32Array(words.length);
        expect(addPackedWords(out.subarray(0, (cut * bits) / 8), bits, sum)).toBe(true);
        expect(addPackedWords(out.subarray((cut * bits) / 8), bits, sum, cut)).toBe(true);
        expect(sum).toEqual(words.map((word) => lowBits(word, bits)));
      }),
    );
  });

  it('keep the other bytes of the target, and work from any byte of memory', () => {
    const memory = new Uint8Array(64).fill(0xaa);
    const before = memory.slice();
    const words = Int32Array.from({ length: 21 }, (_, i) => 6000 * i);
    packWords(words, 17, memory.subarray(3, 60), 2);
    const length = packedLength(21, 17);
    expect(memory.subarray(0, 5)).toEqual(before.subarray(0, 5));
    expect(memory.subarray(5 + length)).toEqual(before.subarray(5 + length));
    const back = new Int32Array(21);
    expect(unpackWords(memory.subarray(5, 5 + length), 17, back)).toBe(true);
    expect(back).toEqual(words);
  });

  it('sum up to the signed sum, whatever each word wrapped to', () => {
    const client = fc.int32Array({ min: -500, max: 500, minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(client, { minLength: 1, maxLength: 8 }), widths, (clients, bits) => {
        const sum = new Int32Array(9);
        for (const words of clients) expect(addPackedWords(pack(words, bits), bits, sum)).toBe(true);
        liftWords(sum, bits);
        const totals = Array.from({ length: 9 }, (_, at) =>
          clients.reduce((total, words) => total + (words.at(at) ?? Number.NaN), 0),
        );
        expect([...sum]).toEqual(totals);
      }),
    );
  });

  it('wrap at 2^32', () => {
    const sum = Int32Array.of(0x7fff_ffff, -0x8000_0000);
    expect(addPackedWords(pack(Int32Array.of(1, -1), 32), 32, sum)).toBe(true);
    expect([...sum]).toEqual([-0x8000_0000, 0x7fff_ffff]);
  });

  it('lift to the signed representative', () => {
    const words = Int32Array.of(0, 4095, 4096, 8191, 8192, -1);
    liftWords(words, 13);
    expect([...words]).toEqual([0, 4095, -4096, -1, 0, -1]);
    const whole = Int32Array.of(0x7fff_ffff, -0x8000_0000);
    liftWords(whole, 32);
    expect([...whole]).toEqual([0x7fff_ffff, -0x8000_0000]);
  });
});

describe('what a peer packs wrongly', () => {
  const words = Int32Array.of(1, 2, 3);
  const packed = pack(words, 13); // 39 bits: the last bit of the fifth byte is unused

  it('is refused for a length that is not the vector’s, and changes nothing', () => {
    for (const wrong of [packed.subarray(0, 4), new Uint8Array(6), new Uint8Array(7), new Uint8Array(0)]) {
      const out = Int32Array.of(7, 8, 9);
      expect(unpackWords(wrong, 13, out)).toBe(false);
      expect([...out]).toEqual([7, 8, 9]);
    }
  });

  it('is refused for a length that fits no number of words', () => {
    for (let length = 0; length < 200; length += 1) {
      const fits = Array.from({ length: 130 }, (_, count) => packedLength(count, 13)).includes(length);
      expect(addPackedWords(new Uint8Array(length), 13, new Int32Array(130))).toBe(fits);
    }
  });

  it('is refused beyond the end of the sum, and changes nothing', () => {
    const sum = Int32Array.of(7, 8, 9);
    expect(addPackedWords(packed, 13, sum, 1)).toBe(false);
    expect(addPackedWords(packed, 13, sum.subarray(0, 2))).toBe(false);
    expect([...sum]).toEqual([7, 8, 9]);
    expect(addPackedWords(packed, 13, sum)).toBe(true);
    expect([...sum]).toEqual([8, 10, 12]);
  });

  it('is refused for each unused bit that is set, and changes nothing', () => {
    fc.assert(
      fc.property(widths, fc.nat(40), fc.nat(7), (bits, count, bit) => {
        const wellFormed = pack(new Int32Array(count), bits);
        const unused = 8 * wellFormed.length - count * bits;
        fc.pre(bit < unused);
        wellFormed[wellFormed.length - 1] = 0x80 >>> bit;
        const out = new Int32Array(count).fill(5);
        expect(unpackWords(wellFormed, bits, out)).toBe(false);
        expect(addPackedWords(wellFormed, bits, out)).toBe(false);
        expect(out).toEqual(new Int32Array(count).fill(5));
      }),
    );
  });
});

it.each<[code: string, argument: string, call: () => unknown]>([
  ['OUT_OF_RANGE', 'bits', () => packedLength(1, 12)],
  ['OUT_OF_RANGE', 'bits', () => packWords(new Int32Array(1), 33, new Uint8Array(9))],
  ['OUT_OF_RANGE', 'bits', () => unpackWords(new Uint8Array(2), 12.5, new Int32Array(1))],
  ['OUT_OF_RANGE', 'bits', () => addPackedWords(new Uint8Array(2), 8, new Int32Array(1))],
  ['OUT_OF_RANGE', 'bits', () => liftWords(new Int32Array(1), 0)],
  ['OUT_OF_RANGE', 'words', () => packedLength(-1, 13)],
  ['OUT_OF_RANGE', 'outOffset', () => packWords(new Int32Array(1), 13, new Uint8Array(9), -1)],
  ['LENGTH_MISMATCH', 'out', () => packWords(new Int32Array(2), 13, new Uint8Array(3))],
  ['LENGTH_MISMATCH', 'out', () => packWords(new Int32Array(2), 13, new Uint8Array(9), 6)],
  ['OUT_OF_RANGE', 'atWord', () => addPackedWords(new Uint8Array(0), 13, new Int32Array(1), -1)],
  ['OUT_OF_RANGE', 'atWord', () => addPackedWords(new Uint8Array(0), 13, new Int32Array(1), 0.5)],
])('misuse throws %s and names %s: %s', (code, argument, call) => {
  expect(call).toThrow(CryptoError);
  expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(`^${argument}: `) }));
});
