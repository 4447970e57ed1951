import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { createGenerator } from './generator.ts';
import { rademacherDirection } from './rademacher.ts';

const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);

function draws(seed: Uint8Array): number[] {
  const generator = createGenerator(seed);
  return Array.from({ length: 40 }, () => generator.nextUint32());
}

describe('the seeded generator', () => {
  it('starts with the ChaCha20 keystream under the seed', () => {
    const zero = createGenerator(new Uint8Array(32));
    // RFC 8439, appendix A.1, test vectors 1 and 2: key 0, nonce 0, blocks 0 and 1.
    expect(zero.nextUint32()).toBe(0xade0b876);
    for (let i = 0; i < 15; i++) zero.nextUint32();
    expect(zero.nextUint32()).toBe(0xbee7079f);
  });

  it('gives the same draws for the same seed, and others for another', () => {
    expect(draws(SEED)).toEqual(draws(SEED.slice()));
    expect(draws(SEED)).not.toEqual(draws(new Uint8Array(32)));
  });

  it('reads a seed that is a view into a larger buffer', () => {
    const buffer = new Uint8Array(40);
    buffer.set(SEED, 3);
    expect(createGenerator(buffer.subarray(3, 35)).nextUint32()).toBe(createGenerator(SEED).nextUint32());
  });

  it('forks by label, whatever was drawn before', () => {
    const fresh = createGenerator(SEED);
    const used = createGenerator(SEED);
    used.nextUint32();
    expect(used.fork('a').nextUint32()).toBe(fresh.fork('a').nextUint32());
  });

  it('forks into streams that all differ', () => {
    const root = createGenerator(SEED);
    const labels = [
      '',
      ' ',
      '\0',
      '\0\0',
      'a',
      'b',
      'ab',
      'abcdefgh',
      'abcdefghi',
      'abcdefgh\0',
      '\ud800',
      '\ud801',
    ];
    const firsts = [root, ...labels.map((label) => root.fork(label)), root.fork('a').fork('b')].map((fork) =>
      fork.nextUint32(),
    );
    expect(new Set(firsts).size).toBe(labels.length + 2);
  });

  it('keeps doubles in [0, 1) with a mean of a half', () => {
    const generator = createGenerator(SEED);
    const doubles = Array.from({ length: 10_000 }, () => generator.nextDouble());
    expect(doubles.every((u) => u >= 0 && u < 1)).toBe(true);
    // Six standard deviations of the mean.
    expect(Math.abs(doubles.reduce((a, b) => a + b) / doubles.length - 0.5)).toBeLessThan(
      6 / Math.sqrt(12 * 10_000),
    );
  });

  it('draws integers evenly, by rejection where n divides no power of two', () => {
    const generator = createGenerator(SEED);
    const counts = new Float64Array(6);
    for (let i = 0; i < 12_000; i++) {
      const drawn = generator.nextInt(6);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((total, n) => total + (n - 2000) ** 2 / 2000, 0);
    // Five degrees of freedom: exceeded once in a million.
    expect(chiSquare).toBeLessThan(35.9);
  });

  it('rejects the words above the last multiple of n', () => {
    // With n = 2^31 + 1 nearly half of all words are rejected; without rejection the lower half would be twice as likely.
    const generator = createGenerator(SEED);
    const n = 2 ** 31 + 1;
    const low = Array.from({ length: 2000 }, () => generator.nextInt(n)).filter((x) => x < n / 2).length;
    expect(Math.abs(low - 1000)).toBeLessThan(6 * Math.sqrt(500));
  });

  it('reaches every bound of nextInt and refuses others', () => {
    const generator = createGenerator(SEED);
    expect(generator.nextInt(1)).toBe(0);
    expect(generator.nextInt(2 ** 32)).toBeLessThan(2 ** 32);
    for (const n of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
      expect(() => generator.nextInt(n)).toThrow(refusal('OUT_OF_RANGE', 'nextInt'));
    }
  });

  it('shuffles arrays and typed arrays into the same permutation', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(50), (seed, length) => {
        const list = Array.from({ length }, (_, i) => i);
        const typed = Uint16Array.from(list);
        createGenerator(seed).shuffle(list);
        createGenerator(seed).shuffle(typed);
        expect([...typed]).toEqual(list);
        expect(list.toSorted((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
      }),
    );
  });

  it('refuses a seed that is not 32 bytes', () => {
    expect(() => createGenerator(new Uint8Array(31))).toThrow(refusal('BAD_SEED', 'not 31'));
  });
});

describe('a Rademacher direction', () => {
  it('has norm 1 and only two values, both of them', () => {
    for (const dimensions of [31, 32, 33, 384]) {
      const direction = rademacherDirection(createGenerator(SEED).fork(`${dimensions}`), dimensions);
      expect(direction.reduce((total, x) => total + x * x, 0)).toBeCloseTo(1, 12);
      expect(new Set(direction).size).toBe(2);
    }
  });
});
