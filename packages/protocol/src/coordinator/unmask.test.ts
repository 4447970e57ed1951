import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveMasks } from '../client/masked-input.ts';
import { applyMasks } from '../masks.ts';
import { castOf, existing } from '../testing/cast.ts';
import { Transcript } from '../testing/transcript.ts';
import { planUnmask, type PointShare, type UnmaskRequestForKernel, unmaskWords } from './unmask.ts';

/** A round in which member 4's upload was lost: the request has four survivors and one dropout. */
const transcript = new Transcript(castOf(crypto, 5), {
  withholds: (member, kind) => member === 4 && kind === 'upload-end',
});
const [unmask] = transcript.effects('unmask');
if (unmask === undefined) throw new Error('the round did not come to its unmasking');
const { request, round } = unmask;

/** Words as the coordinator adds them up: each survivor's input, the member's id, under its masks. */
function maskedSum(dimension: number): Int32Array {
  const sum = new Int32Array(dimension);
  const uploads = transcript.clients.flatMap(({ step }) =>
    step.effects.filter((effect) => effect.kind === 'upload-input'),
  );
  for (const { request: upload } of uploads) {
    const { member } = upload.self;
    if (member === 4) continue;
    const secrets = existing(transcript.keepers[member]?.store.get(request.batchContext));
    const words = new Int32Array(dimension).fill(member);
    applyMasks(crypto, deriveMasks(crypto, secrets, upload), words, 0);
    words.forEach((word, i) => {
      sum[i] = (existing(sum[i]) + word) | 0;
    });
  }
  return sum;
}

type Owner = 'survivors' | 'dropouts';

/** The request with the shares of one owner changed. */
function withShares(
  list: Owner,
  index: number,
  change: (shares: readonly PointShare[]) => readonly PointShare[],
): UnmaskRequestForKernel {
  const owners = request[list].map((owner, i) =>
    i === index ? { ...owner, shares: change(owner.shares) } : owner,
  );
  return { ...request, [list]: owners };
}

function flipBit(share: PointShare, bit: number): PointShare {
  const byte = bit >> 3;
  return { ...share, share: share.share.with(byte, existing(share.share[byte]) ^ (1 << (bit & 7))) };
}

const flipped = (shares: readonly PointShare[]): readonly PointShare[] =>
  shares.map((share) => flipBit(share, 8));

describe('unmasking', () => {
  it('leaves the sum of the survivors', () => {
    expect(round.participants).toEqual([0, 1, 2, 3, 4]);
    expect(request.survivors.map(({ owner }) => owner.member)).toEqual([0, 1, 2, 3]);
    expect(request.dropouts.map(({ owner }) => owner.member)).toEqual([4]);
    const plan = planUnmask(crypto, request);
    if (!plan.ok) throw new Error('the plan names bad dealers');
    expect(plan.masks).toHaveLength(4 + 4);
    const words = maskedSum(50);
    unmaskWords(crypto, plan.masks, words.subarray(0, 20), 0);
    unmaskWords(crypto, plan.masks, words.subarray(20), 20);
    expect(words).toEqual(new Int32Array(50).fill(0 + 1 + 2 + 3));
  });

  it('is refused where a dealer shared another secret than it committed to, and names the dealer', () => {
    // X25519 clamps bits of the first and the last byte: another of those is the same key.
    const bits = fc.integer({ min: 8, max: 247 });
    const owners = fc.constantFrom<[Owner, number, number]>(['survivors', 2, 2], ['dropouts', 0, 4]);
    fc.assert(
      fc.property(owners, bits, fc.nat(request.threshold - 1), ([list, index, dealer], bit, at) => {
        const broken = withShares(list, index, (shares) =>
          shares.map((share, i) => (i === at ? flipBit(share, bit) : share)),
        );
        expect(planUnmask(crypto, broken)).toEqual({ ok: false, badDealers: [dealer] });
      }),
    );
  });

  it('names every bad dealer', () => {
    const both = {
      ...withShares('survivors', 0, flipped),
      dropouts: withShares('dropouts', 0, flipped).dropouts,
    };
    expect(planUnmask(crypto, both)).toEqual({ ok: false, badDealers: [0, 4] });
  });

  it.each<[string, Partial<UnmaskRequestForKernel>]>([
    ['batch', { batchContext: new Uint8Array(32) }],
    ['key index', { keyIndex: 1 }],
  ])('is refused for the self seeds of another %s', (_, change) => {
    expect(planUnmask(crypto, { ...request, ...change })).toEqual({ ok: false, badDealers: [0, 1, 2, 3] });
  });

  it('is a bug with fewer than t shares', () => {
    const short = withShares('survivors', 0, (shares) => shares.slice(0, request.threshold - 1));
    expect(() => planUnmask(crypto, short)).toThrow(expect.objectContaining({ code: 'BELOW_THRESHOLD' }));
  });
});
