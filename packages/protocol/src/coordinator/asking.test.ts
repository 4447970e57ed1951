import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { MessageKind } from '../messages/index.ts';
import { DEFAULT_DEADLINES } from '../parameters/terms.ts';
import { castOf, existing } from '../testing/cast.ts';
import { Transcript } from '../testing/transcript.ts';
import type {
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  SetupPhase,
} from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 5);
const transcript = new Transcript(cast, { draws: true });
const failing = new Transcript(cast, {
  maxAttempts: 2,
  withholds: (member, kind) => kind === 'survivors-signature' && member > 2,
});
const MEMBERS = [0, 1, 2, 3, 4];

const take = (state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep =>
  stepCoordinator(crypto, state, event);
const join = (state: CoordinatorState, member: number): CoordinatorStep =>
  take(state, { kind: 'member-joined', member });
const sent = (effects: readonly CoordinatorEffect[]): readonly (MessageKind | undefined)[] =>
  effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));

const entered = (kind: string): CoordinatorState => {
  if (kind === 'promises') return failing.coordinatorIn(kind);
  return ['advertise-keys', 'draw', 'share-keys'].includes(kind)
    ? transcript.coordinatorInSetup(kind as SetupPhase['kind'])
    : transcript.coordinatorIn(kind as CoordinatorPhase['kind']);
};

const ASKED: readonly (readonly [string, MessageKind])[] = [
  ['advertise-keys', 'batch-start'],
  ['draw', 'draw-request'],
  ['share-keys', 'key-roster'],
  ['ready', 'round-announce'],
  ['masked-input', 'round-start'],
  ['consistency', 'survivors'],
  ['unmask', 'unmask-request'],
  ['promises', 'round-aborted'],
];

describe('a member that has a session again', () => {
  it.each(ASKED)('in %s is asked by %s once more, as all were', (kind, message) => {
    const state = entered(kind);
    const { effects } = join(state, 1);
    const inSetup = state.setup.kind !== 'idle';
    expect(sent(effects)).toEqual(inSetup ? [message] : ['held-shares', message]);
    const asked = existing(effects.findLast((effect) => effect.kind === 'send'));
    const records = kind === 'promises' ? failing.coordinator : transcript.coordinator;
    const first = records
      .flatMap(({ step }) => step.effects)
      .find((effect) => effect.kind === 'send' && effect.message === message);
    if (asked.kind !== 'send' || first?.kind !== 'send') throw new Error('nothing was asked');
    expect(asked).toEqual({ ...first, to: [1] });
  });

  it('is asked nothing where it has answered, or is not awaited', () => {
    for (const [kind] of ASKED.slice(0, 7)) {
      const state = entered(kind);
      const nobody = {
        ...state,
        setup: { ...state.setup, waiting: new Set([2]) },
        phase: { ...state.phase, waiting: new Set([2]) },
      } as CoordinatorState;
      expect(sent(join(nobody, 1).effects)).toEqual(state.setup.kind === 'idle' ? ['held-shares'] : []);
    }
  });
});

const anew = (state: CoordinatorState): CoordinatorStep => take(state, { kind: 'restarted' });

describe('a process that begins anew', () => {
  it.each(ASKED)('in %s awaits all that it awaited, with a new deadline', (kind) => {
    const state = entered(kind);
    const { state: after, effects } = anew(state);
    const lane = state.setup.kind === 'idle' ? 'round' : 'setup';
    expect(after).toEqual({
      ...state,
      present: new Set(),
      returning: new Set(MEMBERS),
      phaseNumbers: { ...state.phaseNumbers, [lane]: state.phaseNumbers[lane] + 1 },
    });
    const deadline = effects.at(-1);
    expect(deadline).toMatchObject({ kind: 'start-deadline', lane, phaseNumber: after.phaseNumbers[lane] });
    expect(sent(effects)).toEqual([]);
    // The old deadline ends nothing any more.
    const old = { kind: 'deadline', lane, phaseNumber: state.phaseNumbers[lane] } as const;
    expect(take(after, old)).toEqual({ state: after, effects: [] });
  });

  it('while nothing is going on starts nothing', () => {
    const idle = transcript.coordinatorNow;
    expect(anew(idle).effects).toEqual([]);
    expect(anew(idle).state.phaseNumbers).toEqual(idle.phaseNumbers);
  });

  it('in masked-input rebuilds the sum from what was added, and adds what was being added', () => {
    const records = transcript.coordinator.filter(({ step }) => step.state.phase.kind === 'masked-input');
    const between = existing(
      records.find(({ step: { state } }) => 'adding' in state.phase && state.phase.added.size === 2),
    ).step.state;
    if (between.phase.kind !== 'masked-input') throw new Error('no upload is being added');
    const { context: roundContext } = between.phase.round;
    const adding = [...between.phase.adding.keys()];
    expect(adding.length).toBeGreaterThan(0);
    expect(anew(between).effects).toMatchObject([
      { kind: 'open-accumulator', restore: [...between.phase.added.keys()] },
      ...adding.map((member) => ({ kind: 'add-input', member, roundContext })),
      { kind: 'start-deadline', lane: 'round', ms: DEFAULT_DEADLINES.maskedInput },
    ]);
  });

  it.each(['consistency', 'unmask'])('in %s rebuilds the sum of the survivors that were signed', (kind) => {
    expect(anew(entered(kind)).effects).toMatchObject([
      { kind: 'open-accumulator', restore: MEMBERS },
      { kind: 'start-deadline', lane: 'round' },
    ]);
  });

  it('while the sum is being opened opens it once more, with the same shares', () => {
    const state = transcript.coordinatorIn('opening');
    if (state.phase.kind !== 'opening') throw new Error('the round did not open');
    const { request, round } = state.phase;
    expect(anew(state).effects).toEqual([
      { kind: 'open-accumulator', round, restore: MEMBERS },
      { kind: 'unmask', round, request },
    ]);
  });

  it('does not close a phase on the few that are back first', () => {
    const [last, message] = transcript.coordinatorBefore(4, 'ready');
    const back = join(anew(last).state, 4);
    expect(sent(back.effects)).toEqual(['held-shares', 'round-announce']);
    const { state, effects } = take(back.state, { kind: 'message', from: 4, message });
    // The others had answered: they take part, and are asked when they are back.
    expect(state.phase).toMatchObject({ kind: 'masked-input', waiting: new Set(MEMBERS) });
    expect(effects).toContainEqual(
      expect.objectContaining({ kind: 'send', message: 'round-start', to: [4] }),
    );
    expect(sent(join(state, 2).effects)).toEqual(['held-shares', 'round-start']);
  });

  it('gives those up that are not back at the deadline', () => {
    const [last] = transcript.coordinatorBefore(4, 'ready');
    let { state } = anew(last);
    for (const id of [0, 1, 2, 4]) ({ state } = join(state, id));
    const { phaseNumbers } = state;
    const step = take(state, { kind: 'deadline', lane: 'round', phaseNumber: phaseNumbers.round });
    expect(step.effects.filter(({ kind }) => kind === 'drop' || kind === 'round-aborted')).toMatchObject([
      { drop: { member: 4, reason: 'late' } },
      { drop: { member: 3, reason: 'disconnected-in-phase' } },
      { kind: 'round-aborted', code: 'BELOW_FLOOR' },
    ]);
    expect(step.state.returning).toEqual(new Set());
  });

  it('does not await a member that came back and left', () => {
    const { state } = join(anew(transcript.coordinatorNow).state, 3);
    const left = take(state, { kind: 'member-lost', member: 3 }).state;
    expect(left.returning).toEqual(new Set([0, 1, 2, 4]));
    expect(left.present).toEqual(new Set());
  });
});
