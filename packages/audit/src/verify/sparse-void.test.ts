/** The void of an attempt on a sparse graph: each vector is sealed by its own holders, and the log says whose are. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { declarationToJson, declarePrivacy, planPrivateRound, type VerifiedLedger } from '@tributary/privacy';
import { raisedTo, type Thresholds, thresholdsFor } from '@tributary/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { entriesOf } from '../testing/mutations.ts';
import { RecordedFederation } from '../testing/recorded-federation.ts';
import { verifyLog } from './log-verifier.ts';

const MEMBERS = 66;
const everybody = Array.from({ length: MEMBERS }, (_, id) => id);
/** Fewer bits than a federation should have: what is tested here does not depend on the number of neighbours. */
const sparse = (n: number): Thresholds =>
  thresholdsFor(n, 'security', { colluders: 1, dropoutRate: 0.1, securityBits: 16, abortBits: 8 });
const { threshold, holders, colluders } = sparse(MEMBERS);
const DECLARATION = declarePrivacy({
  unit: 'record',
  epsilon: 3,
  delta: 1e-5,
  cohort: { members: MEMBERS, threshold, colluders },
  schedule: [{ step: 'mean', weight: 1 }],
  retries: 1,
});
const plan = { dimension: 8, recordNorm: 1, recordMax: 1, recordSupport: 2, step: 'mean' };
const ROUND = planPrivateRound(DECLARATION, 1, plan, { contributors: MEMBERS, maxRecords: 10 });

/** A run of one sum: the first attempt at it loses a third of the uploads. */
function recorded(quiet: ReadonlySet<number>): RecordedFederation {
  let attempts = 0;
  const run = new RecordedFederation({
    crypto,
    members: MEMBERS,
    dimension: ROUND.dimension,
    keyCount: 2,
    maxAttempts: 2,
    manifest: JSON.stringify({ privacy: declarationToJson(DECLARATION) }),
    thresholds: (n) => raisedTo(sparse(n), DECLARATION),
    swallows: ({ kind }, from) => {
      if (kind === 'ready' && from === 0) attempts += 1;
      if (kind === 'nothing-released') return quiet.has(from);
      return kind === 'upload-end' && from % 3 === 2 && attempts === 1;
    },
  });
  const { encoding, bits, dimension, inputBound, noiseMargin, privacy } = ROUND;
  const hashes = { planHash: new Uint8Array(32), modelHash: new Uint8Array(32) };
  const outcome = run.open({
    step: 'mean',
    expected: { ...hashes, encoding, bits, dimension, inputBound, noiseMargin, privacy },
    vector: () => new Int32Array(dimension),
  });
  if (outcome.kind !== 'opened') throw new Error(outcome.detail);
  run.end();
  return run;
}

/** Members that find enough promises of the holders of their own secrets. */
function sealedFor(run: RecordedFederation, quiet: ReadonlySet<number>): readonly number[] {
  return everybody.filter((id) => {
    const { contribution } = run.federation.memberState(id);
    if (contribution === undefined) throw new Error('everybody contributed');
    return contribution.holders.filter((holder) => !quiet.has(holder)).length >= contribution.promisesNeeded;
  });
}

function ledgerOf(run: RecordedFederation): VerifiedLedger {
  const verdict = verifyLog(crypto, run.lines);
  if (!verdict.ok || verdict.report.ledger === undefined) throw new Error(JSON.stringify(verdict));
  return verdict.report.ledger;
}

const voidsIn = (run: RecordedFederation): object[] =>
  entriesOf(run.lines).flatMap((entry) =>
    entry.type === 'budget' && entry.ledger['type'] === 'void' ? [entry.ledger] : [],
  );

describe('an attempt on a sparse graph', () => {
  let sealed: RecordedFederation;
  beforeAll(() => {
    sealed = recorded(new Set());
  }, 60_000);

  it('is void where every owner has the promises of enough of its holders', () => {
    const run = sealed;
    expect(holders).toBeLessThan(MEMBERS - 1);
    expect(voidsIn(run)).toMatchObject([{ round: 1, attempt: 1, promises: everybody, members: everybody }]);
    const { voided, federation, differences } = ledgerOf(run);
    expect([voided, differences]).toEqual([1, []]);
    expect(federation.reserved).toEqual({ numerator: 0n, denominator: 1n });
  });

  it('is given back to those alone whose own holders promised: the run stays charged', () => {
    const quiet = new Set(sealed.federation.memberState(7).contribution?.holders);
    expect(quiet.size).toBe(holders);
    const run = recorded(quiet);
    const promises = everybody.filter((id) => !quiet.has(id));
    const members = sealedFor(run, quiet);
    expect(members.length).toBeGreaterThan(0);
    expect(members).not.toContain(7);
    expect(voidsIn(run)).toMatchObject([{ promises, members }]);
    const { voided, federation, members: accounts, differences } = ledgerOf(run);
    expect([voided, differences]).toEqual([0, []]);
    expect(federation.reserved).not.toEqual({ numerator: 0n, denominator: 1n });
    for (const id of everybody) {
      const isCharged = accounts.get(id)?.reserved.numerator !== 0n;
      expect(isCharged, `member ${id}`).toBe(!members.includes(id));
    }
  });
});
