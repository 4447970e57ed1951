/** The coordinator's side of blame: relay complaints and answers, tell all who was proven to have cheated. */
import type { CryptoBackend } from '@tributary/crypto';
import { type EvidenceContext, opensBox, provenCulprit } from '../evidence.ts';
import type { MemberEvidence } from '../messages/evidence.ts';
import type { Message } from '../messages/index.ts';
import type { Complaint, OpenedShares, Signed } from '../messages/setup.ts';
import { sameBytes } from '../public-bytes.ts';
import { pointIn } from './batch-graph.ts';
import { everybody, reject, withEntry } from './phases.ts';
import type {
  AnsweredComplaint,
  CoordinatorEffect,
  CoordinatorState,
  CoordinatorStep,
  OpenBatch,
} from './state.ts';

function batchOf(state: CoordinatorState, context: Uint8Array): OpenBatch | undefined {
  return state.batches.find((batch) => sameBytes(batch.context, context));
}

function withComplaint(
  state: CoordinatorState,
  changed: OpenBatch,
  [dealer, holder]: readonly [number, number],
  complaint: AnsweredComplaint,
): CoordinatorState {
  const holders = new Map(changed.complaints.get(dealer)).set(holder, complaint);
  const complaints = withEntry(changed.complaints, dealer, holders);
  const batches = state.batches.map((batch) => (batch === changed ? { ...batch, complaints } : batch));
  return { ...state, batches };
}

/** Complaints that a dealer has still to answer. */
function openComplaints({ complaints }: OpenBatch, dealer: number): readonly Signed<Complaint>[] {
  const all = [...(complaints.get(dealer)?.values() ?? [])];
  return all.flatMap(({ complaint, answer }) => (answer === undefined ? [complaint] : []));
}

/**
 * Whether too few holders could open a dealer's secrets, by what they say of its boxes. So many members can also
 * keep a sum from being opened: fewer than that keep no dealer out by complaints that are lies.
 */
export function isDoubtful(batch: OpenBatch, dealer: number): boolean {
  const dealt = batch.dealt.get(dealer);
  const own = dealt?.ownCommitments.length === 0 ? 0 : 1;
  const content = (dealt?.boxes.size ?? 0) + own - openComplaints(batch, dealer).length;
  return content < batch.terms.threshold;
}

/**
 * Holds the dealer to an answer. A holder complains of a box once; a complaint that comes again asks for the answer,
 * which may have been lost with a connection.
 */
export function acceptComplaint(
  state: CoordinatorState,
  from: number,
  { body, signature }: Message<'complaint'>,
): CoordinatorStep {
  const { dealer } = body;
  const batch = batchOf(state, body.batchContext);
  if (batch?.dealt.get(dealer)?.boxes.has(from) !== true) {
    return reject(state, from, 'WRONG_CONTEXT', 'complaint about a box that was not dealt');
  }
  const known = batch.complaints.get(dealer)?.get(from);
  if (known !== undefined) return { state, effects: known.answer ? [relayAnswer(known.answer)] : [] };
  const complaint = { body, signature };
  return {
    state: withComplaint(state, batch, [dealer, from], { complaint, answer: undefined }),
    effects: [
      {
        kind: 'reject',
        rejection: { code: 'BAD_DEALER', from: dealer, detail: 'a holder complains of its box' },
      },
      ...(state.present.has(dealer) ? [relayTo(dealer, complaint)] : []),
    ],
  };
}

function relayTo(dealer: number, complaint: Signed<Complaint>): CoordinatorEffect {
  return { kind: 'send', to: [dealer], message: 'relayed-complaint', body: { complaint } };
}

function relayAnswer(opened: Signed<OpenedShares>): CoordinatorEffect {
  return { kind: 'send', to: [opened.body.holder], message: 'relayed-shares', body: { opened } };
}

/** What a dealer that comes back has still to answer. */
export function complaintsTo(batch: OpenBatch, dealer: number): CoordinatorEffect[] {
  return openComplaints(batch, dealer).map((complaint) => relayTo(dealer, complaint));
}

/** Relays shares that open the dealer's commitments; others prove its guilt. */
export function acceptOpenedShares(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  { body, signature }: Message<'opened-shares'>,
): CoordinatorStep {
  const batch = batchOf(state, body.batchContext);
  const known = batch?.complaints.get(from)?.get(body.holder);
  const box = batch?.dealt.get(from)?.boxes.get(body.holder);
  if (batch === undefined || box === undefined || known === undefined || known.answer !== undefined) {
    return reject(state, from, 'WRONG_CONTEXT', 'opened shares that nobody asked for');
  }
  const opened = { body, signature };
  const settled = withComplaint(state, batch, [from, body.holder], { ...known, answer: opened });
  if (opensBox(crypto, box.body, body.payload)) return { state: settled, effects: [relayAnswer(opened)] };
  const evidence: MemberEvidence = {
    proof: 'bad-opening',
    batchContext: batch.context,
    boxes: [box],
    releases: [],
    adverts: [],
    openings: [opened],
  };
  return { state: convict(settled, from), effects: accuse(crypto, settled, batch, from, evidence) };
}

/** The state without a member that cheated: it is asked for nothing more. */
export function convict(state: CoordinatorState, culprit: number): CoordinatorState {
  return { ...state, culprits: new Set(state.culprits).add(culprit) };
}

/** Shows everybody the proof, where it is one. */
export function accuse(
  crypto: CryptoBackend,
  state: CoordinatorState,
  batch: OpenBatch,
  culprit: number,
  evidence: MemberEvidence,
): CoordinatorEffect[] {
  if (provenCulprit(crypto, evidenceContext(state, batch), evidence) !== culprit) return [];
  return [
    { kind: 'reject', rejection: { code: 'CULPRIT', from: culprit, detail: evidence.proof } },
    { kind: 'evidence', evidence, culprit },
    { kind: 'send', to: everybody(state), message: 'evidence', body: evidence },
  ];
}

function evidenceContext({ roster }: CoordinatorState, batch: OpenBatch): EvidenceContext {
  return {
    roster,
    batchContext: batch.context,
    threshold: batch.terms.threshold,
    keyCount: batch.terms.keyCount,
    pointOf: (owner, holder) => pointIn(batch, owner, holder),
  };
}
