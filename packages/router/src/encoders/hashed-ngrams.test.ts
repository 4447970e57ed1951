import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_ENCODERS } from './built-in.ts';
import { encodeHashedNgrams, HASHED_NGRAMS, HASHED_NGRAMS_DIMENSIONS } from './hashed-ngrams.ts';

function cosine(a: string, b: string): number {
  const [x, y] = [encodeHashedNgrams(a), encodeHashedNgrams(b)];
  return x.reduce((total, value, j) => total + value * (y[j] ?? 0), 0);
}

describe('the built-in encoder', () => {
  it('is known by its name', () => {
    expect(BUILT_IN_ENCODERS.get(HASHED_NGRAMS)).toBe(encodeHashedNgrams);
    expect(HASHED_NGRAMS).toBe(`hashed-ngrams-${HASHED_NGRAMS_DIMENSIONS}`);
  });

  it('gives vectors of norm 1, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        const vector = encodeHashedNgrams(String.fromCharCode(...units));
        const norm = Math.hypot(...vector);
        expect(vector.length).toBe(1024);
        expect(norm === 0 || Math.abs(norm - 1) < 1e-6).toBe(true);
      }),
    );
  });

  it.each(['', '   \n', '?!... {}', '\ud800'])(
    'gives zeros for %j, which has no letter and no digit',
    (text) => {
      expect(encodeHashedNgrams(text).every((value) => value === 0)).toBe(true);
    },
  );

  it('never changes: artifacts that name it depend on that', () => {
    const vector = encodeHashedNgrams('Solve for x: 3x² + 12 = 87, and explain each step.');
    // FNV-1a over the bits of the coordinates, rounded to 2^-20.
    let hash = 0x811c9dc5;
    for (const value of vector) hash = Math.imul(hash ^ Math.round(value * 2 ** 20), 0x01000193);
    expect((hash >>> 0).toString(16)).toBe('a9a211ca');
  });

  it('puts texts of one topic nearer to each other than to another topic', () => {
    const contract = 'The buyer terminates the contract because the seller delivered defective goods.';
    const tenancy = 'May a seller sue the buyer who terminated a contract for the delivery of goods?';
    const derivative = 'Compute the derivative of the polynomial and find its real roots.';
    const integral = 'Find the roots of this polynomial, then compute its derivative at zero.';
    expect(cosine(contract, tenancy)).toBeGreaterThan(cosine(contract, derivative) + 0.2);
    expect(cosine(derivative, integral)).toBeGreaterThan(cosine(tenancy, integral) + 0.2);
  });

  it('does not mind letter case, compatibility forms, white space and which digits', () => {
    expect(cosine('Ｗｈａｔ is  the\nﬁne for 35 days?', 'what is the fine FOR 78 days')).toBeCloseTo(1, 6);
  });

  it('knows a word by its parts', () => {
    expect(cosine('photosynthesis', 'photosynthetic')).toBeGreaterThan(
      cosine('photosynthesis', 'bankruptcy') + 0.1,
    );
  });

  it('reads scripts without letter case or spaces', () => {
    expect(cosine('请解释光合作用的过程', '光合作用的过程是什么')).toBeGreaterThan(
      cosine('请解释光合作用的过程', '合同违约的法律责任'),
    );
  });
});
