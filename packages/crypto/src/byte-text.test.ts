import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toBase64, toHex } from './byte-text.ts';
import { utf8 } from './bytes.ts';

const bytes = fc.uint8Array({ maxLength: 100 });

describe('hexadecimal', () => {
  it('writes what Buffer writes and reads it back', () => {
    fc.assert(
      fc.property(bytes, (array) => {
        expect(toHex(array)).toBe(Buffer.from(array).toString('hex'));
        expect(fromHex(toHex(array))).toEqual(array);
      }),
    );
  });

  it.each(['0', '0g', 'AB', '0x00', ' 00', '0 ', '00\n', 'é0'])('reads nothing else: "%s"', (text) => {
    expect(fromHex(text)).toBeUndefined();
  });
});

describe('base64', () => {
  it('gives the examples of RFC 4648 section 10', () => {
    expect(['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => toBase64(utf8(text)))).toEqual([
      '',
      'Zg==',
      'Zm8=',
      'Zm9v',
      'Zm9vYg==',
      'Zm9vYmE=',
      'Zm9vYmFy',
    ]);
  });

  it('writes what Buffer writes and reads it back', () => {
    fc.assert(
      fc.property(bytes, (array) => {
        expect(toBase64(array)).toBe(Buffer.from(array).toString('base64'));
        expect(fromBase64(toBase64(array))).toEqual(array);
      }),
    );
  });

  it.each([
    'Zg',
    'Zg=',
    'Zg===',
    '====',
    '=',
    'Zh==',
    'Zm9=',
    'Zm9v\n',
    'Zm 9',
    'Zm-_',
    'Z=g=',
    'Zg==Zg==',
    '=Zg=',
  ])('reads nothing else: "%s"', (text) => {
    expect(fromBase64(text)).toBeUndefined();
  });

  it('has one text for each value: whatever it reads, it writes again', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('A', 'B', 'g', '/', '+', '=', '8', '_', ' '), maxLength: 12 }),
        (text) => {
          const value = fromBase64(text);
          expect(value === undefined ? text : toBase64(value)).toBe(text);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
