import type { Dataset } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { secureOpener } from '../sums/secure-sums.ts';
import { generatorOf, MODELS, topicsDataset } from '../testing/topics.ts';
import { declarationFor, type PrivacyBudget } from './budget.ts';
import { chargedBudget } from './charged-budget.ts';
import { type PrivateSums, privateSums, type PrivateSumsOptions } from './private-sums.ts';
import { runPrivately } from './run-privately.ts';

const CLIENTS: readonly Dataset[] = Array.from({ length: 5 }, (_, i) => topicsDataset(generatorOf(i), 200));
const BUDGET: PrivacyBudget = {
  unit: 'record',
  epsilon: 3,
  delta: 1e-5,
  recordsPerUnit: 1,
  noise: 'shared',
};
const PARAMETERS = { models: MODELS, dimensions: 2, seed: '21'.repeat(32), clusters: 2 };

function run(
  budget: PrivacyBudget,
  options: Partial<PrivateSumsOptions> = {},
): { readonly words: Float64Array; readonly sums: PrivateSums } {
  const opened: PrivateSums[] = [];
  const model = runPrivately(
    'kmeans',
    PARAMETERS,
    { clients: CLIENTS, localSeeds: CLIENTS.map((_, i) => new Uint8Array(32).fill(i)) },
    {
      budget,
      open(declaration) {
        const sums = privateSums({
          clients: CLIENTS.length,
          maxRecords: 1000,
          declaration,
          noiseSeed: new Uint8Array(32).fill(7),
          ...options,
        });
        opened.push(sums);
        return sums;
      },
    },
  );
  if (model.kind !== 'kmeans') throw new Error(`a ${model.kind} router`);
  const [sums] = opened;
  if (sums === undefined) throw new Error('no run was started');
  return { words: model.centres, sums };
}

describe('noisy sums of an experiment', () => {
  it('are the same by the protocol and in clear, and others for another seed', () => {
    const { words } = run(BUDGET);
    const secure = secureOpener(
      CLIENTS.length,
      declarationFor('kmeans', { ...PARAMETERS, sums: 'noisy' }, 5, BUDGET),
    );
    expect(run(BUDGET, { opener: secure }).words).toEqual(words);
    expect(run(BUDGET).words).toEqual(words);
    expect(run(BUDGET, { noiseSeed: new Uint8Array(32).fill(8) }).words).not.toEqual(words);
  });

  it('leave a ledger that adds up, within the budget', () => {
    const { sums } = run(BUDGET);
    const charged = chargedBudget(sums.ledger(), BUDGET);
    expect(charged).toMatchObject({
      filter: 'zcdp',
      minSurvivors: 4,
      releases: sums.declaration.rounds.length,
    });
    // Noise for U_min - c = 2 honest organisations, of 5 - c = 3 that there were.
    expect(charged.spentEpsilon).toBeLessThan(2.8);
    expect(charged.spentEpsilon).toBeGreaterThan(2);
    expect(charged.expectedEpsilon).toBeLessThan(charged.spentEpsilon);
    expect(charged.statement).toContain(`spent | epsilon ${charged.spentEpsilon.toFixed(4)}`);
  });

  it('carry all noise at every organisation where nobody is to be trusted', () => {
    const shared = run(BUDGET).sums.ledger();
    const local = run({ ...BUDGET, noise: 'local' }).sums.ledger();
    const varianceOf = (ledger: typeof shared): bigint =>
      ledger.find((entry) => entry.type === 'reserve')?.variance ?? 0n;
    expect(Number(varianceOf(local)) / Number(varianceOf(shared))).toBeCloseTo(2, 3);
    const charged = chargedBudget(local, { ...BUDGET, noise: 'local' });
    expect(charged.colluders).toBe(4);
    expect(charged.spentEpsilon).toBeCloseTo(3, 3);
  });

  it('protect a person of several records with as many times the noise', () => {
    const persons = { ...BUDGET, unit: 'end-user', recordsPerUnit: 5 } as const;
    const declared = run(persons).sums.declaration;
    expect(declared.recordsPerUnit).toBe(5);
  });

  it('are refused to an exact program', () => {
    expect(() => declarationFor('kmeans', PARAMETERS, 5, BUDGET)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining('in advance') }),
    );
  });
});

describe('an MLP router within a budget', () => {
  const settings = { models: MODELS, dimensions: 2, seed: '21'.repeat(32), projection: 2, hidden: [4, 4] };

  it.each([
    ['record', 'shared', { sampling: 0.5 }, 'rdp@'],
    ['record', 'local', { sampling: 0.5 }, 'rdp@'],
    ['end-user', 'shared', { sampling: 0.5 }, 'rdp@'],
    ['organisation', 'shared', { unit: 'organisation', localEpochs: 2 }, 'zcdp'],
  ] as const)('is trained and charged per %s, noise %s', (unit, noise, own, filter) => {
    const budget = { ...BUDGET, unit, noise, recordsPerUnit: unit === 'end-user' ? 3 : 1 };
    const opened: PrivateSums[] = [];
    const model = runPrivately(
      'dp-sgd',
      { ...settings, steps: 3, ...own },
      { clients: CLIENTS, localSeeds: CLIENTS.map((_, i) => new Uint8Array(32).fill(i)) },
      {
        budget,
        open(declaration) {
          const noiseSeed = new Uint8Array(32).fill(9);
          const sums = privateSums({ clients: CLIENTS.length, maxRecords: 1000, declaration, noiseSeed });
          opened.push(sums);
          return sums;
        },
      },
    );
    expect(model).toMatchObject({ kind: 'mlp', rounds: 3 });
    const charged = chargedBudget(opened[0]?.ledger() ?? [], budget);
    expect(charged.filter).toContain(filter);
    expect(charged.releases).toBe(4);
    expect(charged.spentEpsilon).toBeLessThanOrEqual(3);
    expect(charged.expectedEpsilon).toBeLessThan(charged.spentEpsilon);
  });
});
