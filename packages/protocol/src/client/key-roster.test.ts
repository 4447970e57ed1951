import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { KeyAdvert, Signed } from '../messages/setup.ts';
import { signMessage } from '../signing.ts';
import { castOf, existing } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { startClient } from './step.ts';
import { type ClientBatch, type ClientState, withBatch } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const SMALL_ORDER = hash(0);
const fresh = startClient(crypto, { self: SELF, roster: cast.roster, run: cast.run, policy: cast.policy });

/** The newest batch that a member has. */
const newest = (state: ClientState): ClientBatch => existing(state.batches.at(-1));
const changed = (state: ClientState, change: Partial<ClientBatch>): ClientState =>
  withBatch(state, { ...newest(state), ...change });

describe('a key roster', () => {
  const [state, { body: honest }] = transcript.clientBefore(SELF, 'key-roster');
  const roster = (
    adverts: readonly Signed<KeyAdvert>[],
    from = state,
    members: readonly number[] = honest.members,
  ): ClientTrial => ClientTrial.of(cast, from, 'key-roster', { ...honest, members, adverts });

  /** The roster with the advert of member 3 changed, and signed again by that member. */
  function withAdvert(change: Partial<KeyAdvert>, from = state): ClientTrial {
    return roster(
      honest.adverts.map((advert) => {
        if (advert.body.member !== 3) return advert;
        const body = { ...advert.body, ...change };
        return { body, signature: signMessage(crypto, existing(cast.identities[3]), 'key-advert', body) };
      }),
      from,
    );
  }

  it('makes the member deal shares to everybody in it', () => {
    const { state: after, effects } = roster(honest.adverts).take();
    expect(effects).toMatchObject([
      { kind: 'batch-drawn', batch: 1, draw: new Uint8Array(0) },
      { kind: 'deal-shares', deal: { dealer: SELF, threshold: 4, holders: 5 } },
    ]);
    const [, effect] = effects;
    if (effect?.kind !== 'deal-shares') throw new Error('nothing is dealt');
    expect(effect.deal.recipients.map(({ member, point }) => [member, point])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(newest(after)).toMatchObject({
      stage: 'shares',
      members: [0, 1, 2, 3, 4],
      neighbours: [0, 2, 3, 4],
      holders: [0, 1, 2, 3, 4],
    });
  });

  it('without a member keeps the points of the others', () => {
    const adverts = honest.adverts.filter(({ body }) => body.member !== 2);
    const [, effect] = roster(adverts, state, [0, 1, 3, 4]).take().effects;
    if (effect?.kind !== 'deal-shares') throw new Error('nothing is dealt');
    expect(effect.deal.recipients.map(({ point }) => point)).toEqual([1, 2, 4, 5]);
  });

  it('of another batch, or of none, is refused', () => {
    const other = { ...honest, batchContext: hash(1) };
    expect(ClientTrial.of(cast, state, 'key-roster', other).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    expect(ClientTrial.of(cast, fresh, 'key-roster', honest).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('that comes again asks for the same shares again; a second one is refused', () => {
    const deal = roster(honest.adverts).take().effects.slice(1);
    const [later] = transcript.clientBefore(SELF, 'held-shares');
    for (const from of [later, transcript.clientNow(SELF)]) {
      expect(roster(honest.adverts, from).outcome()).toEqual({ state: 'same', effects: deal });
      const fewer = honest.adverts.filter(({ body }) => body.member !== 2);
      for (const second of [
        roster(fewer, from, [0, 1, 3, 4]),
        roster(honest.adverts.toReversed(), from),
        withAdvert({ sealingKey: hash(9) }, from),
      ]) {
        expect(second.outcome()).toEqual(quietly('EQUIVOCATION', /second key roster/));
      }
    }
  });

  it.each<[string, readonly number[], RegExp]>([
    ['out of order', [1, 0, 2, 3, 4], /ascending/],
    ['with one twice', [0, 1, 1, 2, 3, 4], /ascending/],
    ['with a stranger', [0, 1, 2, 3, 4, 77], /not all of the cohort/],
    ['without this member', [0, 2, 3, 4], /leaves this member out/],
  ])('over members %s is refused', (_, members, detail) => {
    expect(roster(honest.adverts, state, members).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail }),
    );
  });

  it('without the keys of a neighbour that is there, or of this member, is refused', () => {
    for (const member of [0, SELF, 4]) {
      const adverts = honest.adverts.filter(({ body }) => body.member !== member);
      expect(roster(adverts).outcome()).toEqual(
        aloud('NOT_A_MEMBER', { round: 0, detail: new RegExp(`no keys of member ${member}`) }),
      );
    }
  });

  it('with the keys of a member that is not there is refused', () => {
    expect(roster(honest.adverts, state, [0, 1, 2, 4]).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /key advert of member 3/ }),
    );
  });

  it('with reveals, where nobody draws, is refused', () => {
    const body = { batchContext: newest(state).context, member: 0, drawDigest: hash(1), nonce: hash(2) };
    const signature = signMessage(crypto, existing(cast.identities[0]), 'draw-reveal', body);
    const trial = ClientTrial.of(cast, state, 'key-roster', { ...honest, reveals: [{ body, signature }] });
    expect(trial.outcome()).toEqual(aloud('BAD_DRAW', { round: 0, detail: /not those of the committee/ }));
  });

  it('with a member outside the roster, or outside the cohort, is refused', () => {
    expect(withAdvert({ member: 77 }).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 77/ }),
    );
    const terms = { ...transcript.batchTerms, cohort: [0, 1, 2, 4] };
    expect(roster(honest.adverts, changed(state, { terms })).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /not all of the cohort/ }),
    );
    const others = honest.members.filter((id) => id !== 3);
    expect(roster(honest.adverts, changed(state, { terms }), others).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 3/ }),
    );
  });

  it('with a member twice is refused', () => {
    const first = existing(honest.adverts[0]);
    expect(roster([first, ...honest.adverts]).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 0/ }),
    );
  });

  it('with an advert of another batch is refused', () => {
    expect(withAdvert({ batchContext: hash(1) }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 0, detail: /member-3/ }),
    );
  });

  it.each(['roundKeys', 'selfSeedCommitments'] as const)(
    'with %s for other key indices is refused',
    (field) => {
      for (const values of [[hash(9)], [hash(9), hash(9), hash(9)]]) {
        expect(withAdvert({ [field]: values }).outcome()).toEqual(
          aloud('LENGTH_MISMATCH', { round: 0, detail: /member-3/ }),
        );
      }
    },
  );

  it('with a key that another than its member signed is refused', () => {
    const swapped = honest.adverts.map((advert) =>
      advert.body.member === 3 ? { ...advert, body: { ...advert.body, sealingKey: hash(9) } } : advert,
    );
    expect(roster(swapped).outcome()).toEqual(aloud('BAD_SIGNATURE', { round: 0, detail: /member-3/ }));
    const impostor = existing(cast.identities[2]);
    const forged = honest.adverts.map((advert) =>
      advert.body.member === 3
        ? { ...advert, signature: signMessage(crypto, impostor, 'key-advert', advert.body) }
        : advert,
    );
    expect(roster(forged).outcome()).toEqual(aloud('BAD_SIGNATURE', { round: 0, detail: /member-3/ }));
  });

  it.each<[string, Partial<KeyAdvert>]>([
    ['sealing key', { sealingKey: SMALL_ORDER }],
    ['first round key', { roundKeys: [SMALL_ORDER, hash(9)] }],
    ['last round key', { roundKeys: [hash(9), SMALL_ORDER] }],
  ])('with a %s of small order is refused', (_, change) => {
    expect(withAdvert(change).outcome()).toEqual(aloud('BAD_KEY', { round: 0, detail: /member-3/ }));
  });

  it('below the floor is refused', () => {
    expect(roster(honest.adverts.slice(0, 3), state, [0, 1, 2]).outcome()).toEqual(
      aloud('BELOW_FLOOR', { round: 0, detail: /3 of 5 members/ }),
    );
    expect(roster([], state, []).outcome()).toEqual(aloud('NOT_A_MEMBER', { round: 0 }));
  });
});
