/** The coordinator's side of ready and masked-input: who takes part, whose vector is in the sum. */
import type { CryptoBackend } from '@tributary/crypto';
import type { Message } from '../messages/index.ts';
import type { SurvivorUpload } from '../messages/round.ts';
import { type RoundTerms, roundContext, roundTermsDigest } from '../messages/terms.ts';
import { overflowRisk } from '../parameters/ring.ts';
import { sameBytes } from '../public-bytes.ts';
import { packedLengthOf } from '../vector-length.ts';
import { closeConsistencyIfDone, enterConsistency } from './consistency.ts';
import { openBatch } from './state.ts';
import {
  abortRound,
  andThen,
  dropEffect,
  enterPhase,
  floorFault,
  presentOf,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import type { CoordinatorEvent, CoordinatorPhase, CoordinatorState, CoordinatorStep } from './state.ts';

type ReadyPhase = Extract<CoordinatorPhase, { kind: 'ready' }>;
type InputPhase = Extract<CoordinatorPhase, { kind: 'masked-input' }>;

export function requestRound(
  crypto: CryptoBackend,
  state: CoordinatorState,
  terms: RoundTerms,
): CoordinatorStep {
  const { batch } = state;
  if (
    batch === undefined ||
    !sameBytes(terms.batchContext, batch.context) ||
    terms.keyIndex !== batch.nextKeyIndex ||
    terms.keyIndex >= batch.terms.keyCount
  ) {
    return refuseRequest(state, terms, 'no batch with this key index is open');
  }
  const members = sortedKeys(batch.dealt);
  const overflow = overflowRisk(members.length, terms);
  if (overflow !== undefined) return refuseRequest(state, terms, overflow);
  const waiting = new Set(members.filter((id) => state.present.has(id)));
  const phase: ReadyPhase = {
    kind: 'ready',
    terms,
    termsDigest: roundTermsDigest(crypto, terms),
    ready: new Map(),
    waiting,
  };
  const opened = { ...state, batch: { ...batch, nextKeyIndex: terms.keyIndex + 1 } };
  const step = enterPhase(opened, phase, { round: terms.round, deadlineMs: terms.deadlines.ready }, [
    { kind: 'send', to: [...waiting], message: 'round-announce', body: terms },
  ]);
  return waiting.size === 0 ? andThen(step, (s) => closeReady(crypto, s)) : step;
}

/** Nothing was announced, so no key index is burnt and members have nothing to learn. */
function refuseRequest(state: CoordinatorState, terms: RoundTerms, detail: string): CoordinatorStep {
  return {
    state,
    effects: [{ kind: 'round-aborted', terms, phase: 'ready', code: 'UNSAFE_TERMS', detail, survivors: [] }],
  };
}

export function acceptReady(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: ReadyPhase,
  from: number,
  { body, signature }: Message<'ready'>,
): CoordinatorStep {
  if (!sameBytes(body.termsDigest, phase.termsDigest)) {
    return reject(state, from, 'WRONG_CONTEXT', 'ready for other terms');
  }
  const ready = withEntry(phase.ready, from, { nonce: body.nonce, signature });
  const next = { ...phase, ready, waiting: without(phase.waiting, from) };
  return closeReadyIfDone(crypto, { ...state, phase: next });
}

export function closeReadyIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  const done = state.phase.kind === 'ready' && state.phase.waiting.size === 0;
  return done ? closeReady(crypto, state) : { state, effects: [] };
}

export function closeReady(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  const phase = state.phase as ReadyPhase;
  const { terms, termsDigest } = phase;
  const late = [...phase.waiting].map((id) => dropEffect(phase, id, 'late'));
  // Who was lost after its answer costs nothing if it is left out now, and a whole deadline later.
  const { present: participants, lost } = presentOf(state, sortedKeys(phase.ready));
  const gone = [...late, ...lost];
  const batch = openBatch(state);
  const floor = floorFault(state, batch.terms, participants, sortedKeys(batch.dealt));
  if (floor !== undefined) {
    return abortRound(state, terms, 'ready', 'BELOW_FLOOR', floor, participants, gone);
  }
  const ready = participants.flatMap((member) => {
    const entry = phase.ready.get(member);
    return entry === undefined ? [] : [{ member, ...entry }];
  });
  const context = roundContext(crypto, termsDigest, ready);
  const round = { terms, termsDigest, context, participants, refused: new Set<number>() };
  const next: InputPhase = {
    kind: 'masked-input',
    round,
    adding: new Map(),
    added: new Map(),
    closing: false,
    waiting: new Set(participants),
  };
  return enterPhase(state, next, { round: terms.round, deadlineMs: terms.deadlines.maskedInput }, [
    ...gone,
    { kind: 'open-accumulator', round },
    { kind: 'send', to: participants, message: 'round-start', body: { termsDigest, ready } },
  ]);
}

/** The shell has received the whole upload; add it if it is what its owner signed. */
export function uploadSpooled(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: InputPhase,
  event: Extract<CoordinatorEvent, { kind: 'upload-spooled' }>,
): CoordinatorStep {
  const { from, message } = event;
  const { body, signature } = message;
  const { context, terms } = phase.round;
  if (!sameBytes(body.roundContext, context)) {
    // The end of an upload that an earlier round gave up on: late, but no fault in this one.
    return reject(state, from, 'WRONG_CONTEXT', 'upload for another round');
  }
  const due = packedLengthOf(terms);
  if (event.length !== due || body.length !== due) {
    return dropUpload(
      crypto,
      state,
      phase,
      from,
      'LENGTH_MISMATCH',
      `upload of ${event.length} bytes, ${due} are due`,
    );
  }
  if (!sameBytes(body.digest, event.digest)) {
    const detail = 'the received bytes do not have the signed digest';
    return dropUpload(crypto, state, phase, from, 'DIGEST_MISMATCH', detail);
  }
  const upload: SurvivorUpload = { member: from, digest: body.digest, signature };
  const next = {
    ...phase,
    adding: withEntry(phase.adding, from, upload),
    waiting: without(phase.waiting, from),
  };
  return {
    state: { ...state, phase: next },
    effects: [{ kind: 'add-input', member: from, roundContext: context }],
  };
}

/** Discards what came of an upload and goes on without its owner. */
export function dropUpload(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: InputPhase,
  from: number,
  code: Parameters<typeof reject>[2],
  detail: string,
): CoordinatorStep {
  const next = { ...phase, waiting: without(phase.waiting, from) };
  const refused = reject({ ...state, phase: next }, from, code, detail);
  return andThen(
    {
      state: refused.state,
      effects: [
        ...refused.effects,
        dropEffect(phase, from, 'protocol-error', detail),
        { kind: 'discard-input', member: from, roundContext: phase.round.context },
      ],
    },
    (dropped) => closeInputIfDone(crypto, dropped),
  );
}

export function inputAdded(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: InputPhase,
  event: Extract<CoordinatorEvent, { kind: 'input-added' }>,
): CoordinatorStep {
  const upload = phase.adding.get(event.member);
  if (upload === undefined || !sameBytes(event.roundContext, phase.round.context))
    return { state, effects: [] };
  const adding = new Map(phase.adding);
  adding.delete(event.member);
  const next = { ...phase, adding, added: withEntry(phase.added, event.member, upload) };
  return closeInputIfDone(crypto, { ...state, phase: next });
}

export function closeInputIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  const { phase } = state;
  if (phase.kind !== 'masked-input' || phase.adding.size > 0) return { state, effects: [] };
  return phase.waiting.size === 0 || phase.closing
    ? closeInput(crypto, state, phase)
    : { state, effects: [] };
}

/** At the deadline: whoever has not finished is out, whoever is being added is waited for. */
export function inputDeadline(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: InputPhase,
): CoordinatorStep {
  const closing: InputPhase = { ...phase, closing: true, waiting: new Set() };
  const effects = [...phase.waiting].flatMap((member) => [
    dropEffect(phase, member, 'late'),
    { kind: 'discard-input', member, roundContext: phase.round.context } as const,
  ]);
  return andThen({ state: { ...state, phase: closing }, effects }, (next) => closeInputIfDone(crypto, next));
}

function closeInput(crypto: CryptoBackend, state: CoordinatorState, phase: InputPhase): CoordinatorStep {
  const { round } = phase;
  const members = sortedKeys(phase.added);
  const floor = floorFault(state, openBatch(state).terms, members, round.participants);
  if (floor !== undefined) {
    return abortRound(state, round.terms, 'masked-input', 'BELOW_FLOOR', floor, members, [
      { kind: 'close-accumulator', roundContext: round.context },
    ]);
  }
  return andThen(enterConsistency(crypto, state, round, phase.added), closeConsistencyIfDone);
}
