/** What a member sends, checked for its signature and its sender and given to the phase that awaits it. */
import type { CryptoBackend } from '@tributary/crypto';
import type { Bodies, Message } from '../messages/index.ts';
import { verifyMessage } from '../signing.ts';
import { acceptNothingReleased } from './attempts.ts';
import { acceptComplaint, acceptOpenedShares } from './complaints.ts';
import { acceptSurvivorsSignature } from './consistency.ts';
import { dropFromLane, dropMember } from './lanes.ts';
import { acceptRelease } from './opening.ts';
import { andThen, reject } from './phases.ts';
import { acceptReady, dropUpload, uploadSpooled } from './round.ts';
import { acceptDrawReveal, acceptKeyAdvert } from './setup.ts';
import { acceptDealtShares } from './sharing.ts';
import type { CoordinatorEvent, CoordinatorPhase, CoordinatorState, CoordinatorStep } from './state.ts';

/** The signature of every message of a member is checked once, before its phase sees it. */
function isSigned(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  { kind, body, signature }: Message,
): boolean {
  const publicKey = state.roster.members[from]?.publicKey;
  return publicKey !== undefined && verifyMessage(crypto, publicKey, kind, body, signature);
}

/** The shell has received an upload, whole or not. */
export function acceptUpload(
  crypto: CryptoBackend,
  state: CoordinatorState,
  event: Extract<CoordinatorEvent, { kind: 'upload-spooled' }>,
): CoordinatorStep {
  const { phase } = state;
  const { from, message } = event;
  if (phase.kind !== 'masked-input' || !phase.waiting.has(from)) {
    return reject(state, from, 'WRONG_PHASE', 'upload is not awaited');
  }
  if (!isSigned(crypto, state, from, message)) {
    return dropUpload(crypto, state, phase, from, 'BAD_SIGNATURE', 'upload-end');
  }
  if (message.body.member !== from) {
    return dropUpload(crypto, state, phase, from, 'WRONG_SENDER', 'upload-end names another member');
  }
  return uploadSpooled(crypto, state, phase, event);
}

/** Whoever is proven to have cheated by what a message brought is no longer awaited. */
export function acceptMessage(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  message: Message,
): CoordinatorStep {
  const step = dispatch(crypto, state, from, message);
  return [...step.state.culprits]
    .filter((id) => !state.culprits.has(id))
    .reduce(
      (before, culprit) =>
        andThen(before, (next) =>
          dropMember(crypto, next, culprit, 'protocol-error', 'proven to have cheated'),
        ),
      step,
    );
}

function dispatch(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  message: Message,
): CoordinatorStep {
  const { kind, body } = message;
  if (!isSigned(crypto, state, from, message)) return reject(state, from, 'BAD_SIGNATURE', kind);
  if ('member' in body && body.member !== from) {
    return reject(state, from, 'WRONG_SENDER', `${kind} names another member`);
  }
  if (state.culprits.has(from)) return reject(state, from, 'CULPRIT', `${kind} of a member that cheated`);
  if (kind === 'refusal') return acceptRefusal(crypto, state, from, message.body);
  if (kind === 'complaint') return acceptComplaint(state, from, message);
  if (kind === 'opened-shares') return acceptOpenedShares(crypto, state, from, message);
  if (kind === 'key-advert' || kind === 'draw-reveal' || kind === 'dealt-shares') {
    return acceptSetupMessage(crypto, state, from, message);
  }
  return acceptRoundMessage(crypto, state, from, message);
}

function acceptSetupMessage(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  message: Message<'key-advert' | 'draw-reveal' | 'dealt-shares'>,
): CoordinatorStep {
  const { setup } = state;
  const { kind } = message;
  if (setup.kind === 'idle') return reject(state, from, 'WRONG_PHASE', `${kind} while no answer is awaited`);
  if (!setup.waiting.has(from))
    return reject(state, from, 'DUPLICATE', `${kind} is not awaited from this member`);
  if (kind === 'key-advert' && setup.kind === 'advertise-keys') {
    return acceptKeyAdvert(crypto, state, setup, from, message);
  }
  if (kind === 'draw-reveal' && setup.kind === 'draw') {
    return acceptDrawReveal(crypto, state, setup, from, message);
  }
  if (kind === 'dealt-shares' && setup.kind === 'share-keys') {
    return acceptDealtShares(crypto, state, setup, from, message);
  }
  return reject(state, from, 'WRONG_PHASE', `${kind} in phase ${setup.kind}`);
}

function acceptRoundMessage(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  message: Message,
): CoordinatorStep {
  const { phase } = state;
  const { kind } = message;
  // Unmasking may end before the last release, promises at their deadline: what arrives after is surplus, no fault.
  if (kind === 'release' && phase.kind !== 'unmask') return { state, effects: [] };
  if (kind === 'nothing-released' && phase.kind !== 'promises') return { state, effects: [] };
  if (!('waiting' in phase)) return reject(state, from, 'WRONG_PHASE', `${kind} while no answer is awaited`);
  if (!phase.waiting.has(from))
    return reject(state, from, 'DUPLICATE', `${kind} is not awaited from this member`);
  if (kind === 'ready' && phase.kind === 'ready') return acceptReady(crypto, state, phase, from, message);
  if (kind === 'survivors-signature' && phase.kind === 'consistency') {
    return acceptSurvivorsSignature(state, phase, from, message);
  }
  if (kind === 'release' && phase.kind === 'unmask') {
    return acceptRelease(crypto, state, phase, from, message);
  }
  if (kind === 'nothing-released' && phase.kind === 'promises') {
    return acceptNothingReleased(state, phase, from, message);
  }
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
  const reason = `${code}: ${detail}`;
  if (round === 0) return dropFromLane(crypto, state, 'setup', from, 'refused-by-client-policy', reason);
  if (round !== roundOf(phase)) {
    return reject(state, from, 'WRONG_CONTEXT', `refusal of round ${round}: ${code}`);
  }
  const out: CoordinatorState =
    'round' in phase && !phase.round.refused.has(from)
      ? {
          ...state,
          phase: { ...phase, round: { ...phase.round, refused: new Set(phase.round.refused).add(from) } },
        }
      : state;
  return dropFromLane(crypto, out, 'round', from, 'refused-by-client-policy', reason);
}

/** The number of the round in progress; 0 outside rounds. */
function roundOf(phase: CoordinatorPhase): number {
  if ('round' in phase) return phase.round.terms.round;
  return 'terms' in phase ? phase.terms.round : 0;
}
