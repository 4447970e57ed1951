import { fromHex, utf8 } from '@tributary/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, parseCanonicalJson } from './canonical-json.ts';

describe('canonical JSON', () => {
  it('orders keys by UTF-16 code units (RFC 8785, section 3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const names = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, name]) => name);
    expect(names).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('escapes text and writes literals as section 3.2.2 does, in the bytes of section 3.2.4', () => {
    const string = '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/';
    const text = canonicalJson({ string, literals: [null, true, false] });
    expect(text).toBe('{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
    const bytes =
      '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c22737472696e67223a22' +
      'e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d';
    expect(utf8(text)).toEqual(fromHex(bytes));
    expect(parseCanonicalJson(fromHex(bytes) as Uint8Array)).toEqual({
      string,
      literals: [null, true, false],
    });
  });

  it.each([
    [0, '0'],
    [-0, '0'],
    [9_007_199_254_740_991, '9007199254740991'],
    [-9_007_199_254_740_991, '-9007199254740991'],
  ])('writes %s as %s (appendix B)', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([[1.5], [Number.NaN], [Number.POSITIVE_INFINITY], [2 ** 53], ['\ud800'], [{ '\udc00': 1 }]])(
    'refuses %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }));
    },
  );

  it('reads what it wrote, and only that', () => {
    const json = fc.letrec<{ value: never }>((tie) => ({
      value: fc.oneof(
        fc.maxSafeInteger(),
        fc.string({ unit: 'grapheme' }),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
      ) as fc.Arbitrary<never>,
    })).value;
    fc.assert(
      fc.property(json, fc.nat(), fc.nat(255), (value, at, byte) => {
        const bytes = utf8(canonicalJson(value));
        expect(canonicalJson(parseCanonicalJson(bytes) ?? 'nothing')).toBe(canonicalJson(value));
        const changed = bytes.slice();
        changed[at % bytes.length] = byte;
        const read = parseCanonicalJson(changed);
        expect(
          read === undefined ||
            canonicalJson(read) !== canonicalJson(value) ||
            changed.join() === bytes.join(),
        ).toBe(true);
      }),
    );
  });

  it.each([
    ['a space', '{"a": 1}'],
    ['keys out of order', '{"b":1,"a":2}'],
    ['a key twice', '{"a":1,"a":1}'],
    ['another spelling of a number', '1e3'],
    ['a fraction', '0.5'],
    ['an escape that is not needed', '"\\u0041"'],
    ['an escaped lone surrogate', '"\\ud800"'],
    ['no JSON', '{'],
    ['nothing', ''],
    ['more nesting than a stack holds', '['.repeat(200_000)],
  ])('takes no bytes with %s', (_, text) => {
    expect(parseCanonicalJson(utf8(text))).toBeUndefined();
  });

  it.each(['22ff22', '22c0af22', '22eda08022', '22c3', '22f490808022', '22eda0bdedb88022'])(
    'takes no bytes that are no UTF-8: %s',
    (hex) => {
      expect(parseCanonicalJson(fromHex(hex) as Uint8Array)).toBeUndefined();
    },
  );
});
