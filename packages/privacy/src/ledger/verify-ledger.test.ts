import { describe, expect, it } from 'vitest';
import {
  COHORT,
  genesisOf,
  honestLedger,
  openedAttempt,
  reserveEntry,
  roundOf,
  smallDeclaration,
} from '../testing/small-run.ts';
import { reservedCharge, settledCharge } from '../rounds/private-round.ts';
import { addRational, multiplyRational, rational, ZERO } from '../zcdp/rational.ts';
import { accountReleases, dpEventTree } from './accounting.ts';
import {
  type LedgerEntry,
  ledgerEntryToJson,
  parseLedgerEntry,
  readLedgerEntry,
  type VoidEntry,
} from './entries.ts';
import { verifyLedger } from './verify-ledger.ts';

const declaration = smallDeclaration();
const ledger = honestLedger(declaration);

/** Entry number of the first entry of a type. */
function numberOf(type: LedgerEntry['type']): number {
  return ledger.findIndex((entry) => entry.type === type);
}

function changedAt(number: number, changes: object): LedgerEntry[] {
  return ledger.map((entry, i) => (i === number ? { ...entry, ...changes } : entry));
}

function voidOf(changes: Partial<VoidEntry>): VoidEntry {
  return { type: 'void', round: 1, attempt: 1, promises: COHORT.slice(0, 7), members: COHORT, ...changes };
}

function findings(entries: readonly LedgerEntry[]): string[] {
  return verifyLedger(entries).differences.map(({ entry, code }) => `${entry} ${code}`);
}

describe('an honest ledger', () => {
  it('adds up to what was realised, for the federation and for each member', () => {
    const { differences, federation, members, releases } = verifyLedger(ledger);
    expect(differences).toEqual([]);
    const total = [1, 2, 3]
      .map((round) => settledCharge(roundOf(declaration, round).noise, 10))
      .reduce(addRational, ZERO);
    expect(federation).toEqual({ settled: total, reserved: ZERO });
    expect([...members.keys()]).toEqual(COHORT);
    expect(members.get(4)).toEqual({ settled: total, reserved: ZERO });
    expect(releases.map(({ step, survivors }) => [step, survivors])).toEqual([
      ['mean', 10],
      ['lloyd 1', 10],
      ['statistics', 10],
    ]);
  });

  it('has every accountant below the declared epsilon, and pld the lowest', () => {
    const { releases } = verifyLedger(ledger);
    const [zcdp, rdp, pld] = (['zcdp', 'rdp', 'pld'] as const).map(
      (accountant) => accountReleases(releases, 3, 1e-5, accountant).epsilon,
    );
    expect(zcdp).toBeLessThan(3);
    expect(zcdp).toBeGreaterThan(2);
    expect(rdp).toBeGreaterThanOrEqual((zcdp ?? 0) - 1e-9);
    expect(pld).toBeLessThan(zcdp ?? 0);
  });

  it('charges an attempt that was not opened at its reservation, for whoever uploaded to it', () => {
    const uploads: LedgerEntry[] = [0, 1].map((member) => ({ type: 'upload', round: 1, attempt: 1, member }));
    const entries = [
      genesisOf(declaration),
      reserveEntry(declaration, 1),
      ...uploads,
      ...openedAttempt(declaration, 1, COHORT, 2),
    ];
    const { differences, federation } = verifyLedger(entries);
    const { noise } = roundOf(declaration, 1);
    expect(differences).toEqual([]);
    expect(federation).toEqual({ settled: settledCharge(noise, 10), reserved: reservedCharge(noise) });
  });

  it('gives back what was voided, and what a member never uploaded', () => {
    const voided: LedgerEntry[] = [
      reserveEntry(declaration, 1),
      { type: 'void', round: 1, attempt: 1, promises: COHORT.slice(0, 7), members: COHORT },
    ];
    const some = COHORT.slice(0, 8);
    const entries = [genesisOf(declaration), ...voided, ...openedAttempt(declaration, 1, some, 2)];
    const { differences, federation, members, voided: count } = verifyLedger(entries);
    expect([differences, count]).toEqual([[], 1]);
    const charge = settledCharge(roundOf(declaration, 1).noise, 8);
    expect(federation).toEqual({ settled: charge, reserved: ZERO });
    expect(members.get(9)).toEqual({ settled: ZERO, reserved: ZERO });
  });

  it('gives back to members alone where only their vectors are sealed: of the others some sum may yet be opened', () => {
    const members = COHORT.slice(0, 9);
    const entries: LedgerEntry[] = [
      genesisOf(declaration),
      reserveEntry(declaration, 1),
      { type: 'void', round: 1, attempt: 1, promises: COHORT.slice(0, 7), members },
    ];
    const { differences, federation, members: accounts, voided } = verifyLedger(entries);
    const charge = reservedCharge(roundOf(declaration, 1).noise);
    expect([differences, voided]).toEqual([[], 0]);
    expect(federation).toEqual({ settled: ZERO, reserved: charge });
    expect(accounts.get(8)).toEqual({ settled: ZERO, reserved: ZERO });
    expect(accounts.get(9)).toEqual({ settled: ZERO, reserved: charge });
  });

  it('keeps a member charged whose upload was left out of the sum', () => {
    const late: LedgerEntry = { type: 'upload', round: 1, attempt: 1, member: 9 };
    const entries = [genesisOf(declaration), ...openedAttempt(declaration, 1, COHORT.slice(0, 9))];
    entries.splice(2, 0, late);
    const { differences, members } = verifyLedger(entries);
    expect(differences).toEqual([]);
    expect(members.get(9)).toEqual({
      settled: ZERO,
      reserved: reservedCharge(roundOf(declaration, 1).noise),
    });
  });
});

describe('a ledger that lies', () => {
  it.each([
    [
      'a lower charge for a release',
      changedAt(numberOf('release'), { charge: rational(1n, 10_000n) }),
      `${numberOf('release')} BAD_CHARGE`,
    ],
    ['a lower reservation', changedAt(1, { charge: rational(1n, 10_000n) }), '1 BAD_CHARGE'],
    ['less noise', changedAt(1, { variance: 1000n }), '1 OVER_LIMIT'],
    ['next to no noise', changedAt(1, { variance: 63n }), '1 BAD_NOISE'],
    ['a cohort below U_min', changedAt(1, { cohort: COHORT.slice(0, 7) }), '1 TOO_FEW_SURVIVORS'],
    [
      'fewer survivors than U_min',
      changedAt(numberOf('survivors'), { members: [0, 1, 2] }),
      `${numberOf('survivors')} TOO_FEW_SURVIVORS`,
    ],
    [
      'a survivor who never uploaded',
      ledger.filter((_, i) => i !== numberOf('upload')),
      `${numberOf('survivors') - 1} NOT_A_MEMBER`,
    ],
    [
      'an upload from outside the cohort',
      changedAt(numberOf('upload'), { member: 77 }),
      `${numberOf('upload')} NOT_A_MEMBER`,
    ],
    ['no reservation', ledger.filter((_, i) => i !== 1), '1 BAD_ORDER'],
    [
      'no survivors',
      ledger.filter((_, i) => i !== numberOf('survivors')),
      `${numberOf('release') - 1} BAD_ORDER`,
    ],
    ['a skipped round', [...ledger.slice(0, 1), ...openedAttempt(declaration, 2)], '1 BAD_ORDER'],
    [
      'a skipped attempt',
      [...ledger.slice(0, 1), ...openedAttempt(declaration, 1, COHORT, 2)],
      '1 BAD_ORDER',
    ],
    ['a round beyond the declared ones', changedAt(1, { round: 9 }), '1 BAD_ORDER'],
    ['a second genesis', [...ledger, ...ledger.slice(0, 1)], `${ledger.length} BAD_ORDER`],
    ['no genesis', ledger.slice(1), '0 BAD_ORDER'],
    ['a limit above its epsilon', changedAt(0, { limit: rational(1n) }), '0 BAD_GENESIS'],
    [
      'an upload after the survivors',
      ledger.toSpliced(numberOf('release'), 0, { type: 'upload', round: 1, attempt: 1, member: 0 }),
      `${numberOf('release')} BAD_ORDER`,
    ],
    [
      'two survivor sets',
      ledger.toSpliced(numberOf('release'), 0, {
        type: 'survivors',
        round: 1,
        attempt: 1,
        members: COHORT.slice(1),
      }),
      `${numberOf('release')} BAD_ORDER`,
    ],
    [
      'an attempt opened twice',
      [...ledger, ...ledger.slice(numberOf('release'), numberOf('release') + 1)],
      `${ledger.length} BAD_ORDER`,
    ],
    [
      'a void by too few',
      [...ledger.slice(0, 2), voidOf({ promises: COHORT.slice(0, 3) })],
      '2 TOO_FEW_PROMISES',
    ],
    [
      'a void for a stranger',
      [...ledger.slice(0, 2), voidOf({ members: [...COHORT, 10] })],
      '2 NOT_A_MEMBER',
    ],
    ['a void of what was not reserved', [...ledger.slice(0, 1), voidOf({})], '1 BAD_ORDER'],
    ['a second void', [...ledger.slice(0, 2), voidOf({}), voidOf({})], '3 BAD_ORDER'],
    [
      'a void of what was opened',
      ledger.toSpliced(numberOf('release') + 1, 0, voidOf({})),
      `${numberOf('release') + 1} BAD_ORDER`,
    ],
    [
      'a release of what was void',
      ledger.toSpliced(numberOf('release'), 0, voidOf({})),
      `${numberOf('release') + 1} BAD_ORDER`,
    ],
  ] satisfies [string, LedgerEntry[], string][])(
    'is caught with %s, and the entry is named',
    (_, entries, finding) => {
      expect(findings(entries)).toContain(finding);
    },
  );

  it('is caught where all attempts together pass the limit', () => {
    const attempts = Array.from({ length: 40 }, (_, i) => reserveEntry(declaration, 1, i + 1));
    const entries = [genesisOf(declaration), ...attempts];
    // A tenth of the budget each: the eleventh is one too many, and everything counts.
    expect(findings(entries)[0]).toBe('11 OVER_LIMIT');
    const spent = verifyLedger(entries).federation.reserved;
    expect(spent).toEqual(multiplyRational(reservedCharge(roundOf(declaration, 1).noise), rational(40n)));
  });
});

describe('the entries', () => {
  it('are the same after a journey through JSON, and hold integers and text alone', () => {
    for (const entry of [...ledger, voidOf({})]) {
      const text = JSON.stringify(ledgerEntryToJson(entry));
      expect(text).not.toMatch(/\d\.\d+[,}\]]|\de-?\d+[,}\]]/);
      expect(parseLedgerEntry(JSON.parse(text))).toEqual(entry);
    }
  });

  it.each([
    [null],
    [{}],
    [{ type: 'refund' }],
    [{ type: 'upload', round: 1, attempt: 1, member: -1 }],
    [{ type: 'upload', round: 1, attempt: 1, member: 1, more: 1 }],
    [{ type: 'survivors', round: 1, attempt: 1, members: [2, 1] }],
    [{ type: 'survivors', round: 1, attempt: 1, members: [1, 1] }],
    [{ type: 'void', round: 1, attempt: 1, promises: [1] }],
    [{ type: 'void', round: 1, attempt: 1, promises: [1, 1], members: [1] }],
    [{ type: 'release', round: 1, attempt: 1, charge: '0.5' }],
    [{ type: 'release', round: 1, attempt: 1, charge: '-1/2' }],
    [{ type: 'reserve', round: 0, attempt: 1 }],
    [{ type: 'genesis', threshold: 7, limit: '1', declaration: {} }],
  ])('are refused as %j', (json) => {
    expect(readLedgerEntry(json)).toEqual({ fault: expect.stringMatching(/entry|privacy/) });
  });
});

describe('the event tree', () => {
  it('has the names of dp_accounting, and counts equal neighbours', () => {
    const { releases } = verifyLedger(ledger);
    const [first] = releases;
    if (first === undefined) throw new Error('the ledger has releases');
    const { class_name: name, ...rest } = dpEventTree([first, first, ...releases.slice(1)], 3);
    expect(name).toBe('ComposedDpEvent');
    const gaussian = { class_name: 'GaussianDpEvent', noise_multiplier: expect.closeTo(5.59, 1) };
    expect(rest).toMatchObject({
      events: [{ class_name: 'SelfComposedDpEvent', event: gaussian, count: 2 }, {}, {}],
    });
  });
});
