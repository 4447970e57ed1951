/** Setup beside rounds: the next batch is prepared while the present one serves, and neither disturbs the other. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { MessageKind } from '../messages/index.ts';
import { castOf, existing } from '../testing/cast.ts';
import { Transcript } from '../testing/transcript.ts';
import type { CoordinatorEvent, CoordinatorState, CoordinatorStep } from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 5);

/** A story in which some messages of members can be held back for a while. */
function story(): { readonly told: Transcript; readonly held: Set<MessageKind> } {
  const held = new Set<MessageKind>();
  const told = new Transcript(cast, {
    rounds: 0,
    keyCount: 2,
    withholds: (_, kind) => held.has(kind),
  });
  return { told, held };
}

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);

const numbers = (state: CoordinatorState): readonly number[] => state.batches.map(({ terms }) => terms.batch);

describe('a batch that is set up while a round goes on', () => {
  const { told } = story();
  told.requestRound(1);
  told.requestBatch(2);
  told.drain();

  it('opens beside the one in use, and the round opens too', () => {
    expect(told.effects('round-completed')).toMatchObject([{ survivors: [0, 1, 2, 3, 4] }]);
    expect(told.effects('batch-opened').map(({ batch }) => batch)).toEqual([1, 2]);
    expect(numbers(told.coordinatorNow)).toEqual([1, 2]);
    expect(told.effects('drop')).toEqual([]);
    expect(told.effects('reject')).toEqual([]);
    for (const { id } of cast.roster.members) {
      expect(told.clientNow(id).batches.map(({ terms, stage }) => [terms.batch, stage])).toEqual([
        [1, 'open'],
        [2, 'open'],
      ]);
    }
  });

  it('ends the older one with its first round, on both sides', () => {
    told.playRound(2);
    expect(told.effects('round-completed')).toHaveLength(2);
    expect(numbers(told.coordinatorNow)).toEqual([2]);
    const first = existing(told.roundTerms[0]).batchContext;
    for (const { id } of cast.roster.members) {
      expect(numbers(told.coordinatorNow)).toEqual(
        told.clientNow(id).batches.map(({ terms }) => terms.batch),
      );
      expect(existing(told.keepers[id]).store.get(first)).toBeUndefined();
    }
    const late = take(told.coordinatorNow, {
      kind: 'round-requested',
      terms: { ...existing(told.roundTerms[0]), keyIndex: 1, round: 3 },
    });
    expect(late.effects).toMatchObject([{ kind: 'round-aborted', code: 'UNSAFE_TERMS' }]);
  });

  it('leaves at most two batches', () => {
    told.openBatch(3);
    expect(numbers(told.coordinatorNow)).toEqual([2, 3]);
    told.openBatch(4);
    expect(numbers(told.coordinatorNow)).toEqual([3, 4]);
    expect(told.clientNow(1).batches.map(({ terms }) => terms.batch)).toEqual([3, 4]);
  });
});

describe('a deadline of one lane', () => {
  const { told, held } = story();
  held.add('ready');
  held.add('key-advert');
  told.requestRound(1);
  told.requestBatch(2);
  const state = told.coordinatorNow;

  it('ends nothing in the other', () => {
    expect([state.setup.kind, state.phase.kind]).toEqual(['advertise-keys', 'ready']);
    const { setup, round } = state.phaseNumbers;
    const setupOver = take(state, { kind: 'deadline', lane: 'setup', phaseNumber: setup });
    expect(setupOver.state.setup.kind).toBe('idle');
    expect(setupOver.state.phase).toBe(state.phase);
    expect(setupOver.state.phaseNumbers.round).toBe(round);
    const roundOver = take(state, { kind: 'deadline', lane: 'round', phaseNumber: round });
    expect(roundOver.state.phase.kind).toBe('idle');
    expect(roundOver.state.setup).toBe(state.setup);
    expect(roundOver.state.phaseNumbers.setup).toBe(setup);
  });

  it('that has the number of the other is not taken for it', () => {
    const { setup, round } = state.phaseNumbers;
    expect(setup).not.toBe(round);
    expect(take(state, { kind: 'deadline', lane: 'setup', phaseNumber: round })).toEqual({
      state,
      effects: [],
    });
    expect(take(state, { kind: 'deadline', lane: 'round', phaseNumber: setup })).toEqual({
      state,
      effects: [],
    });
  });

  it('leaves the batch that is open as it was when a renewal fails', () => {
    told.drain();
    expect(told.effects('batch-aborted')).toMatchObject([{ code: 'BELOW_FLOOR' }]);
    expect(numbers(told.coordinatorNow)).toEqual([1]);
    held.clear();
    told.playRound(1);
    expect(told.effects('round-completed')).toHaveLength(1);
  });
});

describe('a member that is lost', () => {
  it('is out of both lanes', () => {
    const { told } = story();
    told.requestRound(1);
    told.requestBatch(2);
    const { state, effects } = take(told.coordinatorNow, { kind: 'member-lost', member: 2 });
    const phases = effects.flatMap((effect) => (effect.kind === 'drop' ? [effect.drop.phase] : []));
    expect(phases).toEqual(['setup', 'ready']);
    expect([state.setup, state.phase]).toMatchObject([
      { waiting: new Set([0, 1, 3, 4]) },
      { waiting: new Set([0, 1, 3, 4]) },
    ]);
    const back = take(state, { kind: 'member-joined', member: 2 });
    // It holds shares of the open batch, and is awaited in neither lane.
    expect(back.effects).toMatchObject([{ kind: 'send', message: 'held-shares', to: [2] }]);
  });

  it('and comes back while both lanes await it is asked in both', () => {
    const { told } = story();
    told.requestRound(1);
    told.requestBatch(2);
    const { effects } = take(told.coordinatorNow, { kind: 'member-joined', member: 2 });
    expect(effects.map((effect) => effect.kind === 'send' && effect.message)).toEqual([
      'batch-start',
      'held-shares',
      'round-announce',
    ]);
  });
});
