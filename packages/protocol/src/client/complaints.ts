/**
 * Blame among members. A holder whose box does not open as committed complains; the dealer opens the shares
 * of that holder to everybody, which tells the coordinator nothing that a lying holder could not have told it;
 * shares that are wrong in the open prove the dealer's guilt.
 *
 * @source the complaints of verifiable secret sharing (Feldman 1987; Pedersen 1991), with hash commitments
 */
import type { CryptoBackend } from '@tributary/crypto';
import { type EvidenceContext, opensBox, provenCulprit } from '../evidence.ts';
import type { MemberEvidence } from '../messages/evidence.ts';
import type { RelayedComplaint, RelayedShares } from '../messages/setup.ts';
import { colludingHoldersOf } from '../parameters/batch-rules.ts';
import { verifyMessage } from '../signing.ts';
import { topologyOfBatch } from './key-roster.ts';
import { refuse } from './refusal.ts';
import {
  batchOf,
  type ClientBatch,
  type ClientEffect,
  type ClientState,
  type ClientStep,
  withBatch,
} from './state.ts';

/**
 * Opens the shares of a holder that complained. No more holders are answered than may collude: an honest
 * dealer is accused by colluders alone, so the shares it opens are theirs, and stay too few.
 */
export function acceptComplaint(
  crypto: CryptoBackend,
  state: ClientState,
  { complaint: { body, signature } }: RelayedComplaint,
): ClientStep {
  const { batchContext, member: holder, dealer } = body;
  const batch = batchOf(state, batchContext);
  if (batch === undefined) return refuse(state, 'WRONG_CONTEXT', 'complaint about another batch');
  const publicKey = state.roster.members[holder]?.publicKey;
  const isHolder = batch.holders.includes(holder) && batch.adverts.has(holder);
  if (dealer !== state.self || holder === state.self || !isHolder) {
    return refuse(state, 'NOT_A_MEMBER', `complaint of member ${holder}, which holds no share of this one`);
  }
  if (publicKey === undefined || !verifyMessage(crypto, publicKey, 'complaint', body, signature)) {
    return refuse(state, 'BAD_SIGNATURE', `complaint of member ${holder}`);
  }
  const answer: ClientEffect = { kind: 'open-shares', batchContext, holder };
  if (batch.openedTo.has(holder)) return { state, effects: [answer] };
  const openedTo = new Set(batch.openedTo).add(holder);
  if (openedTo.size > colludingHoldersOf(state.roster, batch.terms)) {
    return refuse(state, 'UNSAFE_TERMS', `${openedTo.size} holders complain, more than may collude`);
  }
  return {
    state: withBatch(state, { ...batch, openedTo }),
    effects: [answer],
  };
}

/** The answer to this member's own complaint: shares to hold, or a proof against the dealer. */
export function acceptOpenedShares(
  crypto: CryptoBackend,
  state: ClientState,
  { opened }: RelayedShares,
): ClientStep {
  const { batchContext, member: dealer, payload } = opened.body;
  const batch = batchOf(state, batchContext);
  const box = batch?.complaints.get(dealer);
  if (batch === undefined || box === undefined || opened.body.holder !== state.self) {
    return refuse(state, 'WRONG_CONTEXT', 'opened shares that this member did not ask for');
  }
  const publicKey = state.roster.members[dealer]?.publicKey;
  if (
    publicKey === undefined ||
    !verifyMessage(crypto, publicKey, 'opened-shares', opened.body, opened.signature)
  ) {
    return refuse(state, 'BAD_SIGNATURE', `opened shares of member ${dealer}`);
  }
  const complaints = new Map(batch.complaints);
  complaints.delete(dealer);
  const settled = withBatch(state, { ...batch, complaints });
  if (opensBox(crypto, box.body, payload)) {
    return { state: settled, effects: [{ kind: 'hold-opened', batchContext, dealer, payload }] };
  }
  const evidence: MemberEvidence = {
    proof: 'bad-opening',
    batchContext,
    boxes: [box],
    releases: [],
    adverts: [],
    openings: [opened],
  };
  return convict(settled, dealer, evidence);
}

/** Evidence against a member, of whatever kind: whoever is proven to have cheated is shunned from now on. */
export function acceptEvidence(
  crypto: CryptoBackend,
  state: ClientState,
  evidence: MemberEvidence,
): ClientStep {
  const batch = batchOf(state, evidence.batchContext);
  if (batch === undefined) return refuse(state, 'WRONG_CONTEXT', 'evidence about another batch');
  const context = evidenceContext(crypto, state, batch);
  const culprit = context === undefined ? undefined : provenCulprit(crypto, context, evidence);
  if (culprit === undefined) return refuse(state, 'BAD_EVIDENCE', evidence.proof);
  return state.culprits.has(culprit) ? { state, effects: [] } : convict(state, culprit, evidence);
}

function convict(state: ClientState, culprit: number, evidence: MemberEvidence): ClientStep {
  return {
    state: { ...state, culprits: new Set(state.culprits).add(culprit) },
    effects: [
      { kind: 'reject', rejection: { code: 'CULPRIT', from: culprit, detail: evidence.proof } },
      { kind: 'evidence', evidence },
    ],
  };
}

function evidenceContext(
  crypto: CryptoBackend,
  state: ClientState,
  batch: ClientBatch,
): EvidenceContext | undefined {
  const topology = topologyOfBatch(crypto, state, batch);
  if (topology === undefined) return undefined;
  const members = new Set(batch.members);
  return {
    roster: state.roster,
    batchContext: batch.context,
    threshold: batch.terms.threshold,
    keyCount: batch.terms.keyCount,
    pointOf: (owner, holder) => {
      if (!members.has(owner)) return undefined;
      const at = topology.holders(owner).indexOf(holder);
      return at === -1 ? undefined : at + 1;
    },
  };
}
