import { nobleBackend } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bodies, Message, MessageKind } from './messages/index.ts';
import {
  EMPTY_SIGNATURE,
  signMessage,
  signSealedShares,
  statementBytes,
  survivorsDigest,
  verifyMessage,
  verifySealedShares,
} from './signing.ts';
import { existing } from './testing/cast.ts';
import { anyBody, MESSAGE_KINDS } from './testing/arbitrary-messages.ts';

const SECRET = new Uint8Array(32).fill(1);
const PUBLIC = crypto.ed25519PublicKey(SECRET);
const OTHER = crypto.ed25519PublicKey(new Uint8Array(32).fill(2));
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const SIGNED_KINDS: readonly MessageKind[] = MESSAGE_KINDS.filter((kind) => kind !== 'vector-chunk');

/** What a signature covers, as text: all of the body, but of a survivor set only what its digest covers. */
function covered(kind: MessageKind, body: Bodies[MessageKind]): string {
  const message = { kind, body } as Message;
  if (message.kind === 'unmask-request') {
    const { roundContext, survivorsDigest: digest, maskedSum } = message.body;
    return JSON.stringify([roundContext, digest, maskedSum]);
  }
  if (message.kind === 'survivors') {
    const { roundContext, uploads } = message.body;
    return JSON.stringify([roundContext, uploads.map(({ member, digest }) => [member, digest])]);
  }
  return JSON.stringify(body);
}

describe.each(SIGNED_KINDS)('a signature over %s', (kind) => {
  const bodies = anyBody(kind);

  it('verifies under the key of its signer and no other, on both backends', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const signature = signMessage(crypto, SECRET, kind, body);
        expect(verifyMessage(crypto, PUBLIC, kind, body, signature)).toBe(true);
        expect(verifyMessage(crypto, OTHER, kind, body, signature)).toBe(false);
        expect(verifyMessage(nobleBackend, PUBLIC, kind, body, signature)).toBe(true);
      }),
      { numRuns: 3 },
    );
  });

  it('verifies for no other body', () => {
    fc.assert(
      fc.property(bodies, bodies, (body, other) => {
        const signature = signMessage(crypto, SECRET, kind, body);
        for (const field of Object.keys(body) as (keyof typeof body)[]) {
          const mixed = { ...body, [field]: other[field] };
          const same = covered(kind, mixed) === covered(kind, body);
          expect(verifyMessage(crypto, PUBLIC, kind, mixed, signature)).toBe(same);
        }
      }),
      { numRuns: 3 },
    );
  });
});

describe('a signature', () => {
  it('is of one kind: the same fields under another kind do not verify', () => {
    const ready = { termsDigest: hash(1), member: 3, nonce: hash(2) };
    const signature = signMessage(crypto, SECRET, 'ready', ready);
    // A survivors signature has the same canonical bytes: a hash, a member, a hash.
    const survivors = { roundContext: hash(1), member: 3, survivorsDigest: hash(2) };
    expect(verifyMessage(crypto, PUBLIC, 'survivors-signature', survivors, signature)).toBe(false);
  });

  it('is refused where it is cut, changed or empty', () => {
    const body = { termsDigest: hash(1), member: 3, nonce: hash(2) };
    const signature = signMessage(crypto, SECRET, 'ready', body);
    for (let i = 0; i < signature.length; i++) {
      const changed = signature.with(i, existing(signature[i]) ^ 1);
      expect(verifyMessage(crypto, PUBLIC, 'ready', body, changed)).toBe(false);
    }
    expect(verifyMessage(crypto, PUBLIC, 'ready', body, signature.subarray(1))).toBe(false);
    expect(verifyMessage(crypto, PUBLIC, 'ready', body, EMPTY_SIGNATURE)).toBe(false);
  });

  it('is not made for a chunk, and none verifies', () => {
    const body = { roundContext: hash(1), sequence: 0, bytes: new Uint8Array(4) };
    expect(signMessage(crypto, SECRET, 'vector-chunk', body)).toEqual(EMPTY_SIGNATURE);
    expect(verifyMessage(crypto, PUBLIC, 'vector-chunk', body, EMPTY_SIGNATURE)).toBe(false);
  });

  it('can be checked over the longest list that a frame brings', () => {
    const shares = Array.from({ length: 65_535 }, (_, owner) => ({
      owner,
      kind: 'self' as const,
      share: hash(1),
      salt: hash(2),
    }));
    const none = { maskedSum: hash(3), innerProduct: new Uint8Array(0) };
    const body = { batchContext: hash(2), keyIndex: 0, roundContext: hash(1), member: 0, shares, ...none };
    expect(verifyMessage(crypto, PUBLIC, 'release', body, new Uint8Array(64))).toBe(false);
  });
});

describe("the coordinator's signature over a survivor set", () => {
  const uploads = [
    { member: 1, digest: hash(1), signature: new Uint8Array(64).fill(1) },
    { member: 4, digest: hash(2), signature: new Uint8Array(64).fill(2) },
  ];
  const digest = survivorsDigest(crypto, hash(0), uploads);
  const body = { roundContext: hash(0), uploads };

  it('is over the digest of the set, so that two of them make a proof of two lines', () => {
    const signature = signMessage(crypto, SECRET, 'survivors', body);
    const statement = statementBytes('survivors', hash(0), digest, new Uint8Array(0));
    expect(crypto.ed25519Verify(PUBLIC, statement, signature)).toBe(true);
    const others = uploads.map((upload) => ({ ...upload, signature: new Uint8Array(64) }));
    expect(verifyMessage(crypto, PUBLIC, 'survivors', { ...body, uploads: others }, signature)).toBe(true);
    const fewer = { ...body, uploads: uploads.slice(1) };
    expect(verifyMessage(crypto, PUBLIC, 'survivors', fewer, signature)).toBe(false);
  });

  it('is none over the request to open it, nor the other way', () => {
    const request = { roundContext: hash(0), survivorsDigest: digest, signatures: [], maskedSum: hash(4) };
    const ofSet = signMessage(crypto, SECRET, 'survivors', body);
    const ofRequest = signMessage(crypto, SECRET, 'unmask-request', request);
    expect(verifyMessage(crypto, PUBLIC, 'unmask-request', request, ofRequest)).toBe(true);
    expect(verifyMessage(crypto, PUBLIC, 'unmask-request', request, ofSet)).toBe(false);
    expect(verifyMessage(crypto, PUBLIC, 'survivors', body, ofRequest)).toBe(false);
    const forSum = { ...request, maskedSum: hash(9) };
    expect(verifyMessage(crypto, PUBLIC, 'unmask-request', forSum, ofRequest)).toBe(false);
    const forOther = { ...request, survivorsDigest: hash(9) };
    expect(verifyMessage(crypto, PUBLIC, 'unmask-request', forOther, ofRequest)).toBe(false);
  });
});

describe('the signature over a box of shares', () => {
  const box = {
    batchContext: hash(1),
    dealer: 1,
    holder: 2,
    sealed: new Uint8Array(80).fill(9),
    commitments: Buffer.concat([hash(3), hash(4)]),
  };

  it.each([
    ['another batch', { ...box, batchContext: hash(9) }],
    ['another dealer', { ...box, dealer: 3 }],
    ['another holder', { ...box, holder: 3 }],
    ['another ciphertext', { ...box, sealed: box.sealed.with(0, 8) }],
    ['another commitment', { ...box, commitments: Buffer.concat([hash(3), hash(5)]) }],
    ['a commitment less', { ...box, commitments: hash(3) }],
  ])('does not verify for %s', (_, other) => {
    const signature = signSealedShares(crypto, SECRET, box);
    expect(verifySealedShares(crypto, PUBLIC, box, signature)).toBe(true);
    expect(verifySealedShares(crypto, PUBLIC, other, signature)).toBe(false);
    expect(verifySealedShares(crypto, OTHER, box, signature)).toBe(false);
  });
});

describe('the digest of survivors', () => {
  const uploads = [
    { member: 1, digest: hash(1) },
    { member: 4, digest: hash(2) },
  ];
  const digest = survivorsDigest(crypto, hash(0), uploads).join();

  it.each([
    ['another round', hash(9), uploads],
    ['a member less', hash(0), uploads.slice(1)],
    ['a member more', hash(0), [...uploads, { member: 5, digest: hash(3) }]],
    ['another member', hash(0), [uploads[0], { member: 5, digest: hash(2) }]],
    ['another upload', hash(0), [uploads[0], { member: 4, digest: hash(3) }]],
    ['another order', hash(0), uploads.toReversed()],
  ])('differs for %s', (_, context, other) => {
    expect(survivorsDigest(crypto, context, other as typeof uploads).join()).not.toBe(digest);
  });
});
