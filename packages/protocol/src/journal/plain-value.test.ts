import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePlain, encodePlain, type PlainValue } from './plain-value.ts';

const plainValue: fc.Arbitrary<PlainValue> = fc.letrec<{ value: PlainValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(undefined, null, true, false),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

describe('plain values', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        expect(decodePlain(encodePlain(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it('come back whatever their length', () => {
    for (let length = 0; length < 2100; length++) {
      const value = ['x'.repeat(length % 7), new Uint8Array(length).fill(9), true, [undefined]];
      expect(isDeepStrictEqual(decodePlain(encodePlain(value)), { ok: true, value })).toBe(true);
    }
  });

  it('keep half a surrogate pair, a negative zero and a name that means something elsewhere', () => {
    const value = { ['__proto__']: '\ud800', zero: -0 };
    const decoded = decodePlain(encodePlain(value));
    expect(decoded).toEqual({ ok: true, value });
    expect(Object.getPrototypeOf(decoded.ok ? decoded.value : undefined)).toBe(Object.prototype);
  });

  it('are copies of the bytes they came in', () => {
    const encoded = encodePlain(Uint8Array.of(1, 2, 3));
    const decoded = decodePlain(encoded);
    encoded.fill(0);
    expect(decoded).toEqual({ ok: true, value: Uint8Array.of(1, 2, 3) });
  });

  it('have no maps, typed arrays or functions', () => {
    for (const value of [new Map(), new Set(), new Int32Array(1), () => 0, 1n, Symbol('s')]) {
      expect(() => encodePlain({ value } as never)).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
    }
  });
});

describe('bytes that are no plain value', () => {
  it('are a fault, wherever they are cut or changed', () => {
    fc.assert(
      fc.property(plainValue, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, at, byte) => {
        const encoded = encodePlain(value);
        const cut = decodePlain(encoded.subarray(0, at % encoded.length));
        expect(cut.ok).toBe(false);
        encoded[at % encoded.length] = byte;
        // Another value, or a fault; never an exception.
        decodePlain(encoded);
      }),
    );
  });

  it('say what is wrong', () => {
    expect(decodePlain(Uint8Array.of())).toEqual({ ok: false, fault: 'the bytes end within a value' });
    expect(decodePlain(Uint8Array.of(99))).toEqual({ ok: false, fault: 'byte 0 begins no value' });
    expect(decodePlain(Uint8Array.of(3, 3))).toEqual({ ok: false, fault: '1 bytes behind the value' });
    const nested = Uint8Array.from({ length: 100 }, (_, i) => [7, 1, 0, 0, 0][i % 5] ?? 0);
    expect(decodePlain(nested)).toEqual({ ok: false, fault: 'values are nested too deeply' });
  });
});
