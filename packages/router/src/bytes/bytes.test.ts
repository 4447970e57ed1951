import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';
import { CanonicalBytes } from './canonical-bytes.ts';
import { float64sFromBase64, float64sToBase64 } from './float64-base64.ts';
import { bytesOfHex } from './hex.ts';

describe('base64', () => {
  it('agrees with Node', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(toBase64(bytes)).toBe(text);
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
  });

  it('knows one spelling of a value', () => {
    for (const text of [
      'A',
      'AA',
      'AAA',
      'AA==A===',
      'AB==',
      'AAB=',
      'A===',
      'AA=A',
      'AA A',
      'AA-_',
      'AAA\u00e9',
    ]) {
      expect(fromBase64(text)).toBeUndefined();
    }
  });

  it('carries doubles exactly', () => {
    fc.assert(
      fc.property(fc.float64Array(), (values) => {
        expect(float64sFromBase64(float64sToBase64(values))).toEqual(values);
      }),
    );
    expect(float64sToBase64(Float64Array.of(1))).toBe('AAAAAAAA8D8=');
    expect(float64sFromBase64('AAAA')).toBeUndefined();
  });
});

describe('canonical bytes', () => {
  it('are little-endian, with the length before what varies', () => {
    const bytes = new CanonicalBytes()
      .uint32(258)
      .float64(1)
      .text('aé')
      .float64s(Float64Array.of(-2))
      .finish();
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '02010000000000000000f03f020000006100e9000100000000000000000000c0',
    );
  });

  it('keep lists of texts apart, lone surrogates included', () => {
    const lists = [['ab'], ['a', 'b'], ['', 'ab'], ['ab', ''], ['\ud800'], ['\ud801'], ['\ufffd']];
    const hex = lists.map((list) => {
      const bytes = new CanonicalBytes();
      for (const text of list) bytes.text(text);
      return Buffer.from(bytes.finish()).toString('hex');
    });
    expect(new Set(hex).size).toBe(lists.length);
  });

  it('grow as needed', () => {
    expect(new CanonicalBytes().float64s(new Float64Array(1000)).uint32(7).finish()).toHaveLength(8008);
  });
});

describe('hexadecimal', () => {
  it('gives bytes', () => {
    expect(bytesOfHex('00ff10')).toEqual(Uint8Array.of(0, 255, 16));
  });
});
