import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remaining, spent } from '../zcdp/budget.ts';
import { compareRational, rational, subtractRational, ZERO } from '../zcdp/rational.ts';
import {
  type AccountedAttempt,
  type AccountEntry,
  encodeAccountEntry,
  parseAccountEntry,
  replayAccount,
} from './account-entries.ts';
import { reserveAttempt } from './client-account.ts';

const LIMIT = rational(1n, 10n);
const TINY = rational(1n, 1n << 3000n);
const OPEN: AccountEntry = { type: 'open', filter: { kind: 'zcdp' } };
const attempt = (number: number, run = 'aa'): AccountedAttempt => ({ run, round: 1, attempt: number });
const reserve = (number: number, charge = rational(6n, 100n), run = 'aa'): AccountEntry => ({
  type: 'reserve',
  federation: 'acme',
  member: 3,
  ...attempt(number, run),
  charge,
});

/** As a process that was killed finds them again. */
function again(entries: readonly AccountEntry[]): AccountEntry[] {
  return entries.map((entry) => parseAccountEntry(encodeAccountEntry(entry)));
}

describe('the entries of an account', () => {
  it('add up to what is spent, and what is open in them stays charged', () => {
    const { budget } = replayAccount(again([OPEN, reserve(1), reserve(2, TINY)]), LIMIT);
    expect(compareRational(spent(budget), rational(6n, 100n))).toBe(1);
    expect([...budget.reserved.keys()]).toEqual(['aa/1/1', 'aa/1/2']);
  });

  it('say what one run has spent', () => {
    const entries = [OPEN, reserve(1), reserve(1, TINY, 'bb')];
    expect(spent(replayAccount(entries, LIMIT, 'bb').budget)).toEqual(TINY);
    expect(spent(replayAccount(entries, LIMIT, 'cc').budget)).toEqual(ZERO);
  });

  it('let nothing more through at the limit, be it ever so little, nor an attempt for a second time', () => {
    const settle: AccountEntry = { type: 'settle', ...attempt(1), charge: TINY };
    const full = replayAccount(again([OPEN, reserve(1, LIMIT)]), LIMIT);
    expect(reserveAttempt(full, 'b', TINY)).toMatchObject({ refused: { code: 'BUDGET_EXCEEDED' } });
    const settled = replayAccount(again([OPEN, reserve(1, LIMIT), settle]), LIMIT);
    expect(reserveAttempt(settled, 'aa/1/1', TINY)).toMatchObject({
      refused: { code: 'RESERVATION_CONFLICT' },
    });
    expect(remaining(settled.budget)).toEqual(subtractRational(LIMIT, TINY));
  });

  it('let nothing more through where the policy was lowered below what is spent', () => {
    const lowered = replayAccount([OPEN, reserve(1, LIMIT)], rational(1n, 20n));
    expect(compareRational(remaining(lowered.budget), ZERO)).toBeLessThan(0);
    expect(reserveAttempt(lowered, 'b', TINY)).toMatchObject({ refused: { code: 'BUDGET_EXCEEDED' } });
  });

  it('are the same after a journey through their text', () => {
    const charge = fc.bigInt({ min: 1n, max: 1n << 70n }).map((p) => rational(p, 1n << 64n));
    fc.assert(
      fc.property(fc.nat(1000), charge, (number, amount) => {
        const entries: AccountEntry[] = [
          { type: 'open', filter: { kind: 'rdp', order: 16 } },
          reserve(number + 1, amount),
          { type: 'settle', ...attempt(number + 1), charge: amount },
          { type: 'void', ...attempt(number + 1) },
        ];
        expect(again(entries)).toEqual(entries);
      }),
    );
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['an unknown type', '{"type":"refund"}'],
    ['a charge that is a number', '{"type":"settle","run":"aa","round":1,"attempt":1,"charge":1}'],
    ['a negative charge', '{"type":"settle","run":"aa","round":1,"attempt":1,"charge":"-1"}'],
    ['a filter that is none', '{"type":"open","filter":"pld"}'],
    ['a field too many', '{"type":"open","filter":"zcdp","limit":"1"}'],
  ])('are refused, not guessed, with %s', (_, text) => {
    expect(() => parseAccountEntry(text)).toThrow(expect.objectContaining({ code: 'BAD_PARAMETER' }));
  });

  it.each<[string, AccountEntry[]]>([
    ['no beginning', [reserve(1)]],
    ['nothing', []],
    ['two beginnings', [OPEN, OPEN]],
    ['a settlement of nothing', [OPEN, { type: 'settle', ...attempt(1), charge: TINY }]],
    [
      'a settlement above its reservation',
      [OPEN, reserve(1, TINY), { type: 'settle', ...attempt(1), charge: LIMIT }],
    ],
    ['a reservation of what is over', [OPEN, reserve(1), { type: 'void', ...attempt(1) }, reserve(1)]],
  ])('that contradict each other are no account: %s', (_, entries) => {
    expect(() => replayAccount(entries, LIMIT)).toThrow(expect.objectContaining({ code: 'BAD_PARAMETER' }));
  });
});
