import { describe, expect, it } from 'vitest';
import { honestLedger, reserveEntry, smallDeclaration } from '../testing/small-run.ts';
import { privacyStatement, type PrivacyStatement, renderStatement } from './statement.ts';
import { verifyLedger } from './verify-ledger.ts';

function statementOf(entries: Parameters<typeof verifyLedger>[0]): PrivacyStatement {
  const statement = privacyStatement(verifyLedger(entries));
  if (statement === undefined) throw new Error('the ledger has a genesis');
  return statement;
}

describe('the privacy statement', () => {
  it('says unit, neighbours, budget, trust and cohorts', () => {
    const statement = statementOf(honestLedger());
    expect(statement).toMatchObject({
      unit: 'record',
      delta: '0.00001',
      filter: 'zcdp',
      colluders: 3,
      cohorts: { minSurvivors: 8, survivors: [10, 10, 10] },
      releases: 3,
      attempts: 3,
      differences: [],
    });
    expect(statement.adjacency).toContain('zero_out');
    expect(statement.limit.epsilon).toBeLessThanOrEqual(3);
    expect(statement.limit.epsilon).toBeGreaterThan(2.999);
    expect(statement.spent.epsilon).toBeLessThan(statement.limit.epsilon);
    expect(statement.spentAndReserved).toEqual(statement.spent);
  });

  it('counts what might yet be opened, and says what several records of one person cost', () => {
    const declaration = smallDeclaration();
    const open = honestLedger(declaration).slice(0, -2);
    const { spent, spentAndReserved, severalUnits } = statementOf(open);
    expect(spentAndReserved.epsilon).toBeGreaterThan(spent.epsilon);
    const epsilons = severalUnits.map(({ epsilon }) => epsilon);
    expect(epsilons).toEqual(epsilons.toSorted((a, b) => a - b));
    expect(epsilons[0]).toBeGreaterThan(2 * spentAndReserved.epsilon);
  });

  it('states an rdp@alpha run at its one order', () => {
    const rdp = smallDeclaration({ filter: { kind: 'rdp', order: 16 } });
    const { spent, limit, filter } = statementOf(honestLedger(rdp));
    expect(filter).toBe('rdp@16');
    expect(limit.epsilon).toBeLessThanOrEqual(3);
    expect(spent.epsilon).toBeLessThan(limit.epsilon);
  });

  it('is Markdown that shows every part, and puts differences first', () => {
    const text = renderStatement(statementOf(honestLedger()));
    for (const words of [
      'unit of privacy',
      'neighbouring data',
      'epsilon',
      'up to 3 organisations',
      'discrete Gaussian',
      '3, of 3 attempts, 0 of them void, over 10 to 10 organisations',
      'What nobody can check',
      'What is not covered',
      'The same person several times',
    ]) {
      expect(text).toContain(words);
    }
    expect(text).toContain('everything agrees');
    const forged = [...honestLedger(), reserveEntry(smallDeclaration(), 3, 7)];
    expect(renderStatement(statementOf(forged))).toMatch(/does not agree[^]*BAD_ORDER[^]*unit of privacy/);
  });

  it('guarantees nothing without a genesis', () => {
    expect(privacyStatement(verifyLedger([]))).toBeUndefined();
    expect(privacyStatement(verifyLedger(honestLedger().slice(1)))).toBeUndefined();
  });
});
