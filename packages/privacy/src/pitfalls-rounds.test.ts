/** The mistakes of `pitfalls.test.ts` that concern whole rounds, ledgers and runs. The numbers are for reference. */
import { readdirSync, readFileSync } from 'node:fs';
import { nodeBackend } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  account,
  accountReleases,
  type LedgerEntry,
  ledgerEntryToJson,
  noisyContribution,
  parseDeclaration,
  declarationToJson,
  privacyStatement,
  planPrivateRound,
  type PrivacyEvent,
  renderStatement,
  type SparseRecord,
  verifyLedger,
  WITNESSES,
} from './index.ts';
import {
  COHORT,
  genesisOf,
  honestLedger,
  openedAttempt,
  reserveEntry,
  roundOf,
  SIZE,
  smallDeclaration,
  vectorOf,
} from './testing/small-run.ts';

const declaration = smallDeclaration();

function record(...values: number[]): SparseRecord {
  return {
    length: values.length,
    indices: Uint32Array.from(values.keys()),
    values: Float64Array.from(values),
  };
}

function contributionOf(key: number, records: readonly SparseRecord[]): Int32Array {
  const round = roundOf(declaration, 1);
  return noisyContribution({ backend: nodeBackend, key: new Uint8Array(32).fill(key), records, round });
}

/** Every source file of the package but tests, without comments. */
function sources(): { readonly path: string; readonly code: string }[] {
  const root = new URL('./', import.meta.url);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('testing'))
    .map((path) => ({
      path,
      code: readFileSync(new URL(path, root), 'utf8').replaceAll(/\/\*[^]*?\*\/|(?<!:)\/\/.*/g, ''),
    }));
}

describe('what leaves an organisation', () => {
  it('pitfall 2: says nothing exact of how many records it has', () => {
    // Counts stand inside the vector, under the same bound and noise; the ledger has no field for them.
    const lengths = [0, 1, 50].map(
      (count) =>
        contributionOf(
          1,
          Array.from({ length: count }, () => record(1)),
        ).length,
    );
    expect(new Set(lengths).size).toBe(1);
    const ledger = JSON.stringify(honestLedger(declaration).map(ledgerEntryToJson));
    expect(ledger).not.toMatch(/"(?:records|count|samples|weight|size)"/);
  });

  it('pitfall 8: has no sensitivity that anybody could set', () => {
    const { noise } = roundOf(declaration, 1);
    const generous = { ...vectorOf('mean'), sensitivity: 1e-4, normBound: 1 };
    expect(planPrivateRound(declaration, 1, generous, SIZE).noise).toEqual(noise);
    expect(() => parseDeclaration({ ...declarationToJson(declaration), sensitivity: 1e-4 })).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
    // A longer record pays for more noise.
    const longer = planPrivateRound(
      declaration,
      1,
      { ...vectorOf('mean'), recordNorm: 2, recordMax: 2 },
      SIZE,
    );
    expect(longer.noise.variance).toBeGreaterThan(noise.variance);
  });

  it('pitfall 15: is never printed, logged or put into an error', () => {
    for (const { path, code } of sources())
      expect([path, code]).toEqual([path, expect.not.stringMatching(/console\.|debugger/)]);
    const canary = 123_456.789;
    const broken: SparseRecord = { ...record(canary, canary), indices: Uint32Array.of(3, 1) };
    const key = new Uint8Array(32).fill(0xab);
    const round = roundOf(declaration, 1);
    let message = '';
    try {
      noisyContribution({ backend: nodeBackend, key, records: [broken], round });
    } catch (error) {
      message = error instanceof Error ? error.message : '';
    }
    expect(message).toContain('indices');
    expect(message).not.toMatch(/123456|171|abab/);
  });

  it('pitfall 16: carries its own noise at every coordinate; nobody adds it later', () => {
    const bare = contributionOf(1, []);
    const vector = contributionOf(1, [record(1, 1)]);
    expect(bare).toHaveLength(4 + WITNESSES);
    // Not one coordinate is exact, whatever the data: without its key nobody can take the noise off again.
    expect(bare.filter((word) => word === 0).length).toBeLessThan(10);
    const other = contributionOf(2, [record(1, 1)]);
    expect(vector.filter((word, j) => word === other[j]).length).toBeLessThan(10);
  });

  it('pitfall 28: has no knob that makes noise smaller, and the statement says what it is sized for', () => {
    for (const { path, code } of sources()) {
      expect([path, code]).toEqual([
        path,
        expect.not.stringMatching(/noiseScale|noise_scale|scaleNoise|skipNoise|disableNoise/i),
      ]);
    }
    const statement = privacyStatement(verifyLedger(honestLedger(declaration)));
    if (statement === undefined) throw new Error('the ledger has a genesis');
    expect(renderStatement(statement)).toMatch(/noise is sized for 5 honest survivors/);
  });
});

describe('what is charged', () => {
  it('pitfall 10: every further number of the vector costs, be it a clip bit or a metric', () => {
    const { noise } = roundOf(declaration, 1);
    // One more coordinate of size 1 lengthens the record, so the same budget puts more noise on everything.
    const withBit = planPrivateRound(
      declaration,
      1,
      { ...vectorOf('mean', 5), recordNorm: Math.sqrt(3), recordSupport: 3 },
      SIZE,
    );
    expect(withBit.noise.variance).toBeGreaterThan(noise.variance);
    // A round of its own that was not declared is no round.
    expect(() => planPrivateRound(declaration, 4, vectorOf('clip bit'), SIZE)).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    );
  });

  it('pitfall 11: there is no adaptive clip whose sign could be wrong: bounds are the plan’s alone', () => {
    const before = roundOf(declaration, 1);
    contributionOf(1, [record(1e9, 1e9)]);
    expect(roundOf(declaration, 1)).toEqual(before);
  });

  it('pitfall 21: epsilon comes of an accountant; repeating a release does not multiply it', () => {
    const { releases } = verifyLedger(honestLedger(declaration));
    const [first] = releases;
    if (first === undefined) throw new Error('the ledger has releases');
    const one = accountReleases([first], 3, 1e-5, 'zcdp').epsilon;
    const four = accountReleases([first, first, first, first], 3, 1e-5, 'zcdp').epsilon;
    expect(four).toBeGreaterThan(2 * one);
    expect(four).toBeLessThan(4 * one);
    const gaussian: PrivacyEvent = {
      type: 'gaussian',
      noiseMultiplier: 1 / Math.sqrt((2 * Number(first.rho.numerator)) / Number(first.rho.denominator)),
    };
    expect(account([gaussian], 1e-5, 'zcdp').epsilon).toBeCloseTo(one, 6);
  });

  it('pitfall 29: every attempt and every metric is a reservation in the ledger; what is not is no release', () => {
    const attempts = openedAttempt(declaration, 1).filter(({ type }) => type !== 'reserve');
    const codes = verifyLedger([genesisOf(declaration), ...attempts]).differences.map(({ code }) => code);
    expect(codes).toHaveLength(attempts.length);
    expect(new Set(codes)).toEqual(new Set(['BAD_ORDER']));
  });

  it('pitfall 29: trying again costs again, whether or not the first attempt was opened', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), (retries) => {
        const lost: LedgerEntry[] = Array.from({ length: retries }, (_, i) =>
          reserveEntry(declaration, 1, i + 1),
        );
        const opened = openedAttempt(declaration, 1, COHORT, retries + 1);
        const { federation } = verifyLedger([genesisOf(declaration), ...lost, ...opened]);
        expect(federation.reserved.numerator).toBeGreaterThan(0n);
        expect(
          verifyLedger([genesisOf(declaration), ...openedAttempt(declaration, 1)]).federation.reserved
            .numerator,
        ).toBe(0n);
      }),
      { numRuns: 5 },
    );
  });
});
