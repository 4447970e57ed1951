/**
 * A member's machine: `step(state, event) -> { state, effects }`. It trusts the coordinator with availability only: every message is checked
 * against the roster, the terms, the member's policy and the plan the member computed itself, and what fails is refused and
 * changes nothing.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { Message } from '../messages/index.ts';
import { sameBytes } from '../public-bytes.ts';
import { type Roster, rosterRoot } from '../roster.ts';
import { verifyMessage } from '../signing.ts';
import { acceptAnnounce, acceptRoundStart, nonceDrawn } from './joining.ts';
import { acceptSurvivors, acceptUnmaskRequest, inputMasked } from './opening.ts';
import { refuse } from './refusal.ts';
import {
  acceptBatchStart,
  acceptHeldShares,
  acceptKeyRoster,
  keysGenerated,
  sharesDealt,
  sharesHeld,
} from './setup.ts';
import type { ClientEvent, ClientPolicy, ClientState, ClientStep } from './state.ts';

export function startClient(
  crypto: CryptoBackend,
  options: {
    readonly self: number;
    readonly roster: Roster;
    readonly run: Uint8Array;
    readonly policy: ClientPolicy;
  },
): ClientState {
  return {
    ...options,
    rosterRoot: rosterRoot(crypto, options.roster),
    expected: undefined,
    contributedRound: 0,
    lastBatch: 0,
    batch: undefined,
    round: undefined,
  };
}

export function stepClient(crypto: CryptoBackend, state: ClientState, event: ClientEvent): ClientStep {
  switch (event.kind) {
    case 'message':
      return acceptMessage(crypto, state, event.message);
    case 'expect':
      return { state: { ...state, expected: event.expected }, effects: [] };
    case 'keys-generated':
      return keysGenerated(state, event.advert);
    case 'shares-dealt':
      return sharesDealt(state, event);
    case 'shares-held':
      return sharesHeld(state, event.batchContext, event.badDealers);
    case 'nonce-drawn':
      return nonceDrawn(state, event.termsDigest, event.nonce);
    case 'input-masked':
      return inputMasked(state, event);
    case 'input-failed':
      return {
        state: { ...state, round: undefined },
        effects: [
          {
            kind: 'send',
            message: 'refusal',
            body: {
              member: state.self,
              round: state.round?.terms.round ?? 0,
              code: 'INPUT_FAILED',
              detail: event.detail.slice(0, 400),
            },
          },
        ],
      };
    case 'connection-lost':
      // The batch survives: its secrets serve the next round after a reconnect. The round does not.
      return { state: { ...state, round: undefined }, effects: [] };
  }
}

function acceptMessage(crypto: CryptoBackend, state: ClientState, message: Message): ClientStep {
  if (!verifyMessage(crypto, state.roster.coordinatorKey, message.kind, message.body, message.signature)) {
    return refuse(state, 'BAD_SIGNATURE', message.kind);
  }
  switch (message.kind) {
    case 'batch-start':
      return acceptBatchStart(crypto, state, message.body);
    case 'key-roster':
      return acceptKeyRoster(crypto, state, message.body);
    case 'held-shares':
      return acceptHeldShares(crypto, state, message.body);
    case 'round-announce':
      return acceptAnnounce(crypto, state, message.body);
    case 'round-start':
      return acceptRoundStart(crypto, state, message.body);
    case 'survivors':
      return acceptSurvivors(crypto, state, message.body);
    case 'unmask-request':
      return acceptUnmaskRequest(crypto, state, message.body);
    case 'round-result':
      return acceptResult(state, message);
    case 'round-aborted':
      return acceptAborted(state, message);
    case 'challenge':
    case 'hello':
    case 'welcome':
    case 'key-advert':
    case 'dealt-shares':
    case 'ready':
    case 'refusal':
    case 'vector-chunk':
    case 'upload-end':
    case 'survivors-signature':
    case 'release':
    case 'run-ended':
      return refuse(state, 'WRONG_PHASE', `${message.kind} is no message of a round to a member`);
  }
}

function acceptResult(state: ClientState, message: Message<'round-result'>): ClientStep {
  const result = message.body;
  const { round, expected } = state;
  if (expected === undefined || result.round !== expected.round) {
    return refuse(state, 'WRONG_CONTEXT', `result of round ${result.round}`);
  }
  const participated =
    round !== undefined && round.terms.round === result.round && round.stage === 'released';
  if (participated) {
    if (!sameBytes(result.roundContext, round.context)) {
      return refuse(state, 'WRONG_CONTEXT', `result of round ${result.round} has another context`);
    }
    if (!sameBytes(result.survivorsDigest, round.survivorsDigest)) {
      return refuse(state, 'EQUIVOCATION', `result of round ${result.round} is over another survivor set`);
    }
  }
  return {
    state: { ...state, round: undefined, expected: undefined },
    effects: [{ kind: 'accept-result', result, participated }],
  };
}

function acceptAborted(state: ClientState, { body }: Message<'round-aborted'>): ClientStep {
  const { batch } = state;
  if (batch === undefined || !sameBytes(body.batchContext, batch.context)) {
    return refuse(state, 'WRONG_CONTEXT', 'abort of another batch');
  }
  const nextKeyIndex = Math.max(batch.nextKeyIndex, body.keyIndex + 1);
  return { state: { ...state, batch: { ...batch, nextKeyIndex }, round: undefined }, effects: [] };
}
