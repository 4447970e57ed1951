import { nodeBackend } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SparseRecord } from '../encoding/encode.ts';
import { roundOf, SIZE, smallDeclaration, vectorOf } from '../testing/small-run.ts';
import { chargeOf } from '../zcdp/charge.ts';
import { compareRational, rational, multiplyRational, toNumberUp } from '../zcdp/rational.ts';
import {
  noisyContribution,
  openPrivateSum,
  planPrivateRound,
  type PrivateRound,
  reservedCharge,
  settledCharge,
} from './private-round.ts';
import { WITNESSES } from './witnesses.ts';

function refusal(code: string, words: string): unknown {
  return expect.objectContaining({ name: 'PrivacyError', code, message: expect.stringContaining(words) });
}

function keyed(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}

function record(...values: number[]): SparseRecord {
  return {
    length: values.length,
    indices: Uint32Array.from(values.keys()),
    values: Float64Array.from(values),
  };
}

function textOf(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function summed(vectors: readonly Int32Array[]): Int32Array {
  const sum = new Int32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) vector.forEach((word, j) => (sum[j] = (sum[j] ?? 0) + word));
  return sum;
}

describe('the plan of a private round', () => {
  const declaration = smallDeclaration();

  it('sizes noise so that the honest of the fewest survivors pay what was declared', () => {
    for (const round of [1, 2, 3]) {
      const { noise } = roundOf(declaration, round);
      const declared = declaration.rounds[round - 1]?.rho ?? rational(0n);
      expect(noise.rho).toEqual(
        chargeOf({ normBound: noise.normBound, variance: noise.variance, honest: 5 }),
      );
      expect(compareRational(noise.rho, declared)).toBeLessThanOrEqual(0);
      expect(toNumberUp(noise.rho)).toBeGreaterThan(0.999 * toNumberUp(declared));
    }
  });

  it('charges less the more survive, and nothing below the fewest', () => {
    const { noise } = roundOf(declaration, 3);
    expect(settledCharge(noise, 8)).toEqual(reservedCharge(noise));
    expect(toNumberUp(settledCharge(noise, 10)) / toNumberUp(reservedCharge(noise))).toBeCloseTo(5 / 7, 6);
    expect(() => settledCharge(noise, 7)).toThrow(refusal('BAD_PARAMETER', 'survivors'));
  });

  it('charges under rdp@alpha what zcdp charges, alpha times', () => {
    const rdp = smallDeclaration({ filter: { kind: 'rdp', order: 16 } });
    const { noise } = roundOf(rdp, 1);
    expect(reservedCharge(noise)).toEqual(multiplyRational(noise.rho, rational(16n)));
  });

  it('says everything that it is in bytes that people can read', () => {
    const { privacy, noise } = roundOf(declaration, 1);
    expect(textOf(privacy)).toEqual({
      adjacency: 'zero_out',
      attempts: 'each charged',
      colluders: 3,
      delta: '0.00001',
      filter: 'zcdp',
      mechanism: 'discrete gaussian',
      minSurvivors: 8,
      normBound: noise.normBound,
      rho: `${noise.rho.numerator}/${noise.rho.denominator}`,
      unit: 'record',
      variance: String(noise.variance),
      witnesses: WITNESSES,
    });
    expect(privacy).not.toEqual(roundOf(declaration, 2).privacy);
    expect(privacy.length).toBeLessThan(4096);
  });

  it('has room for ten standard deviations in the ring, and not one unit less', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 400 }),
        (maxRecords, width) => {
          const plan = { ...vectorOf('mean', width), recordSupport: width, recordNorm: Math.sqrt(width) };
          const { bits, inputBound, noiseMargin, noise } = planPrivateRound(declaration, 1, plan, {
            ...SIZE,
            maxRecords,
          });
          expect(10 * inputBound + noiseMargin).toBeLessThan(2 ** (bits - 1));
          const deviation = Math.sqrt(10 * Number(noise.variance));
          expect(Math.abs(noiseMargin - 10 * deviation)).toBeLessThanOrEqual(1 + 1e-6 * noiseMargin);
        },
      ),
    );
  });

  it('protects all records of an end user at once', () => {
    const many = smallDeclaration({ unit: 'end-user', recordsPerUnit: 4 });
    const [one, four] = [roundOf(declaration, 1).noise, roundOf(many, 1).noise];
    expect(four.normBound).toBe(4 * one.normBound);
    expect(Number(four.variance) / Number(one.variance)).toBeCloseTo(16, 4);
  });

  it('takes a coarser scale where all records of an end user would leave the exact range', () => {
    const many = smallDeclaration({ unit: 'end-user', recordsPerUnit: 2 ** 15 });
    const { encoding, noise } = roundOf(many, 1);
    expect(encoding.scale).toBeLessThan(4096);
    expect(noise.normBound).toBeLessThanOrEqual(2 ** 26);
  });

  it('gives no guarantee for a unit that the bounds are not about', () => {
    const organisation = smallDeclaration({ unit: 'organisation' });
    expect(() => planPrivateRound(organisation, 1, vectorOf('mean'), SIZE)).toThrow(
      refusal('UNSUPPORTED', 'organisation'),
    );
    const whole = { ...vectorOf('mean'), unit: 'organisation' as const };
    expect(() => planPrivateRound(declaration, 1, whole, SIZE)).toThrow(refusal('UNSUPPORTED', 'record'));
    expect(planPrivateRound(organisation, 1, whole, SIZE).encoding.maxRecords).toBe(1);
  });

  it('is of the step that was declared, and no other', () => {
    expect(() => planPrivateRound(declaration, 2, vectorOf('mean'), SIZE)).toThrow(
      refusal('BAD_PARAMETER', 'lloyd 1'),
    );
    expect(() => planPrivateRound(declaration, 4, vectorOf('statistics'), SIZE)).toThrow(
      refusal('BAD_PARAMETER', '3 rounds'),
    );
  });

  it('needs a ring that holds noise and sum', () => {
    expect(() =>
      planPrivateRound(declaration, 1, vectorOf('mean'), { ...SIZE, maxRecords: 2 ** 30 }),
    ).toThrow(refusal('RING_OVERFLOW', 'overflow'));
  });
});

describe('a private sum', () => {
  const round = roundOf(smallDeclaration(), 3);
  const contribution = (member: number, ...records: SparseRecord[]): Int32Array =>
    noisyContribution({ backend: nodeBackend, key: keyed(member + 1), records, round });

  it('opens to the sum of the records and the noise that it says', () => {
    const noise = summed(Array.from({ length: 10 }, (_, member) => contribution(member)));
    const whole = summed(
      Array.from({ length: 10 }, (_, member) => contribution(member, record(1, 0.5), record(0, -1))),
    );
    const [bare, opened] = [openPrivateSum(noise, round, 10), openPrivateSum(whole, round, 10)];
    expect([...opened.sum].map((x, j) => x - (bare.sum[j] ?? 0))).toEqual([10, -5, 0, 0]);
    expect(opened.noiseDeviation).toBeCloseTo(
      Math.sqrt(10 * Number(round.noise.variance)) / round.encoding.scale,
      9,
    );
    expect(
      opened.sum.every((x, j) => Math.abs(x - ([10, -5, 0, 0][j] ?? 0)) < 6 * opened.noiseDeviation),
    ).toBe(true);
    expect(opened.witnesses).toMatchObject({ ok: true, fault: '' });
  });

  it('notices that half of the shares are missing, or that they have a quarter of their variance', () => {
    const half = summed(Array.from({ length: 5 }, (_, member) => contribution(member)));
    expect(openPrivateSum(half, round, 10).witnesses).toMatchObject({
      ok: false,
      fault: expect.stringContaining('variance'),
    });
    const thin: PrivateRound = { ...round, noise: { ...round.noise, variance: round.noise.variance / 4n } };
    const weak = summed(
      Array.from({ length: 10 }, (_, member) =>
        noisyContribution({ backend: nodeBackend, key: keyed(member), records: [], round: thin }),
      ),
    );
    expect(openPrivateSum(weak, round, 10).witnesses.ok).toBe(false);
  });

  it('draws its noise before it looks at a record', () => {
    const drawn: string[] = [];
    const backend = {
      ...nodeBackend,
      keystream: (key: Uint8Array) => {
        drawn.push('noise');
        return nodeBackend.keystream(key);
      },
    };
    function* records(): Generator<SparseRecord> {
      drawn.push('record');
      yield record(1);
    }
    noisyContribution({ backend, key: keyed(1), records: records(), round });
    expect(drawn).toEqual(['noise', 'record']);
  });

  it('takes no more records than were declared, no short key, and no sum of another shape', () => {
    const many = Array.from({ length: 101 }, () => record(1));
    expect(() => contribution(0, ...many)).toThrow(refusal('TOO_MANY_RECORDS', '100'));
    expect(() =>
      noisyContribution({ backend: nodeBackend, key: new Uint8Array(16), records: [], round }),
    ).toThrow(refusal('BAD_PARAMETER', '32 bytes'));
    expect(() => openPrivateSum(new Int32Array(4), round, 10)).toThrow(refusal('BAD_PARAMETER', 'words'));
    expect(() => openPrivateSum(new Int32Array(round.dimension), round, 7)).toThrow(
      refusal('BAD_PARAMETER', 'survivors'),
    );
  });
});
