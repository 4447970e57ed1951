import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import { EMPTY_SIGNATURE } from '../signing.ts';
import { MESSAGE_KINDS, someBody } from '../testing/arbitrary-messages.ts';
import { castOf, existing, signed } from '../testing/cast.ts';
import { coordinatorOutcome, rejected, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import type { CoordinatorEvent, CoordinatorState } from './state.ts';
import { stepCoordinator } from './step.ts';

const cast = castOf(crypto, 5);
const transcript = new Transcript(cast, { rounds: 2, draws: true });
const ANSWERS = [
  'key-advert',
  'draw-reveal',
  'dealt-shares',
  'ready',
  'survivors-signature',
  'release',
] as const;
const SETUP_PHASES = ['advertise-keys', 'draw', 'share-keys'] as const;
const ROUND_PHASES = ['ready', 'masked-input', 'consistency', 'unmask'] as const;

type SetupKind = (typeof SETUP_PHASES)[number];
type PhaseKind = SetupKind | (typeof ROUND_PHASES)[number] | 'opening';

const isSetup = (kind: PhaseKind): kind is SetupKind => SETUP_PHASES.some((each) => each === kind);

/** The coordinator's state as it entered a phase of either lane. */
const entered = (kind: PhaseKind): CoordinatorState =>
  isSetup(kind) ? transcript.coordinatorInSetup(kind) : transcript.coordinatorIn(kind);

/** Who is awaited in the lane of that phase. */
function waitingIn(state: CoordinatorState, kind: PhaseKind): ReadonlySet<number> {
  const phase = isSetup(kind) ? state.setup : state.phase;
  if (!('waiting' in phase)) throw new Error('nobody is awaited');
  return phase.waiting;
}

const event = (from: number, message: unknown): CoordinatorEvent => ({
  kind: 'message',
  from,
  message: message as Message,
});

describe.each(ANSWERS)('an answer: %s', (kind) => {
  const [state, message] = transcript.coordinatorBefore(1, kind);
  const body = message.body as Bodies[MessageKind];

  it('is refused without the signature of its member', () => {
    for (const id of [2, 'coordinator'] as const) {
      expect(coordinatorOutcome(cast, state, event(1, signed(cast, id, kind, body as never)))).toEqual(
        rejected('BAD_SIGNATURE', 1),
      );
    }
    expect(coordinatorOutcome(cast, state, event(1, { ...message, signature: EMPTY_SIGNATURE }))).toEqual(
      rejected('BAD_SIGNATURE', 1),
    );
    expect(coordinatorOutcome(cast, state, event(77, message))).toEqual(rejected('BAD_SIGNATURE', 77));
  });

  it('is refused in the name of another member', () => {
    const other = signed(cast, 1, kind, { ...body, member: 2 } as never);
    expect(coordinatorOutcome(cast, state, event(1, other))).toEqual(rejected('WRONG_SENDER', 1));
  });

  it('is refused a second time', () => {
    const { state: after } = stepCoordinator(crypto, state, event(1, message));
    expect(coordinatorOutcome(cast, after, event(1, message))).toEqual(rejected('DUPLICATE', 1));
  });

  it('is refused of a member that is not awaited', () => {
    const waiting = new Set([2, 3, 4]);
    const others = {
      ...state,
      setup: { ...state.setup, waiting },
      phase: { ...state.phase, waiting },
    } as CoordinatorState;
    expect(coordinatorOutcome(cast, others, event(1, message))).toEqual(rejected('DUPLICATE', 1));
  });
});

describe('an answer out of its phase', () => {
  const own = {
    'key-advert': 'advertise-keys',
    'draw-reveal': 'draw',
    'dealt-shares': 'share-keys',
    ready: 'ready',
    'survivors-signature': 'consistency',
  } as const;
  const cases = ANSWERS.flatMap((kind) => {
    if (kind === 'release') return [];
    return [...SETUP_PHASES, ...ROUND_PHASES]
      .filter((phase) => phase !== own[kind])
      .map((phase) => [kind, phase] as const);
  });

  it.each(cases)('is refused: %s in %s', (kind, phase) => {
    const [, message] = transcript.coordinatorBefore(1, kind);
    // In the other lane nothing is awaited: that lane is idle here.
    const detail =
      isSetup(phase) === isSetup(own[kind]) ? `${kind} in phase ${phase}` : 'while no answer is awaited';
    expect(coordinatorOutcome(cast, entered(phase), event(1, message))).toEqual(
      rejected('WRONG_PHASE', 1, new RegExp(detail)),
    );
  });

  it.each([...SETUP_PHASES, ...ROUND_PHASES].slice(0, -1))(
    'is surplus where it is a release: %s',
    (phase) => {
      const state = entered(phase);
      const [, message] = transcript.coordinatorBefore(1, 'release');
      expect(stepCoordinator(crypto, state, event(1, message))).toEqual({ state, effects: [] });
    },
  );

  it('is refused while none is awaited', () => {
    const idle = existing(transcript.coordinator.at(-1)?.step.state);
    for (const state of [idle, transcript.coordinatorIn('opening')]) {
      const [, ready] = transcript.coordinatorBefore(1, 'ready');
      expect(coordinatorOutcome(cast, state, event(1, ready))).toEqual(
        rejected('WRONG_PHASE', 1, /while no answer is awaited/),
      );
    }
  });
});

/** Those may come at any time, about a batch that the coordinator has. */
const OF_BLAME = ['complaint', 'opened-shares'] as const;

describe('a message that no member sends in a round', () => {
  const others = MESSAGE_KINDS.filter(
    (kind) =>
      ![...ANSWERS, ...OF_BLAME, 'nothing-released', 'refusal', 'vector-chunk'].includes(
        kind as (typeof ANSWERS)[number],
      ),
  );

  it.each(others)('is refused: %s, though its member signed it', (kind) => {
    const body = someBody(kind);
    const fitting = 'member' in body ? { ...body, member: 1 } : body;
    const state = transcript.coordinatorIn('consistency');
    expect(coordinatorOutcome(cast, state, event(1, signed(cast, 1, kind, fitting as never)))).toEqual(
      rejected('WRONG_PHASE', 1),
    );
  });

  it.each(OF_BLAME)('is refused about a batch that is not open: %s', (kind) => {
    const message = signed(cast, 1, kind, { ...someBody(kind), member: 1 } as never);
    expect(coordinatorOutcome(cast, transcript.coordinatorIn('ready'), event(1, message))).toEqual(
      rejected('WRONG_CONTEXT', 1),
    );
  });

  it('is surplus where it is a promise that nobody asked for', () => {
    const { batchContext } = transcript;
    const message = signed(cast, 1, 'nothing-released', { batchContext, keyIndex: 0, member: 1 });
    for (const phase of [...SETUP_PHASES, ...ROUND_PHASES]) {
      const state = entered(phase);
      expect(stepCoordinator(crypto, state, event(1, message))).toEqual({ state, effects: [] });
    }
  });

  it('is refused: vector-chunk, which the shell spools', () => {
    const body = { roundContext: new Uint8Array(32), sequence: 0, bytes: new Uint8Array(1) };
    const message = signed(cast, 1, 'vector-chunk', body);
    expect(coordinatorOutcome(cast, transcript.coordinatorIn('masked-input'), event(1, message))).toEqual(
      rejected('BAD_SIGNATURE', 1),
    );
  });
});

const refusal = (round: number, from = 1): CoordinatorEvent =>
  event(
    from,
    signed(cast, from, 'refusal', { member: from, round, code: 'UNSAFE_TERMS', detail: 'too few' }),
  );

describe('a refusal', () => {
  it.each([
    ['advertise-keys', 0],
    ['draw', 0],
    ['share-keys', 0],
    ['ready', 1],
    ['masked-input', 1],
    ['consistency', 1],
    ['unmask', 1],
  ] as const)('in %s drops its member, with its reason', (kind, round) => {
    const state = entered(kind);
    const { state: after, effects } = stepCoordinator(crypto, state, refusal(round));
    expect(effects[0]).toMatchObject({
      kind: 'drop',
      drop: { member: 1, reason: 'refused-by-client-policy', detail: 'UNSAFE_TERMS: too few' },
    });
    const { phase } = after;
    expect(waitingIn(after, kind).has(1)).toBe(false);
    const refused = 'round' in phase ? [...phase.round.refused] : [];
    expect(refused).toEqual('round' in state.phase ? [1] : []);
  });

  it('discards the upload of its member, and nothing is asked of it again', () => {
    const start = transcript.coordinatorIn('masked-input');
    const { state, effects } = stepCoordinator(crypto, start, refusal(1));
    expect(effects).toMatchObject([{ kind: 'drop' }, { kind: 'discard-input', member: 1 }]);
    const uploads = transcript.coordinator.filter(
      (record) => 'from' in record.event && record.event.from !== 1 && record.event.kind === 'upload-spooled',
    );
    let now = state;
    for (const { event: upload } of uploads.slice(0, 4)) {
      const step = stepCoordinator(crypto, now, upload);
      const [, add] = step.effects;
      if (add?.kind !== 'add-input') throw new Error('the upload is not added');
      now = stepCoordinator(crypto, step.state, { ...add, kind: 'input-added' }).state;
    }
    if (now.phase.kind !== 'summing') throw new Error('the phase did not close');
    const { context: roundContext } = now.phase.round;
    const digest = new Uint8Array(32);
    now = stepCoordinator(crypto, now, { kind: 'masked-sum-kept', roundContext, digest }).state;
    expect(now.phase).toMatchObject({ kind: 'consistency', waiting: new Set([0, 2, 3, 4]) });
  });

  it.each([
    ['ready', 0],
    ['ready', 2],
    ['unmask', 0],
    ['advertise-keys', 1],
    ['opening', 2],
  ] as const)('in %s about round %i is late: nobody is dropped', (kind, round) => {
    const { state, effects } = stepCoordinator(crypto, entered(kind), refusal(round));
    expect(state).toBe(entered(kind));
    // Setup is not under way where a round is: a refusal of it is about nothing.
    expect(effects).toEqual(round === 0 ? [] : [rejection('WRONG_CONTEXT', 1)]);
  });

  it('of a member that is not awaited drops nobody', () => {
    const [state] = transcript.coordinatorBefore(2, 'ready');
    expect(stepCoordinator(crypto, state, refusal(1, 0))).toEqual({ state, effects: [] });
  });
});

describe('a deadline', () => {
  it('of a phase that is over ends nothing', () => {
    for (const { before } of transcript.coordinator) {
      for (const lane of ['setup', 'round'] as const) {
        for (const change of [-1, 1]) {
          const phaseNumber = before.phaseNumbers[lane] + change;
          expect(stepCoordinator(crypto, before, { kind: 'deadline', lane, phaseNumber })).toEqual({
            state: before,
            effects: [],
          });
        }
      }
    }
  });

  it('in no phase ends nothing', () => {
    const idle = existing(transcript.coordinator.at(-1)?.step.state);
    for (const lane of ['setup', 'round'] as const) {
      const phaseNumber = idle.phaseNumbers[lane];
      const step = stepCoordinator(crypto, idle, { kind: 'deadline', lane, phaseNumber });
      expect(step).toEqual({ state: idle, effects: [] });
    }
  });
});

describe('members', () => {
  it('that come and go between phases change nothing but who is there', () => {
    const idle = existing(transcript.coordinator.at(-1)?.step.state);
    const gone = stepCoordinator(crypto, idle, { kind: 'member-lost', member: 1 });
    expect(gone).toEqual({ state: { ...idle, present: new Set([0, 2, 3, 4]) }, effects: [] });
    const back = stepCoordinator(crypto, gone.state, { kind: 'member-joined', member: 1 });
    expect(back.state).toEqual(idle);
    // It may have missed the shares that it holds.
    expect(back.effects).toMatchObject([{ kind: 'send', to: [1], message: 'held-shares' }]);
    expect(back.effects).toHaveLength(1);
  });

  it('that come in the middle of a phase are not awaited in it', () => {
    const state = transcript.coordinatorIn('ready');
    const gone = stepCoordinator(crypto, state, { kind: 'member-lost', member: 1 });
    expect(gone.effects).toMatchObject([
      { kind: 'drop', drop: { member: 1, reason: 'disconnected-in-phase' } },
    ]);
    const back = stepCoordinator(crypto, gone.state, { kind: 'member-joined', member: 1 });
    expect(back.state.phase).toMatchObject({ waiting: new Set([0, 2, 3, 4]) });
    const [, ready] = transcript.coordinatorBefore(1, 'ready');
    expect(coordinatorOutcome(cast, back.state, event(1, ready))).toEqual(rejected('DUPLICATE', 1));
  });
});
