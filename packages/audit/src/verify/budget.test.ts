/** The budget in a log: it follows from the messages, and a coordinator that writes it otherwise is found, though it signs the log anew. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  declarationToJson,
  declarePrivacy,
  planPrivateRound,
  type PrivacyDeclaration,
  type PrivateRound,
  type VerifiedLedger,
} from '@tributary/privacy';
import {
  type Bodies,
  completeGraphThresholds,
  decodeMessage,
  encodeMessage,
  raisedTo,
  signMessage,
} from '@tributary/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TimedEntry } from '../entries.ts';
import { entriesOf, rewriteLog } from '../testing/mutations.ts';
import { RecordedFederation, type Scene } from '../testing/recorded-federation.ts';
import { type AuditVerdict, verifyLog } from './log-verifier.ts';

type Promises = Bodies['round-announce']['promises'];

const MEMBERS = 5;
const STEPS = ['mean', 'statistics'];
const PLAN = { dimension: 8, recordNorm: 1, recordMax: 1, recordSupport: 2 };
const DECLARATION: PrivacyDeclaration = declarePrivacy({
  unit: 'record',
  epsilon: 3,
  delta: 1e-5,
  cohort: { members: MEMBERS, threshold: 4, colluders: 2 },
  schedule: STEPS.map((step) => ({ step, weight: 1 })),
  retries: 1,
});
const roundOf = (round: number): PrivateRound =>
  planPrivateRound(
    DECLARATION,
    round,
    { ...PLAN, step: STEPS[round - 1] ?? '' },
    { contributors: MEMBERS, maxRecords: 10 },
  );

/** A run of two sums; its first one needs as many attempts as its story makes it. */
function recorded(story: Partial<Scene> = {}): RecordedFederation {
  const federation = new RecordedFederation({
    crypto,
    members: MEMBERS,
    dimension: roundOf(1).dimension,
    manifest: JSON.stringify({ privacy: declarationToJson(DECLARATION) }),
    thresholds: (members) => raisedTo(completeGraphThresholds(members), DECLARATION),
    ...story,
  });
  STEPS.forEach((step, i) => {
    const { encoding, bits, dimension, inputBound, noiseMargin, privacy } = roundOf(i + 1);
    const outcome = federation.open({
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
  federation.end();
  return federation;
}

let run: RecordedFederation;
let entries: readonly TimedEntry[];
beforeAll(() => {
  run = recorded();
  entries = entriesOf(run.lines);
});

/** The verdict on other entries under heads that the coordinator signs anew. */
function verdictOn(changed: readonly TimedEntry[], of = run): AuditVerdict {
  const identity = of.coordinatorIdentity;
  const first = changed[0];
  const id = first?.type === 'genesis' ? first.run : new Uint8Array(32);
  return verifyLog(crypto, rewriteLog(crypto, changed, { identity, run: id }));
}

const places = (wanted: string, among = entries): number[] =>
  among.flatMap((entry, i) => (entry.type === 'budget' && entry.ledger['type'] === wanted ? [i] : []));

function changedAt(place: number, fields: object, among = entries): TimedEntry[] {
  const entry = among[place];
  if (entry?.type !== 'budget') throw new Error('no budget entry');
  return among.with(place, { ...entry, ledger: { ...entry.ledger, ...fields } });
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

/** By whom of five, of whom four have to promise, the first attempt at the first sum is not signed, and who makes no promise about it. */
function failing(
  phase: 'ready' | 'survivors-signature' | 'release',
  quiet: readonly number[],
): RecordedFederation {
  const attempts = new Map<number, number>();
  return recorded({
    maxAttempts: 2,
    swallows: ({ kind }, from) => {
      if (kind === 'ready') attempts.set(from, (attempts.get(from) ?? 0) + 1);
      if (kind === 'nothing-released') return quiet.includes(from);
      return kind === phase && from >= 3 && attempts.get(from) === 1;
    },
  });
}

function ledgerOf(federation: RecordedFederation): VerifiedLedger {
  const verdict = verifyLog(crypto, federation.lines);
  if (!verdict.ok) throw new Error(verdict.fault.reason);
  if (verdict.report.ledger === undefined) throw new Error('no ledger');
  return verdict.report.ledger;
}

const NOTHING = { numerator: 0n, denominator: 1n };

describe('an attempt in a log that ended without a sum', () => {
  let sealed: RecordedFederation;
  let lines: readonly TimedEntry[];
  let at: number;
  beforeAll(() => {
    sealed = failing('survivors-signature', [0]);
    lines = entriesOf(sealed.lines);
    at = places('void', lines)[0] ?? 0;
  });

  it('is void where the next announcement has the promises of H - t + 1 + c, in front of the next reservation', () => {
    expect(lines[at]).toMatchObject({
      ledger: { type: 'void', round: 1, attempt: 1, promises: [1, 2, 3, 4], members: [0, 1, 2, 3, 4] },
    });
    expect(lines[at + 1]).toMatchObject({ ledger: { type: 'reserve', round: 1, attempt: 2 } });
    expect(ledgerOf(sealed)).toMatchObject({
      differences: [],
      attempts: 3,
      voided: 1,
      federation: { reserved: NOTHING },
    });
  });

  it('is void before it began, too: that it did not is the word of the coordinator alone', () => {
    const entriesNow = entriesOf(failing('ready', []).lines);
    expect(places('void', entriesNow)).toHaveLength(1);
  });

  it.each<[string, () => RecordedFederation]>([
    ['one promise fewer', () => failing('survivors-signature', [0, 1])],
    ['shares of three members given', () => failing('release', [])],
  ])('stays reserved with %s', (_, play) => {
    const kept = play();
    expect(places('void', entriesOf(kept.lines))).toEqual([]);
    const ledger = ledgerOf(kept);
    expect(ledger).toMatchObject({ differences: [], attempts: 3, voided: 0 });
    expect(ledger.federation.reserved).not.toEqual(NOTHING);
  });

  it.each<[string, () => TimedEntry[]]>([
    ['is left out', () => lines.toSpliced(at, 1)],
    ['stands twice', () => lines.toSpliced(at, 0, ...lines.slice(at, at + 1))],
    [
      'stands behind the next reservation',
      () => lines.toSpliced(at, 2, ...lines.slice(at, at + 2).toReversed()),
    ],
    ['names another attempt', () => changedAt(at, { attempt: 2 }, lines)],
    ['names another round', () => changedAt(at, { round: 2 }, lines)],
    ['counts a promise that nobody gave', () => changedAt(at, { promises: [0, 1, 2, 3, 4] }, lines)],
    ['counts one less', () => changedAt(at, { promises: [1, 2, 3] }, lines)],
    ['gives back to some', () => changedAt(at, { members: [0, 1, 2] }, lines)],
    [
      'is of an attempt that was opened',
      () => lines.toSpliced((places('release', lines)[0] ?? 0) + 1, 0, { ...voidAt(), time: 0 }),
    ],
  ])('is found where its void %s', (_, changed) => {
    expect(verdictOn(changed(), sealed)).toMatchObject({ ok: false, fault: { code: 'BAD_BUDGET' } });
  });

  function voidAt(): Extract<TimedEntry, { type: 'budget' }> {
    const entry = lines[at];
    if (entry?.type !== 'budget') throw new Error('no budget entry');
    return { ...entry, ledger: { ...entry.ledger, attempt: 2 } };
  }

  /** The log where the coordinator signs an announcement with other promises, and writes the void as if they counted. */
  function announcedWith(
    change: (promises: Promises, body: Bodies['nothing-released']) => Promises,
  ): TimedEntry[] {
    const round = lines[at - 1];
    const decoded = round?.type === 'round' ? decodeMessage(round.announce) : undefined;
    if (round?.type !== 'round' || decoded?.ok !== true || decoded.message.kind !== 'round-announce') {
      throw new Error('no announcement');
    }
    const { terms, promises } = decoded.message.body;
    const about = { batchContext: terms.batchContext, keyIndex: terms.keyIndex - 1, member: 0 };
    const body = { terms, promises: change(promises, about) };
    const signature = signMessage(crypto, sealed.coordinatorIdentity, 'round-announce', body);
    return lines.with(at - 1, { ...round, announce: encodeMessage('round-announce', body, signature) });
  }
  const promise = (about: Bodies['nothing-released'], signer = about.member): Promises[number] => ({
    member: about.member,
    signature: signMessage(crypto, sealed.identities.at(signer) as Uint8Array, 'nothing-released', about),
  });

  it('is void on the same promises in another order, among those about others', () => {
    const changed = announcedWith((promises, about) => [
      promise({ ...about, keyIndex: about.keyIndex + 1 }),
      ...promises.toReversed(),
    ]);
    // The heads that members signed afterwards cover the announcement as it was.
    expect(verdictOn(changed, sealed)).toMatchObject({ ok: false, fault: { code: 'UNKNOWN_HEAD' } });
  });

  it.each<[string, (promises: Promises, about: Bodies['nothing-released']) => Promises]>([
    ['none', () => []],
    ['one promise too few', (promises) => promises.slice(1)],
    ['one promise counted twice', (promises) => [...promises.slice(1), ...promises.slice(1, 2)]],
    [
      'a promise about another attempt',
      (promises, about) => [...promises.slice(1), promise({ ...about, member: 1, keyIndex: 1 })],
    ],
    [
      'a promise of another run',
      (promises, about) => [
        ...promises.slice(1),
        promise({ ...about, member: 1, batchContext: new Uint8Array(32) }),
      ],
    ],
    [
      'a promise that another signed',
      (promises, about) => [...promises.slice(1), promise({ ...about, member: 1 }, 2)],
    ],
    [
      'a promise of a stranger',
      (promises, about) => [...promises.slice(1), { ...promise(about), member: 9 }],
    ],
  ])('is not void on %s', (_, change) => {
    expect(verdictOn(announcedWith(change), sealed)).toMatchObject({
      ok: false,
      fault: { code: 'BAD_BUDGET' },
    });
  });
});
