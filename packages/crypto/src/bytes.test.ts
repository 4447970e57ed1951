import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, uint32LE, uint64LE, utf8, wipe } from './bytes.ts';
import { CRYPTO_ERROR_CODES, CryptoError } from './crypto-error.ts';

const bytes = fc.uint8Array({ maxLength: 100 });

describe('byte arrays', () => {
  it('concatenates in order into new memory', () => {
    fc.assert(
      fc.property(fc.array(bytes), (parts) => {
        expect(concatBytes(...parts)).toEqual(Uint8Array.from(parts.flatMap((part) => [...part])));
      }),
    );
    const only = Uint8Array.of(1);
    expect(concatBytes(only)).not.toBe(only);
  });

  it('compares lengths and every bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (array, where) => {
        expect(equalBytes(array, array.slice())).toBe(true);
        expect(equalBytes(array, array.subarray(1))).toBe(false);
        const longer = concatBytes(array, Uint8Array.of(0));
        expect(equalBytes(array, longer)).toBe(false);
        expect(equalBytes(longer, array)).toBe(false);
        const bit = where % (8 * array.length);
        const other = array.map((byte, i) => (i === bit >>> 3 ? byte ^ (1 << (bit & 7)) : byte));
        expect(equalBytes(array, other)).toBe(false);
      }),
    );
    expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true);
  });

  it('wipes what it is given, and only that', () => {
    const memory = new Uint8Array(6).fill(9);
    const words = Int32Array.of(1, -2);
    wipe(memory.subarray(1, 4), words);
    expect([...memory]).toEqual([9, 0, 0, 0, 9, 9]);
    expect([...words]).toEqual([0, 0]);
  });
});

describe('utf8', () => {
  it('is UTF-8 for every well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
        expect(utf8(text)).toEqual(new TextEncoder().encode(text));
      }),
    );
    for (const text of [
      '',
      '\0',
      '\x7f\x80',
      '\u07ff\u0800',
      '\uffff',
      '\u{10000}',
      '\u{10ffff}',
      'naïve 界 🦊',
    ]) {
      expect(utf8(text)).toEqual(new TextEncoder().encode(text));
    }
  });

  it('keeps lone surrogates apart from each other and from the replacement character', () => {
    const texts = ['\ud800', '\udc00', '\udfff', '\ufffd', '\udc00\ud800', '\ud800\udc00', 'a\ud800b'];
    expect(new Set(texts.map((text) => String(utf8(text)))).size).toBe(texts.length);
    expect([...utf8('\ud800')]).toEqual([0xed, 0xa0, 0x80]);
  });
});

describe('integers of fixed width', () => {
  it('writes little-endian', () => {
    expect([...uint32LE(0)]).toEqual([0, 0, 0, 0]);
    expect([...uint32LE(0x0102_0304)]).toEqual([4, 3, 2, 1]);
    expect([...uint32LE(0xffff_ffff)]).toEqual([255, 255, 255, 255]);
    expect([...uint64LE(0x0102_0304_0506)]).toEqual([6, 5, 4, 3, 2, 1, 0, 0]);
    expect([...uint64LE(Number.MAX_SAFE_INTEGER)]).toEqual([255, 255, 255, 255, 255, 255, 31, 0]);
  });

  it.each([
    () => uint32LE(-1),
    () => uint32LE(2 ** 32),
    () => uint32LE(0.5),
    () => uint64LE(2 ** 53),
    () => uint64LE(Number.NaN),
  ])('refuses what does not fit: %s', (call) => {
    expect(call).toThrow(expect.objectContaining({ name: 'CryptoError', code: 'OUT_OF_RANGE' }));
  });
});

it('an error is an Error with a code of the table', () => {
  const error = new CryptoError('OUT_OF_RANGE', 'bits: wanted an integer in [13, 32], got 12');
  expect(error).toBeInstanceOf(Error);
  expect(String(error)).toBe('CryptoError: bits: wanted an integer in [13, 32], got 12');
  expect(Object.keys(CRYPTO_ERROR_CODES)).toContain(error.code);
});
