/** A4: the coordinator relays keys of its own in place of a member's, to sit between members (MITM). */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import type { Bodies, RejectionCode } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';

type Advert = Bodies['key-roster']['adverts'][number];

const VICTIM = 0;
const PEER = 3;
const ownSecret = new Uint8Array(32).fill(77);
const ownKey = crypto.x25519PublicKey(ownSecret);

const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(5, (bytes[5] ?? 0) ^ 1);

const SWAPS: [string, RejectionCode, (advert: Advert, attacker: Attacker) => Advert][] = [
  [
    'a sealing key of its own',
    'BAD_SIGNATURE',
    ({ body, signature }) => ({ body: { ...body, sealingKey: ownKey }, signature }),
  ],
  [
    'one bit of the sealing key changed',
    'BAD_SIGNATURE',
    ({ body, signature }) => ({ body: { ...body, sealingKey: flipped(body.sealingKey) }, signature }),
  ],
  [
    'one round key of its own',
    'BAD_SIGNATURE',
    ({ body, signature }) => ({
      body: { ...body, roundKeys: [ownKey, ...body.roundKeys.slice(1)] },
      signature,
    }),
  ],
  [
    'round keys in another order',
    'BAD_SIGNATURE',
    ({ body, signature }) => ({ body: { ...body, roundKeys: body.roundKeys.toReversed() }, signature }),
  ],
  [
    'another commitment to a self seed',
    'BAD_SIGNATURE',
    ({ body, signature }) => ({
      body: { ...body, selfSeedCommitments: body.selfSeedCommitments.map(flipped) },
      signature,
    }),
  ],
  [
    'an advert that a member in league with it signed',
    'BAD_SIGNATURE',
    ({ body }, attacker) => {
      const other = { ...body, sealingKey: ownKey };
      return { body: other, signature: attacker.member(1).sign('key-advert', other).signature };
    },
  ],
  [
    "another member's advert under its name",
    'BAD_SIGNATURE',
    (_, attacker) => {
      const advert = attacker.adverts().get(1);
      if (advert === undefined) throw new Error('no advert');
      return { ...advert, body: { ...advert.body, member: PEER } };
    },
  ],
  [
    'a small-order key that the peer signed',
    'BAD_KEY',
    ({ body }, attacker) => {
      const weak = { ...body, sealingKey: new Uint8Array(32) };
      return { body: weak, signature: attacker.member(PEER).sign('key-advert', weak).signature };
    },
  ],
];

describe('A4: a key swap in the middle', () => {
  it.each(SWAPS)(
    'with %s is refused as %s: the member deals no share and uploads nothing',
    (_, code, swap) => {
      const attacker = new Attacker({ members: 5 });
      attacker.advertise();
      const honest = attacker.keyRoster();
      const adverts = honest.adverts.map((advert) =>
        advert.body.member === PEER ? swap(advert, attacker) : advert,
      );
      const answers = attacker.tell([VICTIM], 'key-roster', { ...honest, adverts });
      expect(answers).toMatchObject([{ kind: 'refusal', body: { code } }]);
      expect(attacker.member(VICTIM).rejections).toMatchObject([
        { code, from: 'coordinator', detail: expect.stringMatching(/org-3/) as string },
      ]);
      expect(attacker.all('dealt-shares')).toEqual([]);
      // Nothing of the victim's secrets is outside of it, and no round can begin on this batch.
      const { held, dealt } = attacker.member(VICTIM).keeper.store.get(honest.batchContext) ?? {};
      expect([held?.size, dealt?.size]).toEqual([0, 0]);
      const expected = attacker.expect(1);
      expect(attacker.announce(attacker.roundTerms(expected), [VICTIM]).ready).toEqual([]);
      expect(attacker.all('upload-end')).toEqual([]);
    },
  );

  it('with an advert of an earlier batch is refused', () => {
    const attacker = new Attacker({ members: 5 });
    attacker.advertise();
    const old = attacker.adverts().get(PEER);
    attacker.advertise({ batch: 2 });
    const honest = attacker.keyRoster();
    if (old === undefined) throw new Error('no advert');
    const adverts = honest.adverts.map((advert) => (advert.body.member === PEER ? old : advert));
    attacker.tell([VICTIM], 'key-roster', { ...honest, adverts });
    expect(attacker.member(VICTIM).rejections).toMatchObject([{ code: 'WRONG_CONTEXT' }]);
    expect(attacker.all('dealt-shares')).toEqual([]);
  });

  it('is too late once a key roster was taken: a second one is refused, however well it is signed', () => {
    const attacker = new Attacker({ members: 5 });
    attacker.advertise();
    const honest = attacker.keyRoster();
    attacker.tell(attacker.everybody, 'key-roster', honest);
    const fewer = { ...honest, members: [0, 1, 2, 3], adverts: honest.adverts.slice(0, 4) };
    expect(attacker.tell([VICTIM], 'key-roster', fewer)).toEqual([]);
    expect(attacker.member(VICTIM).rejections).toMatchObject([{ code: 'EQUIVOCATION' }]);
  });

  it('of the boxes on their way to a holder is refused, and the holder takes part in no round', () => {
    const attacker = new Attacker({ members: 5 });
    attacker.advertise();
    attacker.tell(attacker.everybody, 'key-roster', attacker.keyRoster());
    const boxes = attacker
      .boxesFor(VICTIM)
      .map((box) =>
        box.body.dealer === PEER ? { ...box, body: { ...box.body, sealed: flipped(box.body.sealed) } } : box,
      );
    const { batchContext } = attacker;
    attacker.tell([VICTIM], 'held-shares', { batchContext, boxes });
    expect(attacker.member(VICTIM).rejections).toMatchObject([
      { code: 'BAD_SIGNATURE', detail: expect.stringMatching(/org-3/) as string },
    ]);
    // The batch does not open for the victim, and nobody holds a share of it in the clear but its holders.
    const expected = attacker.expect(1);
    expect(attacker.announce(attacker.roundTerms(expected), [VICTIM]).ready).toEqual([]);
    for (const kind of ['self', 'pair'] as const) expect(attacker.sharesOf(VICTIM, kind).size).toBe(0);
  });
});
