/**
 * The coordinator's machine: `step(state, event) -> { state, effects }`. It orders phases, verifies what
 * members send, and goes on without whoever is lost, down to the floors. It never sees a vector, only digests
 * and lengths.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';
import type { Bodies, Message } from '../messages/index.ts';
import type { Roster } from '../roster.ts';
import { acceptSurvivorsSignature, closeConsistency, closeConsistencyIfDone } from './consistency.ts';
import { acceptRelease, closeUnmask, closeUnmaskIfDone, sumNotOpened, sumOpened } from './opening.ts';
import { andThen, dropEffect, reject, without } from './phases.ts';
import {
  acceptReady,
  closeInputIfDone,
  closeReady,
  closeReadyIfDone,
  dropUpload,
  inputAdded,
  inputDeadline,
  requestRound,
  uploadSpooled,
} from './round.ts';
import {
  acceptDealtShares,
  acceptKeyAdvert,
  closeAdvertise,
  closeAdvertiseIfDone,
  closeShares,
  closeSharesIfDone,
  requestBatch,
  verifyFromMember,
} from './setup.ts';
import type {
  CoordinatorEvent,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  DropReason,
} from './state.ts';

export function startCoordinator(roster: Roster, run: Uint8Array): CoordinatorState {
  return { roster, run, present: new Set(), batch: undefined, phase: { kind: 'idle' }, phaseNumber: 0 };
}

export function stepCoordinator(
  crypto: CryptoBackend,
  state: CoordinatorState,
  event: CoordinatorEvent,
): CoordinatorStep {
  const { phase } = state;
  switch (event.kind) {
    case 'member-joined':
      return { state: { ...state, present: new Set(state.present).add(event.member) }, effects: [] };
    case 'member-lost':
      return dropMember(
        crypto,
        { ...state, present: without(state.present, event.member) },
        event.member,
        'disconnected-in-phase',
        '',
      );
    case 'batch-requested':
      requireIdle(phase, event.kind);
      return requestBatch(crypto, state, event.terms, event.deadlineMs);
    case 'round-requested':
      requireIdle(phase, event.kind);
      return requestRound(crypto, state, event.terms);
    case 'message':
      return acceptMessage(crypto, state, event.from, event.message);
    case 'upload-spooled':
      if (phase.kind !== 'masked-input' || !phase.waiting.has(event.from)) {
        return reject(state, event.from, 'WRONG_PHASE', 'upload is not awaited');
      }
      if (!verifyFromMember(crypto, state, event.from, event.message)) {
        return dropUpload(crypto, state, phase, event.from, 'BAD_SIGNATURE', 'upload-end');
      }
      if (event.message.body.member !== event.from) {
        return dropUpload(
          crypto,
          state,
          phase,
          event.from,
          'WRONG_SENDER',
          'upload-end names another member',
        );
      }
      return uploadSpooled(crypto, state, phase, event);
    case 'upload-failed':
      if (phase.kind !== 'masked-input' || !phase.waiting.has(event.from)) return { state, effects: [] };
      return dropUpload(crypto, state, phase, event.from, 'LENGTH_MISMATCH', event.detail);
    case 'input-added':
      return phase.kind === 'masked-input' ? inputAdded(crypto, state, phase, event) : { state, effects: [] };
    case 'sum-opened':
      return phase.kind === 'opening' ? sumOpened(state, phase, event) : { state, effects: [] };
    case 'sum-not-opened':
      return phase.kind === 'opening' ? sumNotOpened(state, phase, event) : { state, effects: [] };
    case 'deadline':
      return event.phaseNumber === state.phaseNumber ? closeLate(crypto, state) : { state, effects: [] };
  }
}

function requireIdle({ kind }: CoordinatorState['phase'], event: string): void {
  if (kind !== 'idle')
    throw new ProtocolError('UNEXPECTED_EVENT', `${event} in phase ${kind}: wait for its end`);
}

function acceptMessage(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  message: Message,
): CoordinatorStep {
  const { phase } = state;
  const { kind, body } = message;
  if (!verifyFromMember(crypto, state, from, message)) return reject(state, from, 'BAD_SIGNATURE', kind);
  if ('member' in body && body.member !== from) {
    return reject(state, from, 'WRONG_SENDER', `${kind} names another member`);
  }
  if (kind === 'refusal') return acceptRefusal(crypto, state, from, message.body);
  // Unmasking ends with the t-th share: releases that arrive after it are surplus, not faults.
  if (kind === 'release' && phase.kind !== 'unmask') return { state, effects: [] };
  if (!('waiting' in phase)) return reject(state, from, 'WRONG_PHASE', `${kind} while no answer is awaited`);
  if (!phase.waiting.has(from))
    return reject(state, from, 'DUPLICATE', `${kind} is not awaited from this member`);
  if (kind === 'key-advert' && phase.kind === 'advertise-keys') {
    return acceptKeyAdvert(crypto, state, phase, from, message);
  }
  if (kind === 'dealt-shares' && phase.kind === 'share-keys') {
    return acceptDealtShares(crypto, state, phase, from, message);
  }
  if (kind === 'ready' && phase.kind === 'ready') return acceptReady(crypto, state, phase, from, message);
  if (kind === 'survivors-signature' && phase.kind === 'consistency') {
    return acceptSurvivorsSignature(state, phase, from, message);
  }
  if (kind === 'release' && phase.kind === 'unmask')
    return acceptRelease(crypto, state, phase, from, message);
  return reject(state, from, 'WRONG_PHASE', `${kind} in phase ${phase.kind}`);
}

/** A refusal is about one round, or about the setup: a late one says nothing about what is going on now. */
function acceptRefusal(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  { round, code, detail }: Bodies['refusal'],
): CoordinatorStep {
  const { phase } = state;
  if (round !== roundOf(phase))
    return reject(state, from, 'WRONG_CONTEXT', `refusal of round ${round}: ${code}`);
  const out: CoordinatorState =
    'round' in phase
      ? {
          ...state,
          phase: { ...phase, round: { ...phase.round, refused: new Set(phase.round.refused).add(from) } },
        }
      : state;
  return dropMember(crypto, out, from, 'refused-by-client-policy', `${code}: ${detail}`);
}

/** The number of the round in progress; 0 outside rounds. */
function roundOf(phase: CoordinatorPhase): number {
  if ('round' in phase) return phase.round.terms.round;
  return phase.kind === 'ready' ? phase.terms.round : 0;
}

/**
 * A member is out of the present phase: the phase goes on without it, or closes if it was the last one
 * awaited.
 */
function dropMember(
  crypto: CryptoBackend,
  state: CoordinatorState,
  member: number,
  reason: DropReason,
  detail: string,
): CoordinatorStep {
  const { phase } = state;
  if (!('waiting' in phase) || !phase.waiting.has(member)) return { state, effects: [] };
  const dropped: CoordinatorState = {
    ...state,
    phase: { ...phase, waiting: without(phase.waiting, member) },
  };
  const drop = dropEffect(phase, member, reason, detail);
  const effects =
    phase.kind === 'masked-input'
      ? [drop, { kind: 'discard-input' as const, member, roundContext: phase.round.context }]
      : [drop];
  return andThen({ state: dropped, effects }, (next) => closeIfDone(crypto, next));
}

function closeIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  switch (state.phase.kind) {
    case 'advertise-keys':
      return closeAdvertiseIfDone(state);
    case 'share-keys':
      return closeSharesIfDone(state);
    case 'ready':
      return closeReadyIfDone(crypto, state);
    case 'masked-input':
      return closeInputIfDone(crypto, state);
    case 'consistency':
      return closeConsistencyIfDone(state);
    case 'unmask':
      return closeUnmaskIfDone(state);
    case 'idle':
    case 'opening':
      return { state, effects: [] };
  }
}

function closeLate(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  switch (state.phase.kind) {
    case 'advertise-keys':
      return closeAdvertise(state);
    case 'share-keys':
      return closeShares(state);
    case 'ready':
      return closeReady(crypto, state);
    case 'masked-input':
      return inputDeadline(crypto, state, state.phase);
    case 'consistency':
      return closeConsistency(state);
    case 'unmask':
      return closeUnmask(state);
    case 'idle':
    case 'opening':
      return { state, effects: [] };
  }
}
