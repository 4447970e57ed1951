/**
 * A member's machine: `step(state, event) -> { state, effects }`. It trusts the coordinator with availability
 * only: every message is checked against the roster, the terms, the member's policy and the plan the member
 * computed itself, and what fails is refused and changes nothing.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { Message } from '../messages/index.ts';
import { type Roster, rosterRoot } from '../roster.ts';
import { verifyMessage } from '../signing.ts';
import { PROTOCOL_VERSION } from '../version.ts';
import { acceptBatchStart, acceptDrawRequest, keysGenerated } from './batch-start.ts';
import { acceptAborted, acceptResult } from './closing.ts';
import { acceptComplaint, acceptEvidence, acceptOpenedShares } from './complaints.ts';
import { acceptAnnounce, acceptRoundStart, nonceDrawn } from './joining.ts';
import { acceptKeyRoster } from './key-roster.ts';
import { acceptSurvivors, acceptUnmaskRequest, connectionLost, inputFailed, inputMasked } from './opening.ts';
import { refuse } from './refusal.ts';
import { acceptHeldShares, sharesDealt, sharesHeld } from './setup.ts';
import type { ClientEvent, ClientPolicy, ClientState, ClientStep } from './state.ts';

export function startClient(
  crypto: CryptoBackend,
  options: {
    readonly self: number;
    readonly roster: Roster;
    readonly run: Uint8Array;
    readonly policy: ClientPolicy;
    /** An older version than this code speaks, where another must be spoken. */
    readonly newestVersion?: number;
  },
): ClientState {
  return {
    newestVersion: PROTOCOL_VERSION,
    ...options,
    rosterRoot: rosterRoot(crypto, options.roster),
    expected: undefined,
    contribution: undefined,
    lastBatch: 0,
    batches: [],
    drawsForSum: 0,
    round: undefined,
    culprits: new Set(),
    auditHead: undefined,
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
      return sharesHeld(state, event);
    case 'nonce-drawn':
      return nonceDrawn(state, event.termsDigest, event.nonce);
    case 'input-masked':
      return inputMasked(state, event);
    case 'input-failed':
      return inputFailed(state, event);
    case 'connection-lost':
      return connectionLost(state);
  }
}

function acceptMessage(crypto: CryptoBackend, state: ClientState, message: Message): ClientStep {
  if (!verifyMessage(crypto, state.roster.coordinatorKey, message.kind, message.body, message.signature)) {
    return refuse(state, 'BAD_SIGNATURE', message.kind);
  }
  switch (message.kind) {
    case 'batch-start':
      return acceptBatchStart(crypto, state, message.body);
    case 'draw-request':
      return acceptDrawRequest(crypto, state, message.body);
    case 'key-roster':
      return acceptKeyRoster(crypto, state, message.body);
    case 'held-shares':
      return acceptHeldShares(crypto, state, message.body);
    case 'relayed-complaint':
      return acceptComplaint(crypto, state, message.body);
    case 'relayed-shares':
      return acceptOpenedShares(crypto, state, message.body);
    case 'evidence':
      return acceptEvidence(crypto, state, message.body);
    case 'round-announce':
      return acceptAnnounce(crypto, state, message.body);
    case 'round-start':
      return acceptRoundStart(crypto, state, message.body);
    case 'survivors':
      return acceptSurvivors(crypto, state, message);
    case 'unmask-request':
      return acceptUnmaskRequest(crypto, state, message);
    case 'round-result':
      return acceptResult(crypto, state, message.body);
    case 'round-aborted':
      return acceptAborted(state, message.body);
    case 'challenge':
    case 'hello':
    case 'welcome':
    case 'key-advert':
    case 'draw-reveal':
    case 'dealt-shares':
    case 'complaint':
    case 'opened-shares':
    case 'ready':
    case 'refusal':
    case 'vector-chunk':
    case 'upload-end':
    case 'survivors-signature':
    case 'release':
    case 'nothing-released':
    case 'run-ended':
      return refuse(state, 'WRONG_PHASE', `${message.kind} is no message of a round to a member`);
  }
}
