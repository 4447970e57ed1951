import { leafHash, merkleRoot, utf8, verifyConsistency } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { type SignedTreeHead, verifyHead } from '@tributary/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { appendEntry, appendHead, EMPTY_LOG, type LogTip, provePrefix, withLine } from './audit-log.ts';
import { encodeEntry, ENTRY_TYPES, readEntry } from './entries.ts';
import { provesFork } from './forks.ts';
import { proveMember, verifyStatement } from './inclusion.ts';
import { showLog } from './show.ts';
import { entriesOf } from './testing/mutations.ts';
import { RecordedFederation, RUN } from './testing/recorded-federation.ts';

let run: RecordedFederation;
beforeAll(() => {
  run = new RecordedFederation({
    crypto,
    members: 4,
    dimension: 20,
    faults: {
      fate: (member, phase, round) =>
        member === 2 && phase === 'masked-input' && round === 2 ? 'die' : 'live',
    },
  });
  for (let i = 0; i < 2; i++) run.sum();
  run.end();
});

function headsOf(lines: readonly Uint8Array[]): SignedTreeHead[] {
  return entriesOf(lines).flatMap((entry) => (entry.type === 'head' ? [{ ...entry, run: RUN }] : []));
}

describe('the heads of a log', () => {
  it('are signed over the tree of all lines before them', () => {
    const leaves = run.lines.map((line) => leafHash(crypto, line));
    for (const head of headsOf(run.lines)) {
      expect(head.root).toEqual(merkleRoot(crypto, leaves.slice(0, head.size)));
      expect(verifyHead(crypto, run.roster.coordinatorKey, head)).toBe(true);
      expect(verifyHead(crypto, run.roster.coordinatorKey, { ...head, size: head.size + 1 })).toBe(false);
      expect(verifyHead(crypto, run.roster.coordinatorKey, { ...head, time: head.time + 1 })).toBe(false);
    }
  });

  it('continue each other, as a proof shows', () => {
    const heads = headsOf(run.lines);
    const last = heads.at(-1) as SignedTreeHead;
    for (const head of heads) {
      const prefix = provePrefix(crypto, run.lines.slice(0, last.size), head.size);
      expect(prefix.root).toEqual(head.root);
      const claim = {
        firstSize: head.size,
        firstRoot: head.root,
        secondSize: last.size,
        secondRoot: last.root,
      };
      expect(verifyConsistency(crypto, claim, prefix.proof)).toBe(true);
      expect(provesFork(crypto, run.roster.coordinatorKey, [head, last], prefix)).toBe(false);
      expect(provesFork(crypto, run.roster.coordinatorKey, [head, last])).toBe(false);
    }
  });

  it('prove a fork where two members were shown two logs', () => {
    const signer = { identity: run.coordinatorIdentity, run: RUN };
    const tips: LogTip[] = [];
    let tip = EMPTY_LOG;
    for (const line of run.lines) {
      tips.push(tip);
      tip = withLine(crypto, tip, line, line.join().includes(utf8('"type":"head"').join()));
    }
    const at = run.lines.length - 5;
    const other = appendEntry(crypto, tips.at(at) as LogTip, { type: 'end', ended: Uint8Array.of(1) }, 1);
    const [forked] = headsOf([appendHead(crypto, other.tip, signer, 2).line]) as [SignedTreeHead];
    const same = headsOf([appendHead(crypto, tips.at(at + 1) as LogTip, signer, 2).line]).at(
      0,
    ) as SignedTreeHead;
    expect(forked.size).toBe(same.size);
    expect(provesFork(crypto, run.roster.coordinatorKey, [forked, same])).toBe(true);
    const last = headsOf(run.lines).at(-1) as SignedTreeHead;
    const prefix = provePrefix(crypto, run.lines.slice(0, last.size), forked.size);
    expect(provesFork(crypto, run.roster.coordinatorKey, [last, forked], prefix)).toBe(true);
    // Without a proof of what the larger tree was, nothing is proven.
    expect(provesFork(crypto, run.roster.coordinatorKey, [last, forked])).toBe(false);
    const wrong = { ...prefix, root: new Uint8Array(32) };
    expect(provesFork(crypto, run.roster.coordinatorKey, [last, forked], wrong)).toBe(false);
    // A head that the coordinator did not sign, or of another run, proves nothing against it.
    expect(
      provesFork(crypto, run.roster.coordinatorKey, [forked, { ...same, signature: new Uint8Array(64) }]),
    ).toBe(false);
    expect(
      provesFork(crypto, run.roster.coordinatorKey, [forked, { ...same, run: new Uint8Array(32) }]),
    ).toBe(false);
  });
});

describe('an entry', () => {
  it('of every type comes back from its line', () => {
    const seen = new Set(entriesOf(run.lines).map(({ type }) => type));
    for (const line of run.lines) {
      const read = readEntry(line);
      expect(read.ok && encodeEntry(read.entry)).toEqual(line);
    }
    expect(ENTRY_TYPES.filter((type) => !seen.has(type))).toEqual(['roster', 'abort', 'evidence', 'budget']);
  });

  it.each([
    ['{"extra":1,"refused":[],"release":"","time":1,"type":"release"}', 'MALFORMED'],
    ['{"refused":[-1],"release":"","time":1,"type":"release"}', 'MALFORMED'],
    ['{"refused":[],"release":"AA","time":1,"type":"release"}', 'MALFORMED'],
    ['{"refused":{},"release":"","time":1,"type":"release"}', 'MALFORMED'],
    ['{"refused":[],"release":"","type":"release"}', 'MALFORMED'],
    ['{"refused":[],"release":"","time":"1","type":"release"}', 'MALFORMED'],
    ['{"time":1,"type":"toString"}', 'UNKNOWN_TYPE'],
    ['{"time":1}', 'UNKNOWN_TYPE'],
    ['{"time": 1}', 'NOT_CANONICAL'],
    ['7', 'NOT_CANONICAL'],
  ])('is refused: %s', (text, code) => {
    expect(readEntry(utf8(text))).toMatchObject({ ok: false, code });
  });
});

describe('a member', () => {
  it('sees with proofs where its uploads are, and in which sums', () => {
    const statement = proveMember(crypto, run.lines, 'org-2');
    if (statement === undefined) throw new Error('no statement');
    expect(statement.lines.map(({ type }) => type)).toEqual(['upload', 'survivors', 'sum']);
    expect(verifyStatement(crypto, run.roster.coordinatorKey, statement)).toBe(true);
    expect(proveMember(crypto, run.lines, run.roster.members.at(0)?.publicKey ?? '')?.lines).toHaveLength(6);
    const [first, ...rest] = statement.lines;
    const moved = { ...statement, lines: [{ ...first, entry: 1 } as typeof first & object, ...rest] };
    expect(verifyStatement(crypto, run.roster.coordinatorKey, moved)).toBe(false);
  });

  it('that is in no roster has nothing to see, nor has anybody in a log without a head', () => {
    expect(proveMember(crypto, run.lines, 'org-9')).toBeUndefined();
    expect(proveMember(crypto, run.lines.slice(0, 1), 'org-0')).toBeUndefined();
  });
});

describe('a log for people', () => {
  it('says who took part, whose vectors are in each sum, and how it ended', () => {
    const shown = [...showLog(run.lines)];
    expect(shown.map(({ entry }) => entry)).toEqual(run.lines.map((_, i) => i + 1));
    const said = (type: string): string[] => shown.filter((one) => one.type === type).map(({ text }) => text);
    expect(said('genesis')[0]).toContain('test, roster version 1 with 4 members');
    expect(said('batch')[0]).toContain('1: 4 of 4 members, complete graph, t 3 of H 4, c 1');
    expect(said('round')[1]).toContain(
      '2 (step 2), attempt 1: 20 coordinates of 20 bits; taking part: org-0, org-1, org-2, org-3',
    );
    expect(said('survivors')).toEqual([
      'round 1: 4 (org-0, org-1, org-2, org-3), signed by 4',
      'round 2: 3 (org-0, org-1, org-3), signed by 3',
    ]);
    expect(said('release').at(-1)).toContain('org-3 gives 3 shares of self seeds and 1 of round keys');
    expect(said('sum')[1]).toContain('round 2 opened over 3 members');
    expect(said('end')).toEqual(['completed after 2 sums']);
  });

  it('names lines that are no entries, and frames that are none', () => {
    const lines = [utf8('nonsense'), encodeEntry({ type: 'upload', end: Uint8Array.of(1), time: 3 })];
    expect([...showLog(lines)]).toMatchObject([
      { entry: 1, type: 'NOT_CANONICAL', time: undefined },
      { entry: 2, type: 'upload', time: 3, text: 'cannot be read' },
    ]);
  });
});
