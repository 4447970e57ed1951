import { nobleBackend, packedLength, packWords } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_WORDS } from '../messages/round.ts';
import { seededBytes } from '../testing/cast.ts';
import { decodeFieldElement, encodeFieldElement, FIELD_PRIME, InnerProduct } from './inner-product.ts';
import {
  addToIntegerSum,
  decodeIntegerSum,
  encodeIntegerSum,
  integerSumWidth,
  ringWords,
} from './integer-sum.ts';
import { summationChallenge, sumProduct, uploadProduct } from './summation-check.ts';

const CHALLENGE = new Uint8Array(32).fill(9);

/** <r, values> with big integers, from the definition of r. */
function slowProduct(challenge: Uint8Array, values: readonly bigint[]): bigint {
  const bytes = nobleBackend.keystream(challenge).next(8 * values.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (
    values.reduce((sum, value, i) => sum + (view.getBigUint64(8 * i, true) & FIELD_PRIME) * value, 0n) %
    FIELD_PRIME
  );
}

function packed(words: readonly number[], bits: number): Uint8Array {
  const bytes = new Uint8Array(packedLength(words.length, bits));
  packWords(Int32Array.from(words), bits, bytes);
  return bytes;
}

describe('an inner product over 2^61 - 1', () => {
  it('is that of big integers, for words of 32 bits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 32 - 1), { maxLength: 200 }), (words) => {
        const product = new InnerProduct(crypto, CHALLENGE);
        product.addWords(Int32Array.from(words, (word) => word | 0));
        expect(product.value()).toBe(slowProduct(CHALLENGE, words.map(BigInt)));
      }),
    );
  });

  it('is that of big integers, for integers up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat(), { maxLength: 200 }), (values) => {
        const product = new InnerProduct(crypto, CHALLENGE);
        product.addIntegers(Float64Array.from(values));
        expect(product.value()).toBe(slowProduct(CHALLENGE, values.map(BigInt)));
      }),
    );
  });

  it('carries nothing too far where every word is the largest', () => {
    const words = new Int32Array(20_000).fill(-1);
    const product = new InnerProduct(crypto, CHALLENGE);
    product.addWords(words);
    expect(product.value()).toBe(slowProduct(CHALLENGE, Array<bigint>(20_000).fill(2n ** 32n - 1n)));
  });

  it('does not depend on the pieces in which a vector comes', () => {
    const words = Int32Array.from({ length: 1000 }, (_, i) => Math.imul(i, 0x9e37_79b1));
    const whole = new InnerProduct(crypto, CHALLENGE);
    whole.addWords(words);
    const pieces = new InnerProduct(nobleBackend, CHALLENGE);
    for (const [from, to] of [
      [0, 2],
      [2, 500],
      [500, 1000],
    ])
      pieces.addWords(words.subarray(from, to));
    expect(pieces.value()).toBe(whole.value());
  });

  it('travels as 8 bytes, reduced', () => {
    for (const value of [0n, 1n, FIELD_PRIME - 1n]) {
      expect(decodeFieldElement(encodeFieldElement(value))).toBe(value);
    }
    expect(decodeFieldElement(encodeFieldElement(FIELD_PRIME))).toBeUndefined();
    expect(decodeFieldElement(new Uint8Array(7))).toBeUndefined();
    expect(decodeFieldElement(new Uint8Array(0))).toBeUndefined();
  });
});

describe('an integer sum', () => {
  it('is exact where the ring wraps around, and comes back from its bytes', () => {
    for (const bits of [13, 20, 32]) {
      const most = 2 ** bits - 1;
      const upload = packed([most, 0, most, 5, most, 1, 2, 3, most], bits);
      const sum = new Float64Array(9);
      const scratch = new Int32Array(9);
      for (let i = 0; i < 300; i++) expect(addToIntegerSum(upload, bits, sum, 0, scratch)).toBe(true);
      expect([...sum]).toEqual([most, 0, most, 5, most, 1, 2, 3, most].map((word) => 300 * word));
      const width = integerSumWidth(bits, 300);
      const bytes = encodeIntegerSum(sum, width);
      expect(decodeIntegerSum(bytes, width, 9)).toEqual(sum);
      expect(decodeIntegerSum(bytes.subarray(1), width, 9)).toBeUndefined();
      expect(ringWords(sum, 3, 2)).toEqual(Int32Array.of(1500, (300 * most) | 0));
    }
  });

  it('takes as few bytes for each coordinate as hold it', () => {
    expect(integerSumWidth(20, 10)).toBe(3);
    expect(integerSumWidth(13, 8)).toBe(2);
    expect(integerSumWidth(16, 256)).toBe(3);
    expect(integerSumWidth(32, 1)).toBe(4);
    expect(integerSumWidth(32, 2 ** 21 - 1)).toBe(7);
    expect(() => integerSumWidth(32, 2 ** 21)).toThrow(expect.objectContaining({ code: 'BAD_PARAMETERS' }));
  });

  it('takes nothing that is no packed piece', () => {
    const sum = new Float64Array(8);
    expect(addToIntegerSum(new Uint8Array(3), 20, sum, 0, new Int32Array(8))).toBe(false);
    expect(addToIntegerSum(packed([1, 2, 3, 4, 5, 6, 7, 8], 20), 20, sum, 4, new Int32Array(8))).toBe(false);
    expect([...sum]).toEqual(Array(8).fill(0));
  });

  it('is refused where a coordinate is beyond 2^53', () => {
    expect(decodeIntegerSum(new Uint8Array(7).fill(255), 7, 1)).toBeUndefined();
  });
});

describe('the summation check', () => {
  const terms = { dimension: 70_000, bits: 20 };
  const random = seededBytes(crypto, 3);
  const uploads = Array.from({ length: 4 }, () => {
    const bytes = random(4 * terms.dimension);
    return packed([...new Int32Array(bytes.buffer)], terms.bits);
  });
  const sum = new Float64Array(terms.dimension);
  for (const upload of uploads) addToIntegerSum(upload, terms.bits, sum, 0, new Int32Array(terms.dimension));

  it('finds the products of the uploads in that of their sum, and any change of one coordinate not', () => {
    const challenge = summationChallenge(crypto, new Uint8Array(32).fill(1), new Uint8Array(32).fill(2));
    const products = uploads.map((upload) => uploadProduct(crypto, challenge, upload, terms) ?? -1n);
    const total = products.reduce((a, b) => a + b) % FIELD_PRIME;
    expect(sumProduct(crypto, challenge, sum)).toBe(total);
    for (const at of [0, CHUNK_WORDS, 69_999]) {
      const changed = Float64Array.from(sum);
      changed[at] = (changed.at(at) ?? 0) + 1;
      expect(sumProduct(crypto, challenge, changed)).not.toBe(total);
    }
  });

  it('has a challenge that both the uploads and the sum decide', () => {
    const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const challenges = [
      summationChallenge(crypto, a, a),
      summationChallenge(crypto, a, b),
      summationChallenge(crypto, b, a),
    ].map((bytes) => bytes.join());
    expect(new Set(challenges).size).toBe(3);
  });

  it('takes no upload of another length', () => {
    expect(uploadProduct(crypto, CHALLENGE, new Uint8Array(10), terms)).toBeUndefined();
  });
});
