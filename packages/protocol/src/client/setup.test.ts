import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Bodies } from '../messages/index.ts';
import type { KeyAdvert, SealedShares, Signed } from '../messages/setup.ts';
import type { BatchTerms } from '../messages/terms.ts';
import { signMessage, signSealedShares } from '../signing.ts';
import { castOf, existing } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { startClient, stepClient } from './step.ts';
import type { ClientState } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const SMALL_ORDER = hash(0);
const fresh = startClient(crypto, { self: SELF, roster: cast.roster, run: cast.run, policy: cast.policy });

const withPolicy = (minCohort: number, minColluders: number): ClientState => ({
  ...fresh,
  policy: { minCohort, minColluders },
});

describe('the start of a batch', () => {
  const terms = transcript.batchTerms;
  const start = (change: Partial<BatchTerms>, state: ClientState = fresh): ClientTrial =>
    ClientTrial.of(cast, state, 'batch-start', { ...terms, ...change });

  it('makes the member generate keys', () => {
    const { state, effects } = start({}).take();
    expect(effects).toEqual([
      { kind: 'enter-phase', phase: 'setup', round: 0 },
      { kind: 'generate-keys', batchContext: state.batch?.context, keyCount: 2 },
    ]);
    expect(state).toMatchObject({ lastBatch: 1, batch: { stage: 'keys', nextKeyIndex: 0 } });
  });

  it.each<[string, Partial<BatchTerms>, RegExp]>([
    ['a later protocol version', { protocolVersion: 2 }, /^protocol version 2/],
    ['an earlier protocol version', { protocolVersion: 0 }, /^protocol version 0/],
    ['another federation', { federation: 'other' }, /federation 'other'/],
    ['another run', { run: hash(1) }, /another run/],
    ['another roster', { rosterRoot: hash(1) }, /another roster/],
    ['a batch that is not the next', { batch: 0 }, /batch 0 is not after batch 0/],
    ['a cohort out of order', { cohort: [1, 0, 2, 3, 4] }, /ascending/],
    ['a cohort that repeats a member', { cohort: [0, 1, 1, 3, 4] }, /ascending/],
    ['a cohort with a stranger', { cohort: [0, 1, 2, 3, 5] }, /outside the roster/],
    ['a cohort without this member', { cohort: [0, 2, 3, 4], holders: 4 }, /leaves this member out/],
    ['no key index', { keyCount: 0 }, /keyCount 0/],
    ['fewer holders than members', { holders: 4 }, /holders 4/],
    ['a threshold too low for its colluders', { threshold: 3 }, /breaks 2t > H \+ c/],
    ['a floor below colluders + 2', { minCohort: 3 }, /minCohort 3 is below/],
    ['a floor below the threshold', { minSurvivors: 3 }, /minSurvivors 3 is below/],
    ['no colluder tolerated', { colluders: 0 }, /colluders 0 is below 1/],
  ])('with %s is refused', (_, change, detail) => {
    expect(start(change).outcome()).toEqual(aloud('UNSAFE_TERMS', { round: 0, detail }));
  });

  it("below the member's policy is refused", () => {
    expect(start({}, withPolicy(5, 1)).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail: /minCohort 4 .* policy of 5/,
      }),
    );
    expect(start({}, withPolicy(3, 3)).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail: /colluders 2 .* policy of 3/,
      }),
    );
  });

  it('where an organisation acts through several members is refused unless c covers them', () => {
    const shared = castOf(crypto, 5, ['a', 'a', 'b', 'c', 'd']);
    const { batchTerms } = new Transcript(shared, { rounds: 0 });
    const { roster, run, policy } = shared;
    const state = startClient(crypto, { self: SELF, roster, run, policy });
    const detail = /2 organisations have 3 members/;
    expect(ClientTrial.of(shared, state, 'batch-start', batchTerms).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail,
      }),
    );
  });

  it('that comes twice is refused quietly, and an older one aloud', () => {
    const now = transcript.clientNow(SELF);
    expect(start({}, now).outcome()).toEqual(quietly('DUPLICATE'));
    expect(start({ keyCount: 3 }, now).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail: /batch 1 is not after batch 1/,
      }),
    );
  });

  it('replaces a batch and forgets its secrets, also while a round is open', () => {
    const [open] = transcript.clientBefore(SELF, 'survivors');
    expect(open.round?.stage).toBe('consistency');
    const { state, effects } = start({ batch: 2 }, open).take();
    expect(effects[0]).toEqual({ kind: 'forget-batch', batchContext: open.batch?.context });
    expect(effects[2]).toMatchObject({ kind: 'generate-keys', keyCount: 2 });
    expect(state).toMatchObject({
      lastBatch: 2,
      round: undefined,
      batch: { stage: 'keys', nextKeyIndex: 0 },
    });
    expect(state.batch?.context).not.toEqual(open.batch?.context);
  });

  it('ends what can be released of a round that was signed, and keeps what was signed', () => {
    const [signed, request] = transcript.clientBefore(SELF, 'unmask-request');
    const { state } = start({ batch: 2 }, signed).take();
    expect(state.round).toEqual({ ...signed.round, stage: 'released' });
    expect(new ClientTrial(cast, state, request).outcome()).toEqual(quietly('EQUIVOCATION'));
  });
});

describe('keys that were generated', () => {
  const advert = existing(
    transcript.clients.flatMap(({ member, event }) =>
      member === SELF && event.kind === 'keys-generated' ? [event.advert] : [],
    )[0],
  );

  it('are advertised', () => {
    const [state] = transcript.clientBefore(SELF, 'key-roster');
    expect(stepClient(crypto, state, { kind: 'keys-generated', advert }).effects).toEqual([
      { kind: 'send', message: 'key-advert', body: advert },
    ]);
  });

  it('are dropped for another batch, and once the roster is known', () => {
    const [state] = transcript.clientBefore(SELF, 'key-roster');
    const stale = { ...advert, batchContext: hash(1) };
    expect(stepClient(crypto, state, { kind: 'keys-generated', advert: stale })).toEqual({
      state,
      effects: [],
    });
    const [later] = transcript.clientBefore(SELF, 'held-shares');
    expect(stepClient(crypto, later, { kind: 'keys-generated', advert })).toEqual({
      state: later,
      effects: [],
    });
    expect(stepClient(crypto, fresh, { kind: 'keys-generated', advert })).toEqual({
      state: fresh,
      effects: [],
    });
  });
});

describe('a key roster', () => {
  const [state, { body: honest }] = transcript.clientBefore(SELF, 'key-roster');
  const roster = (adverts: readonly Signed<KeyAdvert>[], from = state): ClientTrial =>
    ClientTrial.of(cast, from, 'key-roster', { ...honest, adverts });

  /** The roster with the advert of member 3 changed, and signed again by that member. */
  function withAdvert(change: Partial<KeyAdvert>): ClientTrial {
    return roster(
      honest.adverts.map((advert) => {
        if (advert.body.member !== 3) return advert;
        const body = { ...advert.body, ...change };
        return { body, signature: signMessage(crypto, existing(cast.identities[3]), 'key-advert', body) };
      }),
    );
  }

  it('makes the member deal shares to everybody in it', () => {
    const { state: after, effects } = roster(honest.adverts).take();
    expect(effects).toMatchObject([
      { kind: 'deal-shares', deal: { dealer: SELF, threshold: 4, holders: 5 } },
    ]);
    const [effect] = effects;
    if (effect?.kind !== 'deal-shares') throw new Error('nothing is dealt');
    expect(effect.deal.recipients.map(({ member, point }) => [member, point])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(after.batch?.stage).toBe('shares');
  });

  it('without a member keeps the points of the others', () => {
    const [effect] = roster(honest.adverts.filter(({ body }) => body.member !== 2)).take().effects;
    if (effect?.kind !== 'deal-shares') throw new Error('nothing is dealt');
    expect(effect.deal.recipients.map(({ point }) => point)).toEqual([1, 2, 4, 5]);
  });

  it('of another batch, or of none, is refused', () => {
    const other = { ...honest, batchContext: hash(1) };
    expect(ClientTrial.of(cast, state, 'key-roster', other).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    expect(ClientTrial.of(cast, fresh, 'key-roster', honest).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('that comes a second time is refused: no secret is dealt twice', () => {
    const [later] = transcript.clientBefore(SELF, 'held-shares');
    expect(roster(honest.adverts, later).outcome()).toEqual(quietly('WRONG_PHASE'));
    expect(roster(honest.adverts, transcript.clientNow(SELF)).outcome()).toEqual(quietly('WRONG_PHASE'));
  });

  it('with a member outside the roster, or outside the cohort, is refused', () => {
    expect(withAdvert({ member: 77 }).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 77/ }),
    );
    const terms = { ...transcript.batchTerms, cohort: [0, 1, 2, 4] };
    const smaller = { ...state, batch: { ...existing(state.batch), terms } };
    expect(roster(honest.adverts, smaller).outcome()).toEqual(
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

  it('that leaves this member out is refused', () => {
    const others = honest.adverts.filter(({ body }) => body.member !== SELF);
    expect(roster(others).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /leaves this member out/ }),
    );
  });

  it('below the floor is refused', () => {
    expect(roster(honest.adverts.slice(0, 3)).outcome()).toEqual(
      aloud('BELOW_FLOOR', { round: 0, detail: /3 of 5 members/ }),
    );
    expect(roster([]).outcome()).toEqual(aloud('NOT_A_MEMBER', { round: 0 }));
  });
});

describe('shares that were dealt', () => {
  it('are sent, once, for the batch that asked for them', () => {
    const [state] = transcript.clientBefore(SELF, 'held-shares');
    const event = {
      kind: 'shares-dealt',
      batchContext: state.batch?.context ?? hash(0),
      boxes: [],
      ownCommitments: [],
    } as const;
    const [effect] = stepClient(crypto, state, event).effects;
    expect(effect).toMatchObject({ kind: 'send', message: 'dealt-shares', body: { member: SELF } });
    const stale = { ...event, batchContext: hash(1) };
    expect(stepClient(crypto, state, stale)).toEqual({ state, effects: [] });
    const now = transcript.clientNow(SELF);
    expect(stepClient(crypto, now, event)).toEqual({ state: now, effects: [] });
  });
});

describe('held shares', () => {
  const [state, { body: honest }] = transcript.clientBefore(SELF, 'held-shares');
  const shares = (boxes: Bodies['held-shares']['boxes'], from = state): ClientTrial =>
    ClientTrial.of(cast, from, 'held-shares', { ...honest, boxes });

  /** The boxes with that of dealer 3 changed, and signed again by whoever `signer` is. */
  function withBox(change: Partial<SealedShares>, signer = 3): ClientTrial {
    return shares(
      honest.boxes.map((box) => {
        if (box.body.dealer !== 3) return box;
        const body = { ...box.body, ...change };
        return { body, signature: signSealedShares(crypto, existing(cast.identities[signer]), body) };
      }),
    );
  }

  it('are taken to be opened, from all dealers', () => {
    const { state: after, effects } = shares(honest.boxes).take();
    expect(effects).toMatchObject([{ kind: 'hold-shares', boxes: { length: 4 } }]);
    expect(after.batch?.dealers).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(after.batch?.stage).toBe('shares');
  });

  it('of another batch, or of none, are refused', () => {
    expect(
      ClientTrial.of(cast, state, 'held-shares', { ...honest, batchContext: hash(1) }).outcome(),
    ).toEqual(quietly('WRONG_CONTEXT'));
    expect(shares(honest.boxes, fresh).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('that come too early or a second time are refused', () => {
    const [early] = transcript.clientBefore(SELF, 'key-roster');
    expect(shares(honest.boxes, early).outcome()).toEqual(quietly('WRONG_PHASE'));
    expect(shares(honest.boxes, shares(honest.boxes).take().state).outcome()).toEqual(quietly('WRONG_PHASE'));
    expect(shares(honest.boxes, transcript.clientNow(SELF)).outcome()).toEqual(quietly('WRONG_PHASE'));
  });

  it('of a dealer that advertised no key, of a stranger, twice of one, or of this member are refused', () => {
    const first = existing(honest.boxes[0]);
    const adverts = new Map(state.batch?.adverts);
    adverts.delete(3);
    const unknown = { ...state, batch: { ...existing(state.batch), adverts } };
    expect(shares(honest.boxes, unknown).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 3/ }),
    );
    expect(withBox({ dealer: 77 }).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 77/ }),
    );
    expect(shares([first, ...honest.boxes]).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 0/ }),
    );
    expect(withBox({ dealer: SELF }, SELF).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 1/ }),
    );
  });

  it('for another holder, or of another batch, are refused', () => {
    expect(withBox({ holder: 2 }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 0, detail: /member-3/ }),
    );
    expect(withBox({ batchContext: hash(1) }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 0, detail: /member-3/ }),
    );
  });

  it('with commitments for other key indices are refused', () => {
    expect(withBox({ commitments: [hash(1)] }).outcome()).toEqual(
      aloud('LENGTH_MISMATCH', { round: 0, detail: /member-3/ }),
    );
  });

  it('that another than their dealer signed are refused', () => {
    expect(withBox({}, 2).outcome()).toEqual(aloud('BAD_SIGNATURE', { round: 0, detail: /member-3/ }));
  });

  it('of too few dealers are refused', () => {
    expect(shares(honest.boxes.slice(0, 2)).outcome()).toEqual(
      aloud('BELOW_FLOOR', { round: 0, detail: /3 of 5 members/ }),
    );
  });
});

describe('shares that were opened', () => {
  const [before, message] = transcript.clientBefore(SELF, 'held-shares');
  const { state } = new ClientTrial(cast, before, message).take();
  const batchContext = existing(before.batch?.context);

  it('open the batch, and name the dealers whose boxes were bad', () => {
    const step = stepClient(crypto, state, { kind: 'shares-held', batchContext, badDealers: [3] });
    expect(step.state.batch?.stage).toBe('open');
    expect(step.effects).toEqual([rejection('BAD_DEALER', 3)]);
  });

  it('are dropped for another batch, and before any were taken', () => {
    const stale = { kind: 'shares-held', batchContext: hash(1), badDealers: [] } as const;
    expect(stepClient(crypto, state, stale)).toEqual({ state, effects: [] });
    for (const early of [fresh, before, transcript.clientBefore(SELF, 'key-roster')[0]]) {
      const event = { kind: 'shares-held', batchContext, badDealers: [] } as const;
      expect(stepClient(crypto, early, event)).toEqual({ state: early, effects: [] });
    }
  });
});
