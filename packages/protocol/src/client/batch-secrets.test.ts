import { combineShares, concatBytes, toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selfSeedCommitment, verifyReleasedShare } from '../commitments.ts';
import { drawCommitment } from '../draw.ts';
import type { ReleasedShare, SecretKind } from '../messages/round.ts';
import type { SealedShares, Signed } from '../messages/setup.ts';
import { existing, seededBytes } from '../testing/cast.ts';
import {
  advertiseKeys,
  type BatchSecrets,
  dealShares,
  type DealResult,
  generateBatchSecrets,
  openHeldShares,
  releaseShares,
  wipeBatchSecrets,
} from './batch-secrets.ts';
import { memorySecretStore } from './secret-store.ts';

const KEYS = 3;
const THRESHOLD = 3;
const MEMBERS = [10, 20, 30, 40];
const batchContext = new Uint8Array(32).fill(5);

/** Four members who have dealt and opened everything; ids are not positions. */
function settle(): {
  readonly dealt: ReadonlyMap<number, DealResult>;
  readonly held: ReadonlyMap<number, BatchSecrets>;
  readonly sealingKeys: ReadonlyMap<number, Uint8Array>;
} {
  const random = seededBytes(crypto, 1);
  const own = new Map(MEMBERS.map((member) => [member, generateBatchSecrets(random, KEYS)]));
  const recipients = MEMBERS.map((member, i) => ({
    member,
    point: i + 1,
    sealingKey: advertiseKeys(crypto, batchContext, member, existing(own.get(member)), false).sealingKey,
  }));
  const dealt = new Map(
    MEMBERS.map((dealer) => {
      const deal = { batchContext, dealer, threshold: THRESHOLD, holders: MEMBERS.length, recipients };
      return [dealer, dealShares(crypto, random, deal, existing(own.get(dealer)))] as const;
    }),
  );
  const sealingKeys = new Map(recipients.map(({ member, sealingKey }) => [member, sealingKey]));
  const held = new Map(
    MEMBERS.map((holder) => {
      const boxes = MEMBERS.filter((dealer) => dealer !== holder).map((dealer) => ({
        box: unsigned(boxFor(existing(dealt.get(dealer)), holder)),
        dealerKey: existing(sealingKeys.get(dealer)),
      }));
      const opened = openHeldShares(crypto, holder, existing(dealt.get(holder)).secrets, boxes);
      expect(opened.badBoxes).toEqual([]);
      return [holder, opened.secrets] as const;
    }),
  );
  return { dealt, held, sealingKeys };
}

/** Boxes are opened when their signature has been checked; these functions do not look at it. */
const unsigned = (body: SealedShares): Signed<SealedShares> => ({ body, signature: new Uint8Array(64) });

function boxFor({ boxes }: DealResult, holder: number): SealedShares {
  const box = boxes.find((each) => each.holder === holder);
  if (box === undefined) throw new Error(`no box for ${holder}`);
  return box;
}

const { dealt, held, sealingKeys } = settle();
const dealOf = (dealer: number): DealResult => existing(dealt.get(dealer));
const heldBy = (holder: number): BatchSecrets => existing(held.get(holder));

function releasedBy(holder: number, owner: number, kind: SecretKind, keyIndex: number): ReleasedShare {
  const [share] = releaseShares(heldBy(holder), keyIndex, [{ owner, kind }]);
  if (share === undefined) throw new Error(`${holder} holds no share of ${owner}`);
  return share;
}

function commitmentsOf(dealer: number, holder: number): Uint8Array {
  return dealer === holder ? dealOf(dealer).ownCommitments : boxFor(dealOf(dealer), holder).commitments;
}

describe('keys of a batch', () => {
  it('are advertised in public form, with a commitment to each self seed that no other place shares', () => {
    const secrets = heldBy(20);
    const advert = advertiseKeys(crypto, batchContext, 20, secrets, false);
    expect(advert.roundKeys.map(toHex)).toEqual(
      secrets.roundSecrets.map((secret) => toHex(crypto.x25519PublicKey(secret))),
    );
    const seed = existing(secrets.selfSeeds[0]);
    const commitments = [
      selfSeedCommitment(crypto, batchContext, 0, 20, seed),
      selfSeedCommitment(crypto, batchContext, 1, 20, seed),
      selfSeedCommitment(crypto, batchContext, 0, 21, seed),
      selfSeedCommitment(crypto, new Uint8Array(32), 0, 20, seed),
    ];
    expect(advert.selfSeedCommitments[0]).toEqual(commitments[0]);
    expect(new Set(commitments.map(toHex)).size).toBe(4);
  });
});

describe('the nonce of a draw', () => {
  it('is committed to by who is of the committee, and by nobody else', () => {
    const secrets = heldBy(20);
    const advert = advertiseKeys(crypto, batchContext, 20, secrets, true);
    expect(advert.drawCommitment).toEqual(drawCommitment(crypto, batchContext, 20, secrets.drawNonce));
    expect(advertiseKeys(crypto, batchContext, 20, secrets, false).drawCommitment).toHaveLength(0);
  });
});

describe('shares', () => {
  it('of any t holders give back each secret; those of t - 1 do not', () => {
    const subsets = fc.subarray([0, 1, 2, 3], { minLength: THRESHOLD, maxLength: THRESHOLD });
    const kinds = fc.constantFrom<SecretKind>('self', 'pair');
    fc.assert(
      fc.property(
        subsets,
        kinds,
        fc.nat(KEYS - 1),
        fc.constantFrom(...MEMBERS),
        (holders, kind, keyIndex, owner) => {
          const secrets = heldBy(owner);
          const secret = (kind === 'self' ? secrets.selfSeeds : secrets.roundSecrets)[keyIndex];
          const shares = holders.map((i) => ({
            x: i + 1,
            y: releasedBy(existing(MEMBERS[i]), owner, kind, keyIndex).share,
          }));
          expect(combineShares(shares, THRESHOLD)).toEqual(secret);
          expect(combineShares(shares, THRESHOLD - 1)).not.toEqual(secret);
        },
      ),
    );
  });

  it('open the commitment of their place, and no other', () => {
    for (const owner of MEMBERS) {
      for (const holder of MEMBERS) {
        const share = releasedBy(holder, owner, 'self', 1);
        const verify = (at: number, keyIndex: number, released = share, to = holder): boolean =>
          verifyReleasedShare(crypto, batchContext, to, keyIndex, released, commitmentsOf(at, holder));
        expect(verify(owner, 1)).toBe(true);
        expect(verify(owner, 0)).toBe(false);
        expect(verify(owner, 1, { ...share, kind: 'pair' })).toBe(false);
        expect(verify(owner, 1, share, holder + 1)).toBe(false);
        expect(verify(owner, 1, { ...share, owner: owner + 1 })).toBe(false);
        expect(verify(owner, KEYS)).toBe(false);
      }
    }
  });

  it('do not open their commitment with one bit changed, in the share or in the salt', () => {
    const share = releasedBy(10, 30, 'pair', 2);
    const flips = fc.record({ field: fc.constantFrom('share' as const, 'salt' as const), bit: fc.nat(255) });
    fc.assert(
      fc.property(flips, ({ field, bit }) => {
        const bytes = share[field];
        const changed = bytes.with(bit >> 3, existing(bytes[bit >> 3]) ^ (1 << (bit & 7)));
        const released = { ...share, [field]: changed };
        expect(verifyReleasedShare(crypto, batchContext, 10, 2, released, commitmentsOf(30, 10))).toBe(false);
      }),
    );
  });

  it('of an owner that dealt nothing are left out of a release', () => {
    const choices = [
      { owner: 10, kind: 'self' as const },
      { owner: 99, kind: 'self' as const },
      { owner: 20, kind: 'pair' as const },
    ];
    expect(releaseShares(heldBy(40), 0, choices).map(({ owner }) => owner)).toEqual([10, 20]);
  });
});

describe('a box', () => {
  const box = boxFor(dealOf(10), 20);
  const open = (changed: SealedShares, dealer = 10, holder = 20): readonly number[] =>
    openHeldShares(crypto, holder, dealOf(holder).secrets, [
      { box: unsigned(changed), dealerKey: existing(sealingKeys.get(dealer)) },
    ]).badBoxes.map(({ body }) => body.dealer);

  it('with one bit changed names its dealer, and nothing of it is kept', () => {
    fc.assert(
      fc.property(fc.nat(8 * box.sealed.length - 1), (bit) => {
        const byte = bit >> 3;
        const sealed = box.sealed.with(byte, existing(box.sealed[byte]) ^ (1 << (bit & 7)));
        const opened = openHeldShares(crypto, 20, dealOf(20).secrets, [
          { box: unsigned({ ...box, sealed }), dealerKey: existing(sealingKeys.get(10)) },
        ]);
        expect(opened.badBoxes.map(({ body }) => body)).toEqual([{ ...box, sealed }]);
        expect([...opened.secrets.held.keys()]).toEqual([20]);
      }),
    );
  });

  it.each<[string, () => readonly number[]]>([
    ['for another holder', () => open(box, 10, 30)],
    ['under another dealer', () => open({ ...box, dealer: 30 })],
    ['under the key of another dealer', () => open(box, 30)],
    ['of another batch', () => open({ ...box, batchContext: new Uint8Array(32) })],
    [
      'with a commitment changed',
      () =>
        open({ ...box, commitments: box.commitments.with(5 * 32, 1 ^ existing(box.commitments[5 * 32])) }),
    ],
    [
      'with commitments swapped',
      () =>
        open({
          ...box,
          commitments: concatBytes(
            box.commitments.subarray(32, 64),
            box.commitments.subarray(0, 32),
            box.commitments.subarray(64),
          ),
        }),
    ],
    ['with a commitment missing', () => open({ ...box, commitments: box.commitments.slice(0, 5 * 32) })],
    ['with a ciphertext that is cut', () => open({ ...box, sealed: box.sealed.subarray(1) })],
    ['with the shortest ciphertext', () => open({ ...box, sealed: new Uint8Array(16) })],
  ])('%s names its dealer', (_, badDealers) => {
    expect(badDealers()).toHaveLength(1);
  });

  it('from a dealer whose key is of small order names it', () => {
    const weak = openHeldShares(crypto, 20, dealOf(20).secrets, [
      { box: unsigned(box), dealerKey: new Uint8Array(32) },
    ]);
    expect(weak.badBoxes.map(({ body }) => body.dealer)).toEqual([10]);
  });

  it('does not keep others from being opened', () => {
    const boxes = [box, boxFor(dealOf(30), 20), boxFor(dealOf(40), 20)].map((each) => ({
      box: unsigned(
        each.dealer === 30 ? { ...each, sealed: each.sealed.with(0, 1 ^ existing(each.sealed[0])) } : each,
      ),
      dealerKey: existing(sealingKeys.get(each.dealer)),
    }));
    const opened = openHeldShares(crypto, 20, dealOf(20).secrets, boxes);
    expect(opened.badBoxes.map(({ body }) => body.dealer)).toEqual([30]);
    expect([...opened.secrets.held.keys()]).toEqual([20, 10, 40]);
  });
});

describe('dealing', () => {
  const random = seededBytes(crypto, 9);
  const recipients = MEMBERS.map((member, i) => ({
    member,
    point: i + 1,
    sealingKey: existing(sealingKeys.get(member)),
  }));
  const deal = { batchContext, dealer: 10, threshold: THRESHOLD, holders: MEMBERS.length, recipients };

  it('again gives the same boxes and keeps the same shares: no secret is shared twice', () => {
    const once = dealShares(crypto, random, deal, generateBatchSecrets(random, KEYS));
    const again = dealShares(crypto, random, deal, once.secrets);
    expect(again.boxes).toEqual(once.boxes);
    expect(again.ownCommitments).toEqual(once.ownCommitments);
    expect(again.secrets).toEqual(once.secrets);
    // Whoever was not there the first time gets nothing the second time.
    const fewer = { ...deal, recipients: recipients.slice(0, 3) };
    const first = dealShares(crypto, random, fewer, generateBatchSecrets(random, KEYS));
    const later = dealShares(crypto, random, deal, first.secrets);
    expect(later.boxes.map(({ holder }) => holder)).toEqual([20, 30]);
  });

  it('on a sparse graph keeps no share of the dealer, who holds none', () => {
    const others = { ...deal, recipients: recipients.slice(1) };
    const { boxes, ownCommitments, secrets } = dealShares(
      crypto,
      random,
      others,
      generateBatchSecrets(random, KEYS),
    );
    expect([boxes.length, ownCommitments.length, secrets.held.size]).toEqual([3, 0, 0]);
  });

  it('to a recipient whose sealing key is of small order, or without a point, is a bug', () => {
    const secrets = generateBatchSecrets(random, 1);
    const sealingKey = existing(sealingKeys.get(20));
    for (const recipient of [
      { member: 20, point: 2, sealingKey: new Uint8Array(32) },
      { member: 20, point: 5, sealingKey },
    ]) {
      expect(() => dealShares(crypto, random, { ...deal, recipients: [recipient] }, secrets)).toThrow(
        expect.objectContaining({ code: 'INVARIANT' }),
      );
    }
  });
});

describe('secrets that are forgotten', () => {
  it('are overwritten', () => {
    const secrets = existing(settle().held.get(10));
    wipeBatchSecrets(secrets);
    const all = [
      secrets.sealingSecret,
      ...secrets.roundSecrets,
      ...secrets.selfSeeds,
      ...secrets.held.values(),
      ...secrets.dealt.values(),
      secrets.drawNonce,
    ];
    expect(all).toHaveLength(1 + 2 * KEYS + 2 * MEMBERS.length);
    for (const bytes of all) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('are gone from the store, and those of another batch are not', () => {
    const store = memorySecretStore();
    const [old, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const random = seededBytes(crypto, 3);
    const secrets = generateBatchSecrets(random, 1);
    store.put(old, secrets);
    store.put(other, generateBatchSecrets(random, 1));
    store.forget(old);
    store.forget(old);
    expect(store.get(old)).toBeUndefined();
    expect(secrets.sealingSecret).toEqual(new Uint8Array(32));
    expect(store.get(other)?.sealingSecret).not.toEqual(new Uint8Array(32));
  });
});
