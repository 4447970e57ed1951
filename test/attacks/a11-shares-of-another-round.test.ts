/** A11: shares of one round are handed in, or made use of, in another. */
import type { Message } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';
import { CheatingFederation } from '../support/cheating-federation.ts';
import { plainSum } from '../support/federation.ts';

const VICTIM = 0;
const HOLDER = 3;

describe('A11: shares of another round', () => {
  it('that a holder hands in are named as its own fault, with a proof, and the sum is right', () => {
    const federation = new CheatingFederation({ members: 5, keyCount: 3 });
    const { cast } = federation;
    expect(federation.sum().failures).toEqual([]);
    const old = cast.all('release').find(({ from }) => from === HOLDER);
    if (old === undefined) throw new Error('nothing was released');
    federation.corrupt(HOLDER, (message): Message[] =>
      message.kind === 'release'
        ? [cast.member(HOLDER).sign('release', { ...message.body, shares: old.body.shares }) as Message]
        : [message],
    );
    const { sum, survivors } = federation.sum();
    expect(sum).toEqual(
      plainSum(
        cast.members.map(({ vector }) => vector),
        survivors,
      ),
    );
    expect(federation.rejections).toContainEqual(
      expect.objectContaining({ code: 'BAD_SHARE', from: HOLDER }),
    );
    expect(federation.evidence).toMatchObject([{ culprit: HOLDER, evidence: { proof: 'bad-share' } }]);
  });

  it('that a holder hands in under the old signature are of another round, and no proof of anything', () => {
    const federation = new CheatingFederation({ members: 5, keyCount: 3 });
    federation.sum();
    const { cast } = federation;
    const old = cast.heard.find(({ from, message }) => from === HOLDER && message.kind === 'release');
    federation.corrupt(HOLDER, (message) =>
      message.kind === 'release' && old !== undefined ? [old.message, message] : [message],
    );
    expect(federation.sum().survivors).toEqual([0, 1, 2, 3, 4]);
    expect(federation.rejections).toMatchObject([{ code: 'WRONG_CONTEXT', from: HOLDER }]);
    expect(federation.evidence).toEqual([]);
  });

  it('open nothing of the next: every key index has secrets of its own', () => {
    const attacker = new Attacker({ members: 5, dimension: 2048 });
    attacker.openBatch();
    const uploads = attacker.collectUploads(1);
    // The victim is called a dropout, the others survive: its round key of the first round is known.
    attacker.request(attacker.show(uploads.slice(1), [1, 2, 3, 4]), [1, 2, 3, 4]);
    expect(attacker.secretOf(VICTIM, 'pair', 0)).toBeDefined();
    attacker.collectUploads(2, { keyIndex: 1 });
    for (const kind of ['self', 'pair'] as const) expect(attacker.secretOf(VICTIM, kind, 1)).toBeUndefined();
    const advert = attacker.adverts().get(VICTIM)?.body;
    expect(advert?.roundKeys[0]).not.toEqual(advert?.roundKeys[1]);
    expect(advert?.selfSeedCommitments[0]).not.toEqual(advert?.selfSeedCommitments[1]);
    expect(chiSquare(attacker.attempt(VICTIM, 1))).toBeLessThan(UNIFORM);
  });

  it('sealed for one place are refused in another: batch, dealer and holder are under the seal', () => {
    const attacker = new Attacker({ members: 5 });
    attacker.openBatch();
    const old = attacker.boxesFor(VICTIM);
    attacker.advertise({ batch: 2 });
    attacker.tell(attacker.everybody, 'key-roster', attacker.keyRoster());
    const { batchContext } = attacker;
    const forOther = attacker.boxesFor(1).filter(({ body }) => body.dealer !== VICTIM);
    for (const boxes of [old, forOther]) attacker.tell([VICTIM], 'held-shares', { batchContext, boxes });
    expect(attacker.member(VICTIM).rejections).toMatchObject([
      { code: 'WRONG_CONTEXT' },
      { code: 'WRONG_CONTEXT' },
    ]);
  });
});
