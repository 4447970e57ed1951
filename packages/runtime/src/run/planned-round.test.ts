import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { ExpectedRound } from '@tributary/protocol';
import { modelHash, type PlannedSum, planRound, type RoundContextOfRun } from './planned-round.ts';

const PLAN: PlannedSum = {
  step: 'lloyd 2',
  dimension: 500,
  recordNorm: 1.5,
  recordMax: 1,
  recordSupport: 20,
};
const STATE = Uint8Array.of(1, 2, 3);
const CONTEXT: RoundContextOfRun = {
  round: 3,
  logHead: new Uint8Array(32).fill(9),
  contributors: 5,
  maxRecords: 1000,
  privacy: 'none',
};

const expected = (
  plan: Partial<PlannedSum> = {},
  context: Partial<RoundContextOfRun> = {},
  state = STATE,
): ExpectedRound => planRound(nodeBackend, { ...PLAN, ...plan }, state, { ...CONTEXT, ...context }).expected;

describe('the round that a plan gives', () => {
  it('is the same for all who saw the same sums', () => {
    expect(expected()).toEqual(expected());
  });

  it('carries the round, the log head and a ring that holds the sum', () => {
    const round = expected();
    expect(round).toMatchObject({ round: 3, dimension: 500, noiseMargin: 0, logHead: CONTEXT.logHead });
    expect(round.inputBound).toBe(1000 * round.encoding.coordinateBound);
    expect(5 * round.inputBound).toBeLessThan(2 ** (round.bits - 1));
  });

  it('has a plan hash that each field of the plan changes', () => {
    const plans: Partial<PlannedSum>[] = [
      {},
      { step: 'lloyd 3' },
      { dimension: 501 },
      { recordNorm: 1.25 },
      { recordMax: 0.5 },
      { recordSupport: 21 },
      { unit: 'organisation' },
    ];
    const hashes = plans.map((plan) => toHex(expected(plan).planHash));
    expect(new Set(hashes).size).toBe(plans.length);
  });

  it('counts an organisation once where its whole vector is bounded', () => {
    const round = expected({ unit: 'organisation' });
    expect(round.encoding.maxRecords).toBe(1);
    expect(round.inputBound).toBe(round.encoding.coordinateBound);
    expect(round.bits).toBeLessThan(expected().bits);
  });

  it('has a model hash that the state alone decides', () => {
    expect(expected().modelHash).toEqual(modelHash(nodeBackend, STATE));
    expect(expected({ step: 'other' }, { round: 4 }).modelHash).toEqual(expected().modelHash);
    expect(expected({}, {}, Uint8Array.of(1, 2, 4)).modelHash).not.toEqual(expected().modelHash);
  });

  it('differs, in some number that is compared, where the terms of the run differ', () => {
    expect(expected({}, { maxRecords: 2000 })).not.toEqual(expected());
    expect(expected({}, { contributors: 50 })).not.toEqual(expected());
    expect(expected({}, { round: 4 })).not.toEqual(expected());
    expect(expected({}, { logHead: new Uint8Array(32) })).not.toEqual(expected());
  });

  it('refuses a sum that no ring holds', () => {
    expect(() => expected({}, { contributors: 65_535, maxRecords: 10_000_000 })).toThrow(
      expect.objectContaining({ name: 'PrivacyError', code: 'RING_OVERFLOW' }),
    );
  });
});
