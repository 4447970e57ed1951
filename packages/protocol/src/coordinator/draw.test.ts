/** The coordinator's side of the draw of a sparse graph, and what it relays on one. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { drawDigest, drawOf } from '../draw.ts';
import type { DrawReveal, KeyAdvert } from '../messages/setup.ts';
import { castOf, existing, signed, SMALL_CIRCLE } from '../testing/cast.ts';
import { coordinatorOutcome, rejected, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import type { CoordinatorEffect, CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 9);
const transcript = new Transcript(cast, { thresholds: SMALL_CIRCLE, keyCount: 1 });
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);
const pass = (state: CoordinatorState): CoordinatorStep =>
  take(state, { kind: 'deadline', lane: 'setup', phaseNumber: state.phaseNumbers.setup });
const message = (from: number, body: unknown): CoordinatorEvent =>
  ({ kind: 'message', from, message: body }) as CoordinatorEvent;
const bodies = (effects: readonly CoordinatorEffect[], kind: string): readonly CoordinatorEffect[] =>
  effects.filter((effect) => effect.kind === 'send' && effect.message === kind);

describe('the committee', () => {
  it('is asked when U1 and all commitments are fixed', () => {
    const state = transcript.coordinatorInSetup('draw');
    if (state.setup.kind !== 'draw') throw new Error('nobody draws');
    const { members, commitments, drawDigest: digest, context, adverts, waiting } = state.setup;
    expect(waiting).toEqual(new Set([0, 1]));
    expect(commitments).toEqual([0, 1].map((id) => existing(adverts.get(id)).body.drawCommitment));
    expect(digest).toEqual(drawDigest(crypto, context, members, commitments));
    const [request] = transcript.coordinator
      .flatMap(({ step }) => step.effects)
      .filter((effect) => effect.kind === 'send' && effect.message === 'draw-request');
    expect(request).toMatchObject({ to: [0, 1], body: { members, commitments } });
  });

  it('without one of its members ends the setup before anybody reveals a nonce', () => {
    const [last, { body }] = transcript.coordinatorBefore(8, 'key-advert');
    const gone = take(last, { kind: 'member-lost', member: 1 }).state;
    const { state, effects } = take(gone, message(8, signed(cast, 8, 'key-advert', body)));
    expect(bodies(effects, 'draw-request')).toEqual([]);
    expect(effects.at(-1)).toEqual({
      kind: 'batch-aborted',
      code: 'BAD_DRAW',
      detail: 'the draw is void without the nonce of member-1',
    });
    expect(state.setup.kind).toBe('idle');
  });

  it.each<[string, number, Partial<KeyAdvert>]>([
    ['a drawer that commits to nothing', 1, { drawCommitment: new Uint8Array(0) }],
    ['a drawer that commits to half a hash', 1, { drawCommitment: new Uint8Array(16) }],
    ['a commitment of who draws nothing', 5, { drawCommitment: hash(1) }],
  ])('has no place for %s', (_, from, change) => {
    const [state, { body }] = transcript.coordinatorBefore(from, 'key-advert');
    const { effects } = take(state, message(from, signed(cast, from, 'key-advert', { ...body, ...change })));
    expect(effects.slice(0, 2)).toMatchObject([
      rejection('BAD_DRAW', from),
      { kind: 'drop', drop: { member: from, reason: 'protocol-error' } },
    ]);
  });
});

describe('a reveal', () => {
  const [state, { body: honest }] = transcript.coordinatorBefore(1, 'draw-reveal');
  const reveal = (change: Partial<DrawReveal>): CoordinatorEvent =>
    message(1, signed(cast, 1, 'draw-reveal', { ...honest, ...change }));

  it('of the last drawer gives each member the keys of its neighbours and of the committee', () => {
    const { state: after, effects } = take(state, reveal({}));
    if (after.setup.kind !== 'share-keys') throw new Error('the draw is not over');
    const { draw, neighbours, reveals } = after.setup;
    const nonces = reveals.map(({ body }) => body);
    expect(draw).toEqual(drawOf(crypto, honest.drawDigest, nonces));
    const rosters = bodies(effects, 'key-roster');
    expect(rosters).toHaveLength(9);
    for (const roster of rosters) {
      if (roster.kind !== 'send' || roster.message !== 'key-roster') throw new Error('no key roster');
      const [id] = roster.to;
      const near = existing(neighbours.get(existing(id)));
      const due = new Set([existing(id), ...near, 0, 1]);
      expect(roster.body.adverts.map(({ body }) => body.member)).toEqual([...due].toSorted((a, b) => a - b));
      expect(roster.body.members).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });

  it.each<[string, Partial<DrawReveal>]>([
    ['of another nonce than was committed to', { nonce: hash(9) }],
    ['for another draw', { drawDigest: hash(9) }],
  ])('%s voids the draw', (_, change) => {
    const { state: after, effects } = take(state, reveal(change));
    expect(effects).toMatchObject([
      rejection('BAD_DRAW', 1),
      { kind: 'drop', drop: { member: 1, reason: 'protocol-error', phase: 'setup' } },
      {
        kind: 'batch-aborted',
        code: 'BAD_DRAW',
        detail: 'the draw is void without the nonce of member-1',
      },
    ]);
    expect(after).toMatchObject({ batches: [], setup: { kind: 'idle' } });
  });

  it('that never comes voids the draw: at the deadline, and at once where the drawer is lost', () => {
    for (const step of [pass(state), take(state, { kind: 'member-lost', member: 1 })]) {
      expect(step.effects.at(-1)).toMatchObject({ kind: 'batch-aborted', code: 'BAD_DRAW' });
      expect(step.state.setup.kind).toBe('idle');
    }
  });

  it('for a batch that was given up is late, but no fault', () => {
    expect(coordinatorOutcome(cast, state, reveal({ batchContext: hash(1) }))).toEqual(
      rejected('WRONG_CONTEXT', 1),
    );
  });

  it('of who draws nothing is refused', () => {
    const other = { ...honest, member: 5 };
    expect(coordinatorOutcome(cast, state, message(5, signed(cast, 5, 'draw-reveal', other)))).toEqual(
      rejected('DUPLICATE', 5),
    );
  });
});

describe('on a sparse graph', () => {
  it('each member is asked for its shares with the signatures of its own holders', () => {
    const requests = transcript.coordinator
      .flatMap(({ step }) => step.effects)
      .filter((effect) => effect.kind === 'send' && effect.message === 'unmask-request');
    expect(requests).toHaveLength(9);
    const { neighbours } = existing(transcript.coordinatorNow.batches[0]);
    for (const request of requests) {
      if (request.kind !== 'send' || request.message !== 'unmask-request') throw new Error('no request');
      expect(request.body.signatures.map(({ member }) => member)).toEqual(
        neighbours.get(existing(request.to[0])),
      );
    }
    expect(transcript.effects('round-completed')).toMatchObject([{ survivors: { length: 9 } }]);
  });

  it('a dealer deals to its neighbours and keeps nothing', () => {
    const { dealt, neighbours } = existing(transcript.coordinatorNow.batches[0]);
    for (const [id, { boxes, ownCommitments }] of dealt) {
      expect([...boxes.keys()].toSorted((a, b) => a - b)).toEqual(neighbours.get(id));
      expect(ownCommitments).toHaveLength(0);
    }
  });

  it('a round is given up where a survivor has lost too many neighbours', () => {
    // Who stands next to member 0 on either side is gone: of its six neighbours four are left.
    let near: readonly number[] = [];
    const lossy = new Transcript(castOf(crypto, 9), {
      thresholds: SMALL_CIRCLE,
      keyCount: 1,
      rounds: 0,
      withholds: (member, kind) => kind === 'upload-end' && near.includes(member),
    });
    near = existing(existing(lossy.coordinatorNow.batches[0]).neighbours.get(0)).slice(0, 2);
    lossy.playRound(1);
    expect(lossy.effects('round-aborted')).toMatchObject([
      {
        phase: 'masked-input',
        code: 'BELOW_FLOOR',
        detail: expect.stringMatching(/surviving neighbours$/) as string,
      },
    ]);
  });
});
