/** The budget in a log: it follows from the messages, and a coordinator that writes it otherwise is found, though it signs the log anew. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  declarationToJson,
  declarePrivacy,
  planPrivateRound,
  type PrivacyDeclaration,
  type PrivateRound,
} from '@tributary/privacy';
import { completeGraphThresholds, raisedTo } from '@tributary/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TimedEntry } from '../entries.ts';
import { entriesOf, rewriteLog } from '../testing/mutations.ts';
import { RecordedFederation } from '../testing/recorded-federation.ts';
import { type AuditVerdict, verifyLog } from './log-verifier.ts';

const MEMBERS = 5;
const STEPS = ['mean', 'statistics'];
const PLAN = { dimension: 8, recordNorm: 1, recordMax: 1, recordSupport: 2 };
const DECLARATION: PrivacyDeclaration = declarePrivacy({
  unit: 'record',
  epsilon: 3,
  delta: 1e-5,
  cohort: { members: MEMBERS, threshold: 4, colluders: 2 },
  schedule: STEPS.map((step) => ({ step, weight: 1 })),
});
const roundOf = (round: number): PrivateRound =>
  planPrivateRound(
    DECLARATION,
    round,
    { ...PLAN, step: STEPS[round - 1] ?? '' },
    { contributors: MEMBERS, maxRecords: 10 },
  );

let run: RecordedFederation;
let entries: readonly TimedEntry[];
beforeAll(() => {
  run = new RecordedFederation({
    crypto,
    members: MEMBERS,
    dimension: roundOf(1).dimension,
    manifest: JSON.stringify({ privacy: declarationToJson(DECLARATION) }),
    thresholds: (members) => raisedTo(completeGraphThresholds(members), DECLARATION),
  });
  STEPS.forEach((step, i) => {
    const { encoding, bits, dimension, inputBound, noiseMargin, privacy } = roundOf(i + 1);
    const outcome = run.open({
      step,
      expected: {
        planHash: new Uint8Array(32),
        modelHash: new Uint8Array(32),
        encoding,
        bits,
        dimension,
        inputBound,
        noiseMargin,
        privacy,
      },
      vector: () => new Int32Array(dimension),
    });
    if (outcome.kind !== 'opened') throw new Error(outcome.detail);
  });
  run.end();
  entries = entriesOf(run.lines);
});

/** The verdict on other entries under heads that the coordinator signs anew. */
function verdictOn(changed: readonly TimedEntry[]): AuditVerdict {
  const identity = run.coordinatorIdentity;
  const first = changed[0];
  const id = first?.type === 'genesis' ? first.run : new Uint8Array(32);
  return verifyLog(crypto, rewriteLog(crypto, changed, { identity, run: id }));
}

const places = (wanted: string): number[] =>
  entries.flatMap((entry, i) => (entry.type === 'budget' && entry.ledger['type'] === wanted ? [i] : []));

function changedAt(place: number, fields: object): TimedEntry[] {
  const entry = entries[place];
  if (entry?.type !== 'budget') throw new Error('no budget entry');
  return entries.with(place, { ...entry, ledger: { ...entry.ledger, ...fields } });
}

describe('the budget in a log', () => {
  it('has its genesis, and a reserve, uploads, survivors and a release of every sum', () => {
    const types = ['genesis', 'reserve', 'upload', 'survivors', 'release', 'void'];
    expect(types.map((type) => places(type).length)).toEqual([1, 2, 2 * MEMBERS, 2, 2, 0]);
    const verdict = verifyLog(crypto, run.lines);
    expect(verdict).toMatchObject({ ok: true, report: { ledger: { differences: [], attempts: 2 } } });
  });

  it.each<[string, () => TimedEntry[]]>([
    ['a lower charge', () => changedAt(places('release')[0] ?? 0, { charge: '1/1000000' })],
    ['less noise than was signed', () => changedAt(places('reserve')[1] ?? 0, { variance: '64' })],
    ['another cohort', () => changedAt(places('reserve')[0] ?? 0, { cohort: [0, 1, 2, 3] })],
    ['an upload of somebody else', () => changedAt(places('upload')[0] ?? 0, { member: 4 })],
    ['more survivors', () => changedAt(places('survivors')[0] ?? 0, { members: [0, 1, 2, 3] })],
    ['a field too many', () => changedAt(places('release')[0] ?? 0, { note: 'paid' })],
    ['a release left out', () => entries.toSpliced(places('release')[0] ?? 0, 1)],
    [
      'a reserve twice',
      () =>
        entries.toSpliced(
          places('reserve')[0] ?? 0,
          0,
          ...entries.slice(places('reserve')[0], (places('reserve')[0] ?? 0) + 1),
        ),
    ],
  ])('is found with %s', (_, changed) => {
    expect(verdictOn(changed())).toMatchObject({ ok: false, fault: { code: 'BAD_BUDGET' } });
  });

  it('cannot have its limit raised afterwards: members signed heads that cover it', () => {
    expect(verdictOn(changedAt(places('genesis')[0] ?? 0, { limit: '1' }))).toMatchObject({
      ok: false,
      fault: { code: 'UNKNOWN_HEAD' },
    });
  });

  it('ends with all its entries', () => {
    const last = places('release').at(-1) ?? 0;
    const cut = [
      ...entries.slice(0, last),
      ...entries
        .slice(last)
        .filter(({ type }) => type === 'head')
        .slice(0, 1),
    ];
    expect(verdictOn(cut)).toMatchObject({ ok: false, fault: { code: 'BAD_BUDGET' } });
  });
});
