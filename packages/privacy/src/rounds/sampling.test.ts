import { describe, expect, it } from 'vitest';
import { privacyStatement, renderStatement } from '../ledger/statement.ts';
import { accountReleases, dpEventTree } from '../ledger/accounting.ts';
import { verifyLedger } from '../ledger/verify-ledger.ts';
import { honestLedger, roundOf, SIZE, smallDeclaration, vectorOf } from '../testing/small-run.ts';
import { addRational, compareRational, toNumberUp, ZERO } from '../zcdp/rational.ts';
import {
  declarationToJson,
  declaredCharge,
  filterLimit,
  parseDeclaration,
  plannedLimit,
  type PrivacyDeclaration,
} from './declaration.ts';
import { planPrivateRound, reservedCharge, settledCharge } from './private-round.ts';

const STEPS = 20;
const SCHEDULE = [
  { step: 'statistics', weight: STEPS },
  ...Array.from({ length: STEPS }, (_, i) => ({ step: `step ${i + 1}`, weight: 3, sampling: 0.25 })),
];

function sampledRun(changes: Parameters<typeof smallDeclaration>[0] = {}): PrivacyDeclaration {
  return smallDeclaration({ filter: { kind: 'rdp', order: 6 }, schedule: SCHEDULE, ...changes });
}

/** What one step of a run may cost if every record were in it. */
function rhoOf({ rounds }: PrivacyDeclaration): number {
  return toNumberUp(rounds.at(-1)?.rho ?? ZERO);
}

describe('a run that samples records in secret', () => {
  it('spends its whole budget at the amplified charge', () => {
    const declaration = sampledRun();
    const cost = declaredCharge(declaration);
    expect(compareRational(cost, plannedLimit(declaration))).toBeLessThanOrEqual(0);
    expect(toNumberUp(cost) / toNumberUp(filterLimit(declaration))).toBeGreaterThan(1 - 1e-6);
    const unamplified = smallDeclaration({
      filter: { kind: 'rdp', order: 6 },
      schedule: SCHEDULE.map(({ step, weight }) => ({ step, weight })),
    });
    expect(rhoOf(declaration)).toBeGreaterThan(5 * rhoOf(unamplified));
  });

  it('is given no amplification by zcdp', () => {
    const zcdp = { kind: 'zcdp' } as const;
    const all = SCHEDULE.map(({ step, weight }) => ({ step, weight }));
    expect(rhoOf(sampledRun({ filter: zcdp }))).toBe(
      rhoOf(smallDeclaration({ filter: zcdp, schedule: all })),
    );
  });

  it('gives a person of several records more noise, and the probability that any record of them is drawn', () => {
    const persons = sampledRun({ unit: 'end-user', recordsPerUnit: 4 });
    expect(rhoOf(persons)).toBeLessThan(rhoOf(sampledRun()));
    const { noise } = planPrivateRound(persons, 2, { ...vectorOf('step 1'), sampling: 0.25 }, SIZE);
    const record = planPrivateRound(sampledRun(), 2, { ...vectorOf('step 1'), sampling: 0.25 }, SIZE).noise;
    expect(noise.normBound).toBe(4 * record.normBound);
    expect(Number(noise.variance)).toBeGreaterThan(16 * Number(record.variance));
  });

  it('is refused where an organisation is the unit, because all see who takes part', () => {
    expect(() => sampledRun({ unit: 'organisation' })).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining('sampling') }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('is refused with the probability %d', (sampling) => {
    expect(() => sampledRun({ schedule: [{ step: 'a', weight: 1, sampling }] })).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining('sampling') }),
    );
  });

  it('is refused a round whose program samples otherwise than was declared', () => {
    const declaration = sampledRun();
    for (const sampling of [undefined, 0.2, 1]) {
      const plan = { ...vectorOf('step 1'), ...(sampling === undefined ? {} : { sampling }) };
      expect(() => planPrivateRound(declaration, 2, plan, SIZE)).toThrow(
        expect.objectContaining({ code: 'BAD_PARAMETER', message: expect.stringContaining('samples') }),
      );
    }
  });

  it('survives its journey through JSON, and nothing else does', () => {
    const declaration = sampledRun();
    const json = declarationToJson(declaration);
    expect(parseDeclaration(JSON.parse(JSON.stringify(json)))).toEqual(declaration);
    for (const sampling of ['1.5', '0', 'often', 0.25]) {
      const rounds = json.rounds.map((round) => ({ ...round, sampling }));
      expect(() => parseDeclaration({ ...json, rounds })).toThrow(
        expect.objectContaining({ name: 'PrivacyError' }),
      );
    }
  });

  it('signs the probability with the noise', () => {
    const plan = { ...vectorOf('step 1'), sampling: 0.25 };
    const { privacy } = planPrivateRound(sampledRun(), 2, plan, SIZE);
    expect(new TextDecoder().decode(privacy)).toContain('"sampling":"0.25"');
  });
});

describe('the ledger of a run that samples', () => {
  const declaration = sampledRun();
  const noises = declaration.rounds.map((_, i) => roundOf(declaration, i + 1).noise);
  const entries = honestLedger(declaration);

  it('is recomputed to the same charges', () => {
    const verified = verifyLedger(entries);
    expect(verified.differences).toEqual([]);
    const settled = noises.reduce((sum, noise) => addRational(sum, settledCharge(noise, 10)), ZERO);
    expect(verified.federation.settled).toEqual(settled);
    expect(compareRational(settled, declaredCharge(declaration))).toBeLessThan(0);
  });

  it('is caught where it claims amplification that was not declared', () => {
    const everything = smallDeclaration({
      filter: { kind: 'rdp', order: 6 },
      schedule: SCHEDULE.map(({ step, weight }) => ({ step, weight })),
    });
    const forged = entries.map((entry) =>
      entry.type === 'genesis' ? { ...entry, declaration: everything } : entry,
    );
    expect(verifyLedger(forged).differences.map(({ code }) => code)).toContain('BAD_CHARGE');
  });

  it('says what was charged, and what continuous noise would be expected to cost', () => {
    const verified = verifyLedger(entries);
    const statement = privacyStatement(verified);
    const text = statement === undefined ? '' : renderStatement(statement);
    expect(text).toContain('what is proved for integer noise at order 6');
    const spent = statement?.spent.epsilon ?? Number.NaN;
    expect(spent).toBeLessThan(3);
    const expected = accountReleases(verified.releases, 3, 1e-5, 'pld').epsilon;
    expect(expected).toBeLessThan(spent);
    expect(expected).toBeGreaterThan(0.6 * spent);
    // Twice a person is worse than twice the epsilon, and less than without any sampling.
    const [two] = statement?.severalUnits ?? [];
    expect(two?.epsilon).toBeGreaterThan(2 * spent);
    const tree = dpEventTree(verified.releases, 3);
    expect(tree).toMatchObject({
      events: [
        { class_name: 'GaussianDpEvent' },
        { class_name: 'SelfComposedDpEvent', count: STEPS, event: { class_name: 'PoissonSampledDpEvent' } },
      ],
    });
  });

  it('reserves more than it settles', () => {
    noises.forEach((noise) => {
      expect(compareRational(reservedCharge(noise), settledCharge(noise, 10))).toBeGreaterThan(0);
    });
  });
});
