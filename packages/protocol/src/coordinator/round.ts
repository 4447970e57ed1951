/** The coordinator's side of ready and masked-input: who takes part, whose vector is in the sum. */
import type { CryptoBackend } from '@tributary/crypto';
import type { Message } from '../messages/index.ts';
import type { SurvivorUpload } from '../messages/round.ts';
import { type RoundTerms, roundContext, roundTermsDigest } from '../messages/terms.ts';
import { overflowRisk } from '../parameters/ring.ts';
import { sameBytes } from '../public-bytes.ts';
import { loneMember, topologyOf } from '../topology.ts';
import { packedLengthOf } from '../vector-length.ts';
import { abortBeforeUpload, abortRound } from './attempts.ts';
import { isDoubtful } from './complaints.ts';
import { enterSumming } from './consistency.ts';
import {
  accepted,
  andThen,
  dropEffect,
  enterPhase,
  floorFault,
  isThere,
  namesOf,
  presentOf,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import type {
  CoordinatorEvent,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  OpenBatch,
  RoundInProgress,
} from './state.ts';

type ReadyPhase = Extract<CoordinatorPhase, { kind: 'ready' }>;
type InputPhase = Extract<CoordinatorPhase, { kind: 'masked-input' }>;

/** A round on a newer batch ends the older one. */
export function requestRound(
  crypto: CryptoBackend,
  state: CoordinatorState,
  terms: RoundTerms,
): CoordinatorStep {
  const at = state.batches.findIndex(({ context }) => sameBytes(terms.batchContext, context));
  const batch = state.batches[at];
  if (
    batch === undefined ||
    terms.keyIndex !== batch.nextKeyIndex ||
    terms.keyIndex >= batch.terms.keyCount ||
    terms.attempt > batch.terms.maxAttempts
  ) {
    return refuseRequest(state, terms, 'no batch with this key index is open');
  }
  const overflow = overflowRisk(batch.members.length, terms);
  if (overflow !== undefined) return refuseRequest(state, terms, overflow);
  const used = { ...batch, nextKeyIndex: terms.keyIndex + 1 };
  const { failedAttempts } = state;
  const phase: ReadyPhase = {
    kind: 'ready',
    terms,
    termsDigest: roundTermsDigest(crypto, terms),
    batch: used,
    promises: failedAttempts?.round === terms.round ? failedAttempts.promises : [],
    ready: new Map(),
    waiting: new Set(eligible(state, used).filter((id) => isThere(state, id))),
  };
  const opened = { ...state, batches: [used, ...state.batches.slice(at + 1)] };
  const { promises } = phase;
  const step = enterPhase(opened, phase, [
    { kind: 'send', to: [...phase.waiting], message: 'round-announce', body: { terms, promises } },
  ]);
  return andThen(step, (next) => closeReadyIfDone(crypto, next));
}

/** Dealers that have cheated nobody and whose secrets could be opened. */
function eligible({ culprits }: CoordinatorState, batch: OpenBatch): number[] {
  return sortedKeys(batch.dealt).filter((id) => !culprits.has(id) && !isDoubtful(batch, id));
}

/** Nothing was announced, so no key index is burnt and members have nothing to learn. */
function refuseRequest(state: CoordinatorState, terms: RoundTerms, detail: string): CoordinatorStep {
  const failure = { phase: 'ready', code: 'UNSAFE_TERMS', detail, survivors: [] } as const;
  return { state, effects: [{ kind: 'round-aborted', terms, ...failure, retryable: false, isVoid: false }] };
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
  const ready = withEntry(phase.ready, from, { member: from, nonce: body.nonce, signature });
  const next = { ...phase, ready, waiting: without(phase.waiting, from) };
  return closeReadyIfDone(crypto, { ...state, phase: next });
}

export function closeReadyIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  const { phase } = state;
  return phase.kind === 'ready' && phase.waiting.size === 0
    ? closeReady(crypto, state, phase)
    : { state, effects: [] };
}

export function closeReady(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: ReadyPhase,
): CoordinatorStep {
  const { terms, termsDigest, batch } = phase;
  const late = [...phase.waiting].map((id) => dropEffect('ready', id, 'late'));
  // Who was lost after its answer costs nothing if it is left out now, and a whole deadline later.
  const { present: participants, lost } = presentOf(state, sortedKeys(phase.ready), 'ready');
  const gone = [...late, ...lost];
  const floor = floorFault(state, batch.terms, participants, sortedKeys(batch.dealt));
  if (floor !== undefined) {
    const failure = { phase: 'ready', code: 'BELOW_FLOOR', detail: floor, survivors: participants } as const;
    return abortBeforeUpload(state, terms, batch, failure, gone);
  }
  const ready = participants.flatMap((member) => phase.ready.get(member) ?? []);
  const context = roundContext(crypto, termsDigest, ready);
  const round: RoundInProgress = {
    terms,
    termsDigest,
    context,
    batch,
    participants,
    ready,
    refused: new Set(),
  };
  const next: InputPhase = {
    kind: 'masked-input',
    round,
    adding: new Map(),
    added: new Map(),
    closing: false,
    waiting: new Set(participants),
  };
  return enterPhase(state, next, [
    ...gone,
    { kind: 'open-accumulator', round, restore: [] },
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
    effects: [accepted(message), { kind: 'add-input', member: from, roundContext: context }],
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
        dropEffect('masked-input', from, 'protocol-error', detail),
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
    dropEffect('masked-input', member, 'late'),
    { kind: 'discard-input', member, roundContext: phase.round.context } as const,
  ]);
  return andThen({ state: { ...state, phase: closing }, effects }, (next) => closeInputIfDone(crypto, next));
}

function closeInput(crypto: CryptoBackend, state: CoordinatorState, phase: InputPhase): CoordinatorStep {
  const { round } = phase;
  const survivors = sortedKeys(phase.added);
  const fault =
    floorFault(state, round.batch.terms, survivors, round.participants) ??
    loneSurvivor(crypto, state, round, survivors);
  if (fault !== undefined) {
    const failure = { phase: 'masked-input', code: 'BELOW_FLOOR', detail: fault, survivors } as const;
    return abortRound(state, round, failure, []);
  }
  return enterSumming(state, round, phase.added);
}

/** Members of a sparse graph sign no set in which a survivor has fewer than t surviving neighbours. */
function loneSurvivor(
  crypto: CryptoBackend,
  state: CoordinatorState,
  { batch: { terms, draw } }: RoundInProgress,
  survivors: readonly number[],
): string | undefined {
  const organisationOf = (id: number): string => state.roster.members[id]?.organisation ?? '';
  const topology = topologyOf(crypto, terms, organisationOf, draw);
  const lone = topology && loneMember(topology, terms.threshold, survivors);
  return lone === undefined
    ? undefined
    : `${namesOf(state, [lone])} has fewer than ${terms.threshold} surviving neighbours`;
}
