import { toHex, utf8 } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { approveRoster, type ExpectedRound, type Roster, rosterRoot } from '@tributary/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { appendEntry, appendHead, EMPTY_LOG } from '../audit-log.ts';
import { genesisEntry, rosterEntry } from '../recorder.ts';
import { entriesOf, mutateFrame, rewriteLog, type Tree } from '../testing/mutations.ts';
import { MANIFEST, RecordedFederation, RUN, type Scene } from '../testing/recorded-federation.ts';
import { type AuditReport, verifyLog } from './log-verifier.ts';
import type { AuditExpectations, RoundVectors, RunCourse } from './state.ts';

function recorded(scene: Partial<Scene> = {}, sums = 2): RecordedFederation {
  const run = new RecordedFederation({ crypto, members: 4, dimension: 40, ...scene });
  for (let i = 0; i < sums; i++) run.sum();
  run.end();
  return run;
}

function reportOf(run: RecordedFederation, asked: AuditExpectations = {}): AuditReport {
  const verdict = verifyLog(crypto, run.lines, asked, run.vectorsOf);
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.fault));
  return verdict.report;
}

/** The log with the promises of every announcement changed, signed anew by the coordinator. */
function withPromises(
  { lines, coordinatorIdentity: identity }: RecordedFederation,
  change: (promises: readonly Tree[]) => readonly Tree[],
): readonly Uint8Array[] {
  const entries = entriesOf(lines).map((entry) => {
    if (entry.type !== 'round') return entry;
    const announce = mutateFrame(
      crypto,
      entry.announce,
      identity,
      () => 0,
      (body) => {
        const announced = body as { readonly promises: readonly Tree[] };
        return { ...announced, promises: change(announced.promises) };
      },
    );
    return announce === undefined ? entry : { ...entry, announce };
  });
  return rewriteLog(crypto, entries, { identity, run: RUN });
}

describe('a log of a run', () => {
  it('holds, and each sum is that of its uploads', () => {
    const run = recorded({}, 3);
    const report = reportOf(run);
    expect(report).toMatchObject({ sums: 3, ended: true, open: false, failure: undefined });
    expect(report.counts).toMatchObject({
      batches: 1,
      rounds: 3,
      uploads: 12,
      sumsRead: 3,
      masks: 3,
      replayed: 3,
    });
    expect(toHex(report.logHead)).toBe(toHex(run.logHead));
    expect(report.entries).toBe(run.lines.length);
  });

  it('holds where a member is lost: its pairwise masks are taken off by its round key', () => {
    const run = recorded({
      faults: {
        fate: (member, phase, round) =>
          member === 3 && phase === 'masked-input' && round === 1 ? 'die' : 'live',
      },
    });
    expect(reportOf(run).counts).toMatchObject({ rounds: 2, uploads: 6, masks: 2, replayed: 2 });
  });

  it('holds where an attempt fails after the uploads and is repeated on promises, and not without them', () => {
    let swallowed = 0;
    const run = recorded(
      {
        members: 7,
        swallows: ({ kind }, from) => from > 3 && kind === 'survivors-signature' && swallowed++ < 3,
      },
      1,
    );
    expect(reportOf(run)).toMatchObject({ sums: 1, counts: { rounds: 2, aborted: 1, uploads: 7 } });
    const entries = entriesOf(run.lines);
    const second = entries.findLastIndex(({ type }) => type === 'round');
    const lines = withPromises(run, () => []);
    expect(verifyLog(crypto, lines)).toMatchObject({
      ok: false,
      fault: { entry: second + 1, code: 'NOT_PROMISED' },
    });
  });

  it('holds where a member missed an attempt, and not without the promises about its own', () => {
    let attempt = 0;
    const run = recorded(
      {
        members: 7,
        maxAttempts: 3,
        swallows: ({ kind }, from) => {
          if (kind === 'ready' && from === 0) attempt += 1;
          const unsigned = kind === 'survivors-signature' && [3, 4, 5].includes(from);
          return (attempt < 3 && unsigned) || (attempt === 2 && kind === 'ready' && from === 6);
        },
      },
      1,
    );
    expect(reportOf(run)).toMatchObject({ sums: 1, counts: { rounds: 3, aborted: 2, uploads: 7 } });
    const third = entriesOf(run.lines).findLastIndex(({ type }) => type === 'round');
    // Those about the second attempt come first.
    const lines = withPromises(run, (promises) => promises.slice(0, 7));
    expect(verifyLog(crypto, lines)).toMatchObject({
      ok: false,
      fault: { entry: third + 1, code: 'NOT_PROMISED' },
    });
  });

  it('holds where a holder releases a wrong share: its share is not used, and it takes part no more', () => {
    const run = recorded({ members: 5, cheat: { holder: 1, owner: 3 } });
    const report = reportOf(run);
    expect(report).toMatchObject({ sums: 2, counts: { evidence: 1, uploads: 9, replayed: 2 } });
    const entries = entriesOf(run.lines);
    const at = entries.findIndex(({ type }) => type === 'evidence');
    const wrong = entries.map((entry) => (entry.type === 'evidence' ? { ...entry, culprit: 3 } : entry));
    const lines = rewriteLog(crypto, wrong, { identity: run.coordinatorIdentity, run: RUN });
    expect(verifyLog(crypto, lines)).toMatchObject({
      ok: false,
      fault: { entry: at + 1, code: 'BAD_EVIDENCE' },
    });
  });

  it('holds where a round is given up before it begins', () => {
    let silent = false;
    const run = new RecordedFederation({
      crypto,
      members: 4,
      dimension: 40,
      faults: { fate: (member, phase) => (silent && member > 0 && phase === 'ready' ? 'die' : 'live') },
    });
    expect(run.sum().kind).toBe('opened');
    silent = true;
    expect(run.sum().kind).toBe('aborted');
    run.end();
    expect(reportOf(run)).toMatchObject({ sums: 1, open: false });
    expect(reportOf(run).counts.aborted).toBeGreaterThan(0);
  });

  it('holds without its vectors, and says that no sum was looked at', () => {
    const run = recorded();
    const verdict = verifyLog(crypto, run.lines);
    expect(verdict).toMatchObject({
      ok: true,
      report: { sums: 2, counts: { sumsRead: 0, masks: 0, replayed: 0 } },
    });
  });

  it('holds on a sample of coordinates, and finds there what is wrong everywhere', () => {
    const run = recorded({ dimension: 203 }, 1);
    const sample = { blocks: 5, seed: new Uint8Array(32).fill(8) };
    expect(reportOf(run, { sample }).counts.masks).toBe(1);
    const verdict = verifyLog(crypto, run.lines, { sample }, (line) => {
      const vectors = run.vectorsOf(line);
      return (
        vectors && {
          uploads: new Map(),
          maskedSum: vectors.maskedSum as Uint8Array,
          sum: vectors.sum as Uint8Array,
        }
      );
    });
    // Without uploads the masked sum is checked against the inner products in the releases.
    expect(verdict).toMatchObject({ ok: true, report: { counts: { masks: 1, summation: 1, replayed: 0 } } });
  });

  it('is refused where its first roster is not the one that organisations compared', () => {
    const run = recorded({}, 1);
    const root = rosterRoot(crypto, run.roster);
    expect(reportOf(run, { rosterRoot: root }).rosterRoot).toEqual(root);
    const verdict = verifyLog(crypto, run.lines, { rosterRoot: new Uint8Array(32) });
    expect(verdict).toMatchObject({ ok: false, fault: { entry: 1, code: 'BAD_ROSTER' } });
  });

  it('is refused where an organisation saw a head that it does not have', () => {
    const run = recorded();
    expect(reportOf(run, { logHeads: [run.logHead] }).sums).toBe(2);
    const cut = entriesOf(run.lines).findLastIndex(({ type }) => type === 'round');
    const verdict = verifyLog(crypto, run.lines.slice(0, cut), { logHeads: [run.logHead] });
    expect(verdict).toMatchObject({ ok: false, fault: { entry: cut, code: 'UNKNOWN_HEAD' } });
    expect(verifyLog(crypto, run.lines.slice(0, cut))).toMatchObject({
      ok: true,
      report: { ended: false, sums: 1 },
    });
  });

  it('is refused where it is empty, or ends in the middle of what a head would cover', () => {
    const run = recorded({}, 1);
    expect(verifyLog(crypto, [])).toMatchObject({ ok: false, fault: { code: 'UNCOVERED' } });
    expect(verifyLog(crypto, run.lines.slice(0, -1))).toMatchObject({
      ok: false,
      fault: { code: 'UNCOVERED' },
    });
    const notEntries = ['{"type":"note"}', 'null', '[]', '{"time":1,"type":"upload"}'];
    for (const text of notEntries) expect(verifyLog(crypto, [utf8(text)]).ok).toBe(false);
  });

  it('is refused by an auditor whose policy is stricter than its batches', () => {
    const run = recorded({}, 1);
    const policy = { minCohort: 4, minColluders: 1, maxAttemptsPerRound: 2 };
    expect(verifyLog(crypto, run.lines, { policy })).toMatchObject({
      ok: false,
      fault: { entry: 2, code: 'BAD_BATCH' },
    });
  });
});

const expected = (round: number, logHead: Uint8Array): ExpectedRound => ({
  round,
  planHash: new Uint8Array(32).fill(1),
  modelHash: new Uint8Array(32).fill(2),
  dimension: 40,
  bits: 20,
  inputBound: 1000,
  noiseMargin: 0,
  encoding: { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 },
  privacy: new Uint8Array(0),
  logHead,
});

/** A run of `rounds` sums that remembers what it was given. */
function course(given: Int32Array[], change: Partial<ExpectedRound> = {}, rounds = 2): RunCourse {
  return {
    expected: (round, logHead) =>
      round > rounds ? undefined : { ...expected(round, logHead), ...(round === 2 ? change : {}) },
    next: (sum) => {
      given.push(sum);
      return course(given, change, rounds);
    },
  };
}

/** What is asked of a log whose run declares noise of this size. */
const noisy = (minSurvivors: number, colluders: number): AuditExpectations => ({
  plan: () => ({ run: RUN, course: course([]), noise: { minSurvivors, colluders } }),
});

describe('the plan', () => {
  let run: RecordedFederation;
  beforeAll(() => {
    run = recorded();
  });

  it('is computed from the sums in the log, and must be the one that members were shown', () => {
    const given: Int32Array[] = [];
    const report = reportOf(run, { plan: () => ({ run: RUN, course: course(given) }) });
    expect(report.counts.plans).toBe(2);
    expect(given).toEqual(run.sums.map(({ words }) => words));
  });

  it.each<[string, Partial<ExpectedRound>]>([
    ['planHash', { planHash: new Uint8Array(32).fill(9) }],
    ['modelHash', { modelHash: new Uint8Array(32).fill(9) }],
    ['dimension', { dimension: 41 }],
    ['scale', { encoding: { scale: 2, normBound: 1000, coordinateBound: 1000, maxRecords: 1 } }],
  ])('is refused where its %s is another', (field, change) => {
    const asked = { plan: () => ({ run: RUN, course: course([], change) }) };
    const verdict = verifyLog(crypto, run.lines, asked, run.vectorsOf);
    expect(verdict).toMatchObject({ ok: false, fault: { code: 'UNEXPECTED_PLAN' } });
    expect(verdict.ok || verdict.fault.reason).toContain(field);
  });

  it('is refused where the run needs no further sum, or is not that of the manifest', () => {
    const asked = { plan: () => ({ run: RUN, course: course([], {}, 1) }) };
    expect(verifyLog(crypto, run.lines, asked, run.vectorsOf)).toMatchObject({
      ok: false,
      fault: { code: 'UNEXPECTED_PLAN' },
    });
    const other = { plan: () => ({ run: new Uint8Array(32), course: course([]) }) };
    expect(verifyLog(crypto, run.lines, other)).toMatchObject({
      ok: false,
      fault: { entry: 1, code: 'WRONG_CONTEXT' },
    });
    const none = {
      plan: (manifest: string) => {
        expect(manifest).toBe(MANIFEST);
        throw new Error('no program');
      },
    };
    expect(verifyLog(crypto, run.lines, none)).toMatchObject({
      ok: false,
      fault: { entry: 1, code: 'UNEXPECTED_PLAN' },
    });
  });

  it('is refused where a batch does not keep to what the noise of the run is sized for', () => {
    // t = 3 of 4, c = 1.
    expect(verifyLog(crypto, run.lines, noisy(3, 1), run.vectorsOf)).toMatchObject({ ok: true });
    for (const [asked, reason] of [
      [noisy(4, 1), /minSurvivors 3 is below the 4 that the noise/],
      [noisy(3, 2), /colluders 1 is below/],
    ] as const) {
      expect(verifyLog(crypto, run.lines, asked, run.vectorsOf)).toMatchObject({
        ok: false,
        fault: { code: 'BAD_BATCH', reason: expect.stringMatching(reason) as string },
      });
    }
  });

  it('cannot be computed behind a sum that is not at hand', () => {
    const verdict = verifyLog(crypto, run.lines, { plan: () => ({ run: RUN, course: course([]) }) });
    expect(verdict).toMatchObject({ ok: true, report: { counts: { plans: 1 } } });
  });
});

const flipped = (bytes: Uint8Array | undefined): Uint8Array => {
  const changed = (bytes as Uint8Array).slice();
  changed[3] = (changed.at(3) ?? 0) ^ 1;
  return changed;
};

describe('the vectors of a sum', () => {
  let run: RecordedFederation;
  beforeAll(() => {
    run = recorded({}, 1);
  });

  it.each<[string, (vectors: RoundVectors) => RoundVectors]>([
    ['another sum', (vectors) => ({ ...vectors, sum: flipped(vectors.sum) })],
    ['a sum that is cut off', (vectors) => ({ ...vectors, sum: (vectors.sum as Uint8Array).slice(1) })],
    ['another masked sum', (vectors) => ({ ...vectors, maskedSum: flipped(vectors.maskedSum) })],
    ['a masked sum of another length', (vectors) => ({ ...vectors, maskedSum: new Uint8Array(5) })],
    [
      'another upload',
      (vectors) => ({
        ...vectors,
        uploads: new Map(
          [...vectors.uploads].map(([id, upload]) => [id, id === 2 ? flipped(upload) : upload]),
        ),
      }),
    ],
    [
      'the upload of somebody else',
      (vectors) => ({
        ...vectors,
        uploads: new Map([...vectors.uploads].map(([id, upload]) => [id + 1, upload])),
      }),
    ],
  ])('are refused with %s', (_, change) => {
    const verdict = verifyLog(crypto, run.lines, {}, (line) => {
      const vectors = run.vectorsOf(line);
      return vectors && change(vectors);
    });
    expect(verdict).toMatchObject({ ok: false, fault: { code: 'BAD_SUM' } });
    expect(verdict.ok ? 0 : entriesOf(run.lines)[verdict.fault.entry - 1]?.type).toBe('sum');
  });

  it('are refused before a line that is no sum', () => {
    const vectors = { uploads: new Map([[0, new Uint8Array(1)]]) };
    expect(verifyLog(crypto, run.lines, {}, () => vectors)).toMatchObject({ ok: false, fault: { entry: 1 } });
  });
});

describe('a roster that follows', () => {
  let run: RecordedFederation;
  let next: Roster;
  beforeAll(() => {
    run = recorded({}, 1);
    next = { ...run.roster, version: 2, members: run.roster.members.slice(0, 3) };
  });

  function logWith(approvers: readonly number[], roster: Roster): Uint8Array[] {
    const approvals = approvers.map((member) => ({
      member: `org-${member}`,
      signature: approveRoster(crypto, run.identities.at(member) as Uint8Array, run.roster, roster),
    }));
    const signer = { identity: run.coordinatorIdentity, run: RUN };
    const first = appendEntry(crypto, EMPTY_LOG, genesisEntry(run.roster, MANIFEST, RUN), 1);
    const second = appendEntry(crypto, first.tip, rosterEntry(roster, approvals), 2);
    return [first.line, second.line, appendHead(crypto, second.tip, signer, 3).line];
  }

  it('is taken with the approvals of more than two thirds, and not with fewer', () => {
    expect(verifyLog(crypto, logWith([0, 1, 2], next))).toMatchObject({ ok: true });
    const verdict = verifyLog(crypto, logWith([0, 1], next));
    expect(verdict).toMatchObject({ ok: false, fault: { entry: 2, code: 'BAD_ROSTER' } });
  });

  it('is not taken where it skips a version', () => {
    expect(verifyLog(crypto, logWith([0, 1, 2, 3], { ...next, version: 3 })).ok).toBe(false);
  });

  it('ends the batches of the one before', () => {
    const entries = entriesOf(run.lines);
    const at = entries.findIndex(({ type }) => type === 'round');
    const approvals = [0, 1, 2].map((member) => ({
      member: `org-${member}`,
      signature: approveRoster(crypto, run.identities.at(member) as Uint8Array, run.roster, next),
    }));
    const followed = entries.toSpliced(at, 0, { ...rosterEntry(next, approvals), time: 0 });
    const lines = rewriteLog(crypto, followed, { identity: run.coordinatorIdentity, run: RUN });
    expect(verifyLog(crypto, lines)).toMatchObject({
      ok: false,
      fault: { entry: at + 2, code: 'WRONG_CONTEXT' },
    });
  });
});
