import { toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SignedTreeHead, signHead } from './audit-head.ts';
import { openedSharesFor, releaseFor } from './client/keeper.ts';
import {
  encodeEvidence,
  type ForkedLog,
  opensBox,
  provenCulprit,
  provesForkedLog,
  provesTwoSurvivorSets,
  type SignedSurvivors,
  type TwoSurvivorSets,
} from './evidence.ts';
import type { MemberEvidence } from './messages/evidence.ts';
import { signMessage, signSealedShares, statementBytes } from './signing.ts';
import { castOf, existing } from './testing/cast.ts';
import { proofsIn } from './testing/proofs.ts';
import { Transcript } from './testing/transcript.ts';

const cast = castOf(crypto, 5);
const transcript = new Transcript(cast, { rounds: 0 });
const { context, holder, dealer, box, badShare, badDealer, badOpening } = proofsIn(transcript);
const secretOf = (id: number): Uint8Array => existing(cast.identities[id]);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const judge = (evidence: MemberEvidence, changed: Partial<typeof context> = {}): number | undefined =>
  provenCulprit(crypto, { ...context, ...changed }, evidence);

const PROOFS = { 'bad-share': badShare, 'bad-dealer': badDealer, 'bad-opening': badOpening } as const;

/** Paths to all bytes and numbers within a value. */
function leaves(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (value instanceof Uint8Array) return value.length === 0 ? [] : [path];
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
}

function changedAt(value: unknown, path: readonly (string | number)[], bit: number): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (!(value instanceof Uint8Array)) return (value as number) ^ (1 << (bit % 3));
    const at = (bit >> 3) % value.length;
    return value.with(at, existing(value[at]) ^ (1 << (bit & 7)));
  }
  const copy: unknown = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  const fields = copy as Record<string | number, unknown>;
  fields[key] = changedAt(fields[key], rest, bit);
  return copy;
}

describe('a proof', () => {
  it('convicts who cheated: the holder of a wrong share, the dealer of wrong shares or of a wrong opening', () => {
    expect(judge(badShare)).toBe(holder);
    expect(judge(badDealer)).toBe(dealer);
    expect(judge(badOpening)).toBe(dealer);
  });

  it.each(Object.values(PROOFS))('convicts nobody under another kind, batch or roster: $proof', (proof) => {
    const kinds = (['bad-share', 'bad-dealer', 'bad-opening'] as const).filter(
      (kind) => kind !== proof.proof,
    );
    for (const kind of kinds) expect(judge({ ...proof, proof: kind })).toBeUndefined();
    expect(judge(proof, { batchContext: hash(1) })).toBeUndefined();
    expect(judge(proof, { keyCount: 3 })).toBeUndefined();
    const { roster } = castOf(crypto, 6);
    expect(judge(proof, { roster })).toBeUndefined();
  });

  it.each(Object.values(PROOFS))('convicts nobody with any bit or number of it changed: $proof', (proof) => {
    const paths = leaves(proof);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.nat(2047), (path, bit) => {
        expect(judge(changedAt(proof, path, bit) as MemberEvidence)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it.each(Object.values(PROOFS))('convicts nobody with a part of it missing: $proof', (proof) => {
    for (const part of ['boxes', 'releases', 'adverts', 'openings'] as const) {
      for (let i = 0; i < proof[part].length; i++) {
        expect(judge({ ...proof, [part]: proof[part].filter((_, at) => at !== i) })).toBeUndefined();
      }
    }
  });

  it('has canonical bytes that no other shares', () => {
    const texts = Object.values(PROOFS).map((proof) => toHex(encodeEvidence(proof)));
    expect(new Set(texts).size).toBe(3);
    expect(toHex(encodeEvidence({ ...badShare, releases: [] }))).not.toBe(texts[0]);
  });
});

describe('a release against its holder', () => {
  const release = existing(badShare.releases[0]);
  const signed = (body: typeof release.body, signer = holder): MemberEvidence => ({
    ...badShare,
    releases: [{ body, signature: signMessage(crypto, secretOf(signer), 'release', body) }],
  });

  it('proves nothing where the share opens its commitment', () => {
    const honest = releaseFor(existing(transcript.keepers[holder]), {
      kind: 'release',
      batchContext: context.batchContext,
      roundContext: hash(6),
      keyIndex: 0,
      choices: [{ owner: dealer, kind: 'self' }],
      maskedSum: hash(5),
      summation: undefined,
    });
    expect(judge(signed(honest))).toBeUndefined();
  });

  it('proves nothing where another signed it, or where it is about another owner, or another holder', () => {
    expect(judge(signed(release.body, 0))).toBeUndefined();
    const other = release.body.shares.map((share) => ({ ...share, owner: 1 }));
    expect(judge(signed({ ...release.body, shares: other }))).toBeUndefined();
    const body = { ...release.body, member: 1 };
    expect(judge(signed(body, 1))).toBeUndefined();
  });

  it('proves nothing about key indices that the batch does not have, or about another batch', () => {
    expect(judge(signed({ ...release.body, keyIndex: 2 }))).toBeUndefined();
    expect(judge(signed({ ...release.body, batchContext: hash(1) }))).toBeUndefined();
  });

  it('takes one box and one release', () => {
    expect(judge({ ...badShare, boxes: [box, box] })).toBeUndefined();
    expect(judge({ ...badShare, releases: [release, release] })).toBeUndefined();
  });

  it('proves nothing by a box that its dealer did not sign, or with another number of commitments', () => {
    const forged = { body: box.body, signature: signSealedShares(crypto, secretOf(0), box.body) };
    expect(judge({ ...badShare, boxes: [forged] })).toBeUndefined();
    const short = { ...box.body, commitments: box.body.commitments.slice(32) };
    const signature = signSealedShares(crypto, secretOf(dealer), short);
    expect(judge({ ...badShare, boxes: [{ body: short, signature }] })).toBeUndefined();
    const older = { ...box.body, batchContext: hash(1) };
    const signedOlder = signSealedShares(crypto, secretOf(dealer), older);
    expect(judge({ ...badShare, boxes: [{ body: older, signature: signedOlder }] })).toBeUndefined();
  });
});

/** The proof with the first release changed, and signed by its holder, which colludes. */
const withFirst = (change: Partial<MemberEvidence['releases'][number]['body']>): MemberEvidence => {
  const first = existing(badDealer.releases[0]);
  const body = { ...first.body, ...change };
  const signature = signMessage(crypto, secretOf(body.member), 'release', body);
  return { ...badDealer, releases: badDealer.releases.with(0, { body, signature }) };
};

describe('shares against their dealer', () => {
  const holders = [0, 1, 2, 4];
  const honest = (kindOf: (holder: number) => 'self' | 'pair'): MemberEvidence => ({
    ...badDealer,
    boxes: holders.map((id) =>
      existing(transcript.coordinatorNow.batches[0]?.dealt.get(dealer)?.boxes.get(id)),
    ),
    releases: holders.map((id) => {
      const body = releaseFor(existing(transcript.keepers[id]), {
        kind: 'release',
        batchContext: context.batchContext,
        roundContext: hash(6),
        maskedSum: hash(5),
        summation: undefined,
        keyIndex: 0,
        choices: [{ owner: dealer, kind: kindOf(id) }],
      });
      return { body, signature: signMessage(crypto, secretOf(id), 'release', body) };
    }),
  });

  it('prove nothing where they give what it committed to, nor where they are of both its secrets', () => {
    expect(judge(honest(() => 'self'))).toBeUndefined();
    expect(judge(honest(() => 'pair'))).toBeUndefined();
    for (const odd of holders) {
      expect(judge(honest((id) => (id === odd ? 'pair' : 'self')))).toBeUndefined();
    }
  });

  it('prove nothing where they are fewer than t, or of one holder twice', () => {
    const { boxes, releases } = badDealer;
    expect(judge({ ...badDealer, boxes: boxes.slice(1), releases: releases.slice(1) })).toBeUndefined();
    const [firstBox, firstRelease] = [existing(boxes[0]), existing(releases[0])];
    const twice = { boxes: boxes.with(1, firstBox), releases: releases.with(1, firstRelease) };
    expect(judge({ ...badDealer, ...twice })).toBeUndefined();
    expect(judge(badDealer, { threshold: 3 })).toBeUndefined();
  });

  it('prove nothing where a holder that colludes signed a share that is not the one dealt to it', () => {
    const first = existing(badDealer.releases[0]);
    const shares = first.body.shares.map((each) => ({ ...each, share: hash(9) }));
    expect(judge(withFirst({ shares }))).toBeUndefined();
  });

  it('prove nothing with more releases than boxes, with two adverts, or with one of another batch', () => {
    const { releases, adverts } = badDealer;
    expect(judge({ ...badDealer, releases: [...releases, existing(releases[0])] })).toBeUndefined();
    const advert = existing(adverts[0]);
    expect(judge({ ...badDealer, adverts: [advert, advert] })).toBeUndefined();
    const body = { ...advert.body, batchContext: hash(1) };
    const signature = signMessage(crypto, secretOf(dealer), 'key-advert', body);
    expect(judge({ ...badDealer, adverts: [{ body, signature }] })).toBeUndefined();
  });

  it('prove nothing where a holder has no point, or another one', () => {
    expect(judge(badDealer, { pointOf: (_, id) => (id === 0 ? undefined : id + 1) })).toBeUndefined();
  });

  it('prove nothing where boxes and releases are of different holders, key indices or secrets', () => {
    const { boxes, releases } = badDealer;
    expect(judge({ ...badDealer, boxes: boxes.toReversed() })).toBeUndefined();
    for (const change of [{ keyIndex: 1 }, { shares: [] }]) {
      const first = existing(releases[0]);
      const body = { ...first.body, ...change };
      const signature = signMessage(crypto, secretOf(body.member), 'release', body);
      expect(judge({ ...badDealer, releases: releases.with(0, { body, signature }) })).toBeUndefined();
    }
  });
});

describe('an opening against its dealer', () => {
  const opening = existing(badOpening.openings[0]);

  it('proves nothing where it opens the box, where another signed it, or where it is for another holder', () => {
    const { batchContext } = context;
    const keeper = existing(transcript.keepers[dealer]);
    const honest = existing(openedSharesFor(keeper, { kind: 'open-shares', batchContext, holder }));
    expect(opensBox(crypto, box.body, honest.payload)).toBe(true);
    const by = (body: typeof honest, signer: number): MemberEvidence => ({
      ...badOpening,
      openings: [{ body, signature: signMessage(crypto, secretOf(signer), 'opened-shares', body) }],
    });
    expect(judge(by(honest, dealer))).toBeUndefined();
    expect(judge(by(opening.body, 0))).toBeUndefined();
    expect(judge(by({ ...opening.body, holder: 1 }, dealer))).toBeUndefined();
    expect(judge(by({ ...opening.body, member: 0 }, 0))).toBeUndefined();
    expect(judge(by({ ...opening.body, batchContext: hash(1) }, dealer))).toBeUndefined();
  });

  it.each([0, 1, 63, 64, 192, 257])('of %i bytes convicts: it has not the slots of the box', (length) => {
    const body = { ...opening.body, payload: new Uint8Array(length) };
    const signature = signMessage(crypto, secretOf(dealer), 'opened-shares', body);
    expect(judge({ ...badOpening, openings: [{ body, signature }] })).toBe(dealer);
  });
});

describe('two survivor sets of one coordinator', () => {
  const roundContext = hash(7);
  const set = (kind: SignedSurvivors['kind'], byte: number, of = roundContext, sum = 5): SignedSurvivors => {
    const maskedSum = kind === 'survivors' ? new Uint8Array(0) : hash(sum);
    const statement = statementBytes(kind, of, hash(byte), maskedSum);
    return {
      kind,
      survivorsDigest: hash(byte),
      maskedSum,
      signature: crypto.ed25519Sign(cast.coordinatorIdentity, statement),
    };
  };
  const proves = (sets: TwoSurvivorSets['sets'], key = cast.roster.coordinatorKey): boolean =>
    provesTwoSurvivorSets(crypto, key, { proof: 'two-survivor-sets', roundContext, sets });

  const encoded = (a: number, b: number): string =>
    toHex(
      encodeEvidence({
        proof: 'two-survivor-sets',
        roundContext,
        sets: [set('survivors', a), set('survivors', b)],
      }),
    );

  it.each<[string, TwoSurvivorSets['sets']]>([
    ['two sets that it showed', [set('survivors', 1), set('survivors', 2)]],
    ['a set, and a request to open another', [set('survivors', 1), set('unmask-request', 2)]],
    ['two requests', [set('unmask-request', 1), set('unmask-request', 2)]],
    ['requests for two masked sums', [set('unmask-request', 1), set('unmask-request', 1, roundContext, 6)]],
  ])('are proven by %s', (_, sets) => {
    expect(proves(sets)).toBe(true);
    expect(proves(sets, existing(cast.roster.members[0]).publicKey)).toBe(false);
  });

  it.each<[string, TwoSurvivorSets['sets']]>([
    ['a set and the request to open it', [set('survivors', 1), set('unmask-request', 1)]],
    ['a request made twice', [set('unmask-request', 1), set('unmask-request', 1)]],
    ['sets of two rounds', [set('survivors', 1), set('survivors', 2, hash(8))]],
    ['a set under another name', [set('survivors', 1), { ...set('survivors', 2), kind: 'unmask-request' }]],
    [
      'a digest that was not signed',
      [set('survivors', 1), { ...set('survivors', 2), survivorsDigest: hash(3) }],
    ],
  ])('are not proven by %s', (_, sets) => {
    expect(proves(sets)).toBe(false);
  });

  it('have canonical bytes that name both', () => {
    expect(new Set([encoded(1, 2), encoded(1, 3), encoded(2, 1)]).size).toBe(3);
  });
});

const provesFork = (heads: ForkedLog['heads'], key = cast.roster.coordinatorKey): boolean =>
  provesForkedLog(crypto, key, { proof: 'forked-log', heads });

describe('two heads of one audit log', () => {
  const head = (size: number, byte: number, run = cast.run): SignedTreeHead =>
    signHead(crypto, cast.coordinatorIdentity, { run, size, root: hash(byte), time: byte });

  it('prove a fork where they have one size and two roots', () => {
    expect(provesFork([head(3, 1), head(3, 2)])).toBe(true);
    expect(provesFork([head(3, 1), head(3, 2)], existing(cast.roster.members[0]).publicKey)).toBe(false);
  });

  it.each<[string, ForkedLog['heads']]>([
    ['one head', [head(3, 1), head(3, 1)]],
    ['heads of different sizes', [head(3, 1), head(4, 2)]],
    ['heads of two runs', [head(3, 1), head(3, 2, hash(1))]],
    ['a head that was changed', [head(3, 1), { ...head(3, 2), root: hash(3) }]],
    ['a changed head first', [{ ...head(3, 2), root: hash(3) }, head(3, 1)]],
  ])('prove nothing where they are %s', (_, heads) => {
    expect(provesFork(heads)).toBe(false);
  });
});
