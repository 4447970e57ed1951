/**
 * Boxes that do not open, on both graphs: the holder complains, the dealer opens the holder's shares to
 * everybody, and the sum loses nobody; a dealer that keeps silent is left out where too few holders are left
 * that could open its secrets.
 */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { decodeMessage, encodeMessage, signMessage, thresholdsFor } from '@tributary/protocol';
import type { Frame, InMemoryFederation, SumRequest } from '@tributary/protocol/in-memory';
import { describe, expect, it } from 'vitest';
import { signSealedShares } from '../support/cheating-federation.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { kindOf } from '../support/moments.ts';

const DEALER = 5;
const DIMENSION = 20;

/** The dealer's boxes for some of its holders with one byte changed, signed again by the dealer. */
function spoiled(frame: Frame, identity: Uint8Array, boxes: number): Frame {
  const decoded = decodeMessage(frame.bytes);
  if (!decoded.ok || decoded.message.kind !== 'dealt-shares') return frame;
  const { body } = decoded.message;
  const changed = body.boxes.map((box, i) => {
    if (i >= boxes) return box;
    const { sealed } = box.body;
    const spoiledBox = { ...box.body, sealed: sealed.with(7, 1 ^ (sealed[7] ?? 0)) };
    return { body: spoiledBox, signature: signSealedShares(crypto, identity, spoiledBox) };
  });
  const next = { ...body, boxes: changed };
  return {
    ...frame,
    bytes: encodeMessage('dealt-shares', next, signMessage(crypto, identity, 'dealt-shares', next)),
  };
}

interface Scene {
  readonly members: number;
  readonly boxes: number;
  readonly silent?: boolean;
}

function federationOf({ members, boxes, silent = false }: Scene): InMemoryFederation {
  const { federation, identities } = testFederation(members, {
    seed: members,
    thresholds: (n) =>
      n > 64
        ? thresholdsFor(n, 'security', { colluders: 2, dropoutRate: 0.02, securityBits: 16, abortBits: 8 })
        : thresholdsFor(n),
    faults: {
      intercept(frame) {
        if (frame.from !== DEALER) return [frame];
        if (silent && kindOf(frame) === 'opened-shares') return [];
        return [spoiled(frame, identities[DEALER] ?? new Uint8Array(32), boxes)];
      },
    },
  });
  return federation;
}

interface Sum {
  readonly vectors: readonly Int32Array[];
  readonly everybody: readonly number[];
  readonly request: SumRequest;
}

function sumOf(members: number): Sum {
  const vectors = randomVectors(members, DIMENSION, members);
  return {
    vectors,
    everybody: vectors.map((_, id) => id),
    request: sumRequest(DIMENSION, vectors, { bits: 22 }),
  };
}

describe('a dealer whose boxes do not open', () => {
  it.each([7, 70])(
    'and that answers the complaint, of %i members, is in the sum and is not blamed',
    (members) => {
      const { vectors, everybody, request } = sumOf(members);
      const federation = federationOf({ members, boxes: 1 });
      expect(federation.sum(request)).toEqual({
        kind: 'opened',
        survivors: everybody,
        sum: plainSum(vectors, everybody),
      });
      const complained = federation.rejections.filter(({ code }) => code === 'BAD_DEALER');
      expect(complained.map(({ from }) => from)).toEqual([DEALER, DEALER]);
      expect(federation.evidence).toEqual([]);
      expect(federation.drops).toEqual([]);
    },
  );

  it('and that keeps silent is in the sum all the same, where t holders can open its secrets', () => {
    const { vectors, everybody, request } = sumOf(7);
    expect(federationOf({ members: 7, boxes: 2, silent: true }).sum(request)).toEqual({
      kind: 'opened',
      survivors: everybody,
      sum: plainSum(vectors, everybody),
    });
  });

  it('and that keeps silent is left out where they cannot, and the sum is over the others', () => {
    const { vectors, everybody, request } = sumOf(7);
    const federation = federationOf({ members: 7, boxes: 3, silent: true });
    const others = everybody.filter((id) => id !== DEALER);
    expect(federation.sum(request)).toEqual({
      kind: 'opened',
      survivors: others,
      sum: plainSum(vectors, others),
    });
    expect(federation.evidence).toEqual([]);
  });
});
