/** A member's side of the draw of a sparse graph: what it gives its nonce for, and which graph it takes. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { drawCommitment, drawDigest, drawOf } from '../draw.ts';
import type { DrawRequest, KeyAdvert, KeyRoster } from '../messages/setup.ts';
import { signMessage } from '../signing.ts';
import { castOf, existing, SMALL_CIRCLE } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { MAX_DRAWS_PER_SUM } from './batch-start.ts';
import { type ClientBatch, type ClientState, withBatch } from './state.ts';
import { stepClient } from './step.ts';

const cast = castOf(crypto, 9);
// The committee is of members 0 and 1: of c + 1 organisations one each.
const transcript = new Transcript(cast, { thresholds: SMALL_CIRCLE, keyCount: 1 });
const DRAWER = 1;
const OTHER = 6;
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const newest = (state: ClientState): ClientBatch => existing(state.batches.at(-1));
const secretOf = (id: number): Uint8Array => existing(cast.identities[id]);

describe('a request for a nonce', () => {
  const [state, { body: honest }] = transcript.clientBefore(DRAWER, 'draw-request');
  const request = (change: Partial<DrawRequest>, from = state): ClientTrial =>
    ClientTrial.of(cast, from, 'draw-request', { ...honest, ...change });

  it('names everybody that advertised keys, and what the committee committed to', () => {
    expect(transcript.batchTerms.committee).toEqual([0, 1]);
    expect(honest.members).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const { drawNonce } = existing(transcript.keepers[DRAWER]?.store.get(honest.batchContext));
    expect(honest.commitments[1]).toEqual(drawCommitment(crypto, honest.batchContext, DRAWER, drawNonce));
  });

  it('gets it, for these members and commitments, and again the same', () => {
    const digest = drawDigest(crypto, honest.batchContext, honest.members, honest.commitments);
    const { state: after, effects } = request({}).take();
    const reveal = { kind: 'reveal-draw', batchContext: honest.batchContext, drawDigest: digest };
    expect(effects).toEqual([reveal]);
    expect(newest(after).revealedFor).toEqual(digest);
    const again = request({}, after).take();
    expect(again.effects).toEqual([reveal]);
    expect(again.state).toBe(after);
  });

  it.each<[string, Partial<DrawRequest>]>([
    ['other members', { members: [0, 1, 2, 3, 4, 5, 6, 7] }],
    ['another commitment of the other', { commitments: [hash(9), existing(honest.commitments[1])] }],
    ['another commitment of its own', { commitments: [existing(honest.commitments[0]), hash(9)] }],
  ])('for a second draw is refused: %s', (_, change) => {
    const { state: after } = request({}).take();
    expect(request(change, after).outcome()).toEqual(quietly('EQUIVOCATION', /for one draw/));
  });

  it.each<[string, Partial<DrawRequest>, RegExp]>([
    ['members out of order', { members: [1, 0, 2, 3, 4, 5, 6, 7, 8] }, /ascending/],
    ['a member twice', { members: [0, 1, 1, 2, 3, 4, 5] }, /ascending/],
    ['a stranger', { members: [0, 1, 2, 3, 4, 5, 77] }, /not all of the cohort/],
    ['itself left out', { members: [0, 2, 3, 4, 5, 6] }, /leaves this member out/],
    ['too few members', { members: [0, 1, 2, 3] }, /4 of 9 members are left/],
    ['no commitment', { commitments: [] }, /^0 commitments/],
    ['a commitment less', { commitments: honest.commitments.slice(1) }, /^1 commitments/],
    ['a commitment more', { commitments: [...honest.commitments, hash(1)] }, /^3 commitments/],
  ])('with %s is refused, and no nonce is given away', (_, change, detail) => {
    expect(request(change).outcome()).toEqual(aloud('BAD_DRAW', { round: 0, detail }));
  });

  it('of another batch, or to a member that is not of the committee, is refused', () => {
    expect(request({ batchContext: hash(1) }).outcome()).toEqual(quietly('WRONG_CONTEXT'));
    const [outside] = transcript.clientBefore(OTHER, 'key-roster');
    expect(request({}, outside).outcome()).toEqual(quietly('NOT_A_MEMBER', /not of the committee/));
  });
});

const refused = (detail: RegExp): object => aloud('BAD_DRAW', { round: 0, detail });

describe('the key roster of a sparse graph', () => {
  const [state, { body: honest }] = transcript.clientBefore(OTHER, 'key-roster');
  const roster = (change: Partial<KeyRoster>): ClientTrial =>
    ClientTrial.of(cast, state, 'key-roster', { ...honest, ...change });
  /** The reveals with that of member 1 changed, and signed by whoever `signer` is. */
  function reveals(
    change: Partial<KeyRoster['reveals'][number]['body']>,
    signer = 1,
  ): Pick<KeyRoster, 'reveals'> {
    return {
      reveals: honest.reveals.map((reveal) => {
        if (reveal.body.member !== 1) return reveal;
        const body = { ...reveal.body, ...change };
        return { body, signature: signMessage(crypto, secretOf(signer), 'draw-reveal', body) };
      }),
    };
  }

  /** The adverts with that of a member changed, and signed again by that member. */
  function adverts(id: number, change: Partial<KeyAdvert>): Pick<KeyRoster, 'adverts'> {
    return {
      adverts: honest.adverts.map((advert) => {
        if (advert.body.member !== id) return advert;
        const body = { ...advert.body, ...change };
        return { body, signature: signMessage(crypto, secretOf(id), 'key-advert', body) };
      }),
    };
  }

  it('gives the member the neighbours that the draw gave it, and nobody else', () => {
    const { state: after, effects } = roster({}).take();
    const batch = newest(after);
    const nonces = honest.reveals.map(({ body }) => body);
    const digest = existing(nonces[0]).drawDigest;
    expect(batch.draw).toEqual(drawOf(crypto, digest, nonces));
    expect(batch.neighbours).toHaveLength(6);
    expect(batch.holders).toEqual(batch.neighbours);
    expect([...batch.adverts.keys()]).toEqual([...batch.neighbours, OTHER].toSorted((a, b) => a - b));
    expect(effects).toMatchObject([
      { kind: 'batch-drawn', draw: batch.draw },
      { kind: 'deal-shares', deal: { threshold: 5, holders: 6, recipients: { length: 6 } } },
    ]);
  });

  it('is the same graph for all', () => {
    const graphs = cast.roster.members.map(({ id }) => newest(transcript.clientNow(id)));
    expect(new Set(graphs.map(({ draw }) => draw.join())).size).toBe(1);
    for (const [id, { neighbours }] of graphs.entries()) {
      for (const near of neighbours) expect(existing(graphs[near]).neighbours).toContain(id);
    }
  });

  it.each<[string, Partial<KeyRoster>]>([
    ['another nonce than was committed to', reveals({ nonce: hash(9) })],
    ['a nonce for other members', reveals({ drawDigest: hash(9) })],
    ['a nonce for another batch', reveals({ batchContext: hash(9) })],
    ['a nonce that another signed', reveals({}, 2)],
  ])('with %s is refused', (_, change) => {
    expect(roster(change).outcome()).toEqual(refused(/^reveal of member-1/));
  });

  it.each<[string, Partial<KeyRoster>]>([
    ['a reveal missing', { reveals: honest.reveals.slice(1) }],
    ['no reveal', { reveals: [] }],
    ['a reveal twice', { reveals: [...honest.reveals, existing(honest.reveals[1])] }],
    ['reveals out of order', { reveals: honest.reveals.toReversed() }],
  ])('with %s is refused', (_, change) => {
    expect(roster(change).outcome()).toEqual(refused(/not those of the committee/));
  });

  it('for other members than those for whom the nonces were given is refused', () => {
    const near = newest(roster({}).take().state).neighbours;
    const gone = existing(honest.members.find((id) => id > 1 && id !== OTHER && !near.includes(id)));
    const members = honest.members.filter((id) => id !== gone);
    const change = { members, adverts: honest.adverts.filter(({ body }) => body.member !== gone) };
    expect(roster(change).outcome()).toEqual(refused(/^reveal of member-0/));
  });

  it('in which a drawer chose its nonce when it had seen the other is refused: the commitments are fixed', () => {
    // Member 1 sees the nonce of member 0 and picks another of its own, with a commitment that fits.
    const chosen = hash(42);
    const drawCommitmentOfChosen = drawCommitment(crypto, honest.batchContext, 1, chosen);
    const change = {
      ...adverts(1, { drawCommitment: drawCommitmentOfChosen }),
      ...reveals({ nonce: chosen }),
    };
    // The nonce of member 0 was given for other commitments, and it gives no second one.
    expect(roster(change).outcome()).toEqual(refused(/^reveal of member-0/));
  });

  it('without the keys of a drawer is refused', () => {
    const change = { adverts: honest.adverts.filter(({ body }) => body.member !== 0) };
    expect(roster(change).outcome()).toMatchObject({ state: 'same' });
    expect(roster(change).outcome().effects).toContainEqual(
      expect.objectContaining({ kind: 'send', message: 'refusal' }),
    );
  });

  it('of an organisation cap that the cohort cannot keep is refused', () => {
    // Nine members of three organisations: no seven places in a row without one of them twice.
    const organisations = cast.roster.members.map(({ id }) => `organisation-${id % 3}`);
    const members = cast.roster.members.map((member, i) => ({
      ...member,
      organisation: existing(organisations[i]),
    }));
    const crowded = { ...state, roster: { ...state.roster, members } };
    expect(ClientTrial.of(cast, crowded, 'key-roster', honest).outcome()).toEqual(
      aloud('UNSAFE_TERMS', { round: 0, detail: /organisationCap 1 cannot be kept/ }),
    );
  });

  it('has shares from at least t neighbours, or is refused', () => {
    const [before, { body }] = transcript.clientBefore(OTHER, 'held-shares');
    const held = (boxes: typeof body.boxes): ClientTrial =>
      ClientTrial.of(cast, before, 'held-shares', { ...body, boxes });
    expect(held(body.boxes.slice(0, 5)).take().effects).toMatchObject([{ kind: 'hold-shares' }]);
    expect(held(body.boxes.slice(0, 4)).outcome()).toEqual(
      aloud('BELOW_FLOOR', { round: 0, detail: /^4 neighbours dealt shares, the threshold is 5/ }),
    );
  });

  it('opens no box of a member that is no neighbour', () => {
    const [before, { body }] = transcript.clientBefore(OTHER, 'held-shares');
    const stranger = existing(
      cast.roster.members.find(({ id }) => id !== OTHER && !newest(before).neighbours.includes(id)),
    ).id;
    const foreign = body.boxes.map((box, i) =>
      i === 0 ? { ...box, body: { ...box.body, dealer: stranger } } : box,
    );
    expect(ClientTrial.of(cast, before, 'held-shares', { ...body, boxes: foreign }).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: new RegExp(`shares of member ${stranger}`) }),
    );
  });
});

describe('a round on a sparse graph', () => {
  it('is masked towards neighbours only', () => {
    const [state, start] = transcript.clientBefore(OTHER, 'round-start');
    const [, upload] = new ClientTrial(cast, state, start).take().effects;
    if (upload?.kind !== 'upload-input') throw new Error('nothing is uploaded');
    expect(upload.request.partners.map(({ member }) => member)).toEqual(newest(state).neighbours);
  });

  it('takes part with a member that is no neighbour only where that one advertised keys', () => {
    const [state, start] = transcript.clientBefore(OTHER, 'round-start');
    const { members, neighbours } = newest(state);
    const far = existing(members.find((id) => id !== OTHER && !neighbours.includes(id)));
    const without = withBatch(state, { ...newest(state), members: members.filter((id) => id !== far) });
    expect(new ClientTrial(cast, without, start).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 1, leaves: true, detail: new RegExp(`participant ${far}`) }),
    );
  });

  it('signs no survivors of whom one has fewer than t surviving neighbours', () => {
    const [state, { body }] = transcript.clientBefore(OTHER, 'survivors');
    const survivors = (gone: readonly number[]): ClientTrial =>
      ClientTrial.of(cast, state, 'survivors', {
        ...body,
        uploads: body.uploads.filter(({ member }) => !gone.includes(member)),
      });
    expect(survivors([]).take().effects).toContainEqual(
      expect.objectContaining({ kind: 'send', message: 'survivors-signature' }),
    );
    // Without two of its six neighbours, the member keeps four: t is five.
    const gone = newest(state).neighbours.slice(0, 2);
    expect(survivors(gone).outcome()).toEqual(
      aloud('BELOW_FLOOR', { round: 1, detail: /has fewer than 5 surviving neighbours/ }),
    );
  });

  it('releases on the word of t of its own holders, and of no others', () => {
    const [state, { body }] = transcript.clientBefore(OTHER, 'unmask-request');
    const { neighbours } = newest(state);
    const far = existing(cast.roster.members.find(({ id }) => id !== OTHER && !neighbours.includes(id))).id;
    const statement = { roundContext: body.roundContext, survivorsDigest: body.survivorsDigest };
    const signatures = [...neighbours.slice(0, 4), far]
      .toSorted((a, b) => a - b)
      .map((member) => {
        const signature = signMessage(crypto, secretOf(member), 'survivors-signature', {
          ...statement,
          member,
        });
        return { member, signature };
      });
    const trial = ClientTrial.of(cast, state, 'unmask-request', { ...body, signatures });
    expect(trial.outcome()).toEqual(
      aloud('NOT_ENOUGH_SIGNATURES', { round: 1, detail: /^4 holders signed/ }),
    );
    const [, release] = ClientTrial.of(cast, state, 'unmask-request', body).take().effects;
    if (release?.kind !== 'release') throw new Error('nothing is released');
    expect(release.choices.map(({ owner }) => owner)).toEqual(neighbours);
  });
});

describe('draws that are begun and serve no sum', () => {
  const start = (
    state: ClientState,
    batch: number,
    committee = transcript.batchTerms.committee,
  ): ClientTrial =>
    ClientTrial.of(cast, state, 'batch-start', { ...transcript.batchTerms, batch, committee });

  /** The member after as many starts of a batch as it takes, from batch 2 on. */
  function drawn(from: ClientState, count: number, openEach = false): ClientState {
    let state = from;
    for (let i = 0; i < count; i++) {
      state = start(state, state.lastBatch + 1).take().state;
      if (openEach) state = withBatch(state, { ...newest(state), stage: 'open' });
    }
    return state;
  }

  const afterSum = transcript.clientNow(OTHER);

  it.each([false, true])('are refused beyond their budget, whether the batches open or not: %s', (opens) => {
    const spent = drawn(afterSum, MAX_DRAWS_PER_SUM, opens);
    expect(start(spent, spent.lastBatch + 1).outcome()).toEqual(
      aloud('UNSAFE_TERMS', { round: 0, detail: /^8 draws were begun since/ }),
    );
    const before = drawn(afterSum, MAX_DRAWS_PER_SUM - 1, opens);
    expect(start(before, before.lastBatch + 1).take().effects).toContainEqual(
      expect.objectContaining({ kind: 'generate-keys' }),
    );
  });

  it('are not counted twice where a start comes again, nor where nobody draws', () => {
    const once = drawn(afterSum, 1);
    expect(once.drawsForSum).toBe(1);
    expect(start(once, once.lastBatch).take().state.drawsForSum).toBe(1);
  });

  it('are forgotten with a sum that the member learns of', () => {
    const [waiting, result] = transcript.clientBefore(OTHER, 'round-result');
    expect(new ClientTrial(cast, { ...waiting, drawsForSum: 5 }, result).take().state.drawsForSum).toBe(0);
    // An attempt that merely begins is no sum: it would buy as many draws again as there are attempts.
    const [joining, roundStart] = transcript.clientBefore(OTHER, 'round-start');
    const begun = new ClientTrial(cast, { ...joining, drawsForSum: 5 }, roundStart).take();
    expect(begun.state.drawsForSum).toBe(5);
    // Nor is a setup that merely ends.
    const [holding, held] = transcript.clientBefore(OTHER, 'held-shares');
    const taken = new ClientTrial(cast, { ...holding, drawsForSum: 5 }, held).take().state;
    const { batchContext } = held.body;
    const opened = stepClient(crypto, taken, { kind: 'shares-held', batchContext, badBoxes: [] });
    expect(opened.state).toMatchObject({ drawsForSum: 5, batches: [{ stage: 'open' }] });
  });
});
