/**
 * The coordinator's side of unmask: the shares that open the sum of the signed survivors, from at least t
 * holders of each secret.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { verifyReleasedShare } from '../commitments.ts';
import type { MemberEvidence } from '../messages/evidence.ts';
import type { Message } from '../messages/index.ts';
import type { MemberSignature, OpeningProof, Release } from '../messages/round.ts';
import type { Signed } from '../messages/setup.ts';
import { openingProof } from '../opening-proof.ts';
import { sameBytes } from '../public-bytes.ts';
import { packedLengthOf } from '../vector-length.ts';
import { abortRound } from './attempts.ts';
import { holdersIn, neighboursIn, pointIn } from './batch-graph.ts';
import { accuse, convict } from './complaints.ts';
import {
  accepted,
  andThen,
  askable,
  deadlineOf,
  dropEffect,
  enterPhase,
  everybody,
  missingNames,
  namesOf,
  nextPhaseNumber,
  reject,
  startDeadline,
  without,
  withEntry,
} from './phases.ts';
import type {
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  OpenBatch,
  RoundInProgress,
} from './state.ts';
import type { OwnerShares, UnmaskRequestForKernel } from './unmask.ts';

type ConsistencyPhase = Extract<CoordinatorPhase, { kind: 'consistency' }>;
type UnmaskPhase = Extract<CoordinatorPhase, { kind: 'unmask' }>;
type OpeningPhase = Extract<CoordinatorPhase, { kind: 'opening' }>;

/** Asks for shares, with the signatures that entitle to them. */
export function enterUnmask(
  state: CoordinatorState,
  { round, survivors, survivorsDigest, maskedSum, signatures }: ConsistencyPhase,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const asked = askable(state, round);
  const next: UnmaskPhase = {
    kind: 'unmask',
    round,
    survivors,
    survivorsDigest,
    maskedSum,
    signatures,
    shares: new Map(round.participants.map((id) => [id, []])),
    releases: new Map(),
    waiting: new Set(asked),
    sufficed: false,
  };
  const step = enterPhase(state, next, [...effects, ...unmaskRequests(next, asked)]);
  return andThen(step, closeUnmaskIfDone);
}

/** Signatures over the survivor set by the holders of a member's secrets: what entitles to its release. */
export function signersFor(
  { round, signatures }: Pick<UnmaskPhase, 'round' | 'signatures'>,
  member: number,
): MemberSignature[] {
  return holdersIn(round.batch, member).flatMap((holder) => {
    const signature = signatures.get(holder);
    return signature === undefined ? [] : [{ member: holder, signature }];
  });
}

/** On the complete graph one request for all, on a Harary graph one for each. */
export function unmaskRequests(phase: UnmaskPhase, to: readonly number[]): CoordinatorEffect[] {
  const request = (receivers: readonly number[], one: number): CoordinatorEffect => ({
    kind: 'send',
    to: receivers,
    message: 'unmask-request',
    body: {
      roundContext: phase.round.context,
      survivorsDigest: phase.survivorsDigest,
      signatures: signersFor(phase, one),
      maskedSum: phase.maskedSum,
    },
  });
  const [first] = to;
  if (first === undefined) return [];
  if (phase.round.batch.terms.graph === 'complete') return [request(to, first)];
  return to.map((id) => request([id], id));
}

export function acceptRelease(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: UnmaskPhase,
  from: number,
  message: Message<'release'>,
): CoordinatorStep {
  const { body, signature } = message;
  const { round } = phase;
  const { batch, terms } = round;
  const ours =
    sameBytes(body.roundContext, round.context) &&
    sameBytes(body.batchContext, batch.context) &&
    body.keyIndex === terms.keyIndex &&
    sameBytes(body.maskedSum, phase.maskedSum);
  if (!ours) return reject(state, from, 'WRONG_CONTEXT', 'release for another round or masked sum');
  const survivors = new Set(phase.survivors.map(({ member }) => member));
  const shares = new Map(phase.shares);
  const seen = new Set<number>();
  const wrong: number[] = [];
  /** Owners whose first share is of no use: a second one of the same owner never counts. */
  const refused: number[] = [];
  /** A dealer whose commitment one of the shares does not open. */
  let unopened: number | undefined;
  for (const released of body.shares) {
    const { owner, kind, share } = released;
    const known = shares.get(owner);
    const point = pointIn(batch, owner, from);
    const due =
      kind === (survivors.has(owner) ? 'self' : 'pair') && known !== undefined && point !== undefined;
    const commitments = commitmentsTo(batch, owner, from);
    const opens =
      commitments !== undefined &&
      verifyReleasedShare(crypto, batch.context, from, terms.keyIndex, released, commitments);
    if (due && opens && !seen.has(owner)) shares.set(owner, [...known, { holder: from, point, share }]);
    else {
      wrong.push(owner);
      if (!seen.has(owner)) refused.push(owner);
    }
    if (commitments !== undefined && !opens) unopened = owner;
    seen.add(owner);
  }
  const release = { body, signature };
  const taken: CoordinatorState = {
    ...state,
    phase: {
      ...phase,
      shares,
      releases: withEntry(phase.releases, from, release),
      waiting: without(phase.waiting, from),
    },
  };
  const noted: CoordinatorStep = { state: taken, effects: [accepted(message, refused)] };
  if (wrong.length === 0) return andThen(noted, closeUnmaskIfDone);
  const rejected = reject(
    taken,
    from,
    'BAD_SHARE',
    `shares of ${namesOf(state, wrong)} are not due or do not open their commitments`,
  );
  return andThen(
    andThen({ ...rejected, effects: [...noted.effects, ...rejected.effects] }, (next) =>
      blameHolder(crypto, next, batch, release, unopened),
    ),
    closeUnmaskIfDone,
  );
}

function commitmentsTo(batch: OpenBatch, dealer: number, holder: number): Uint8Array | undefined {
  const dealt = batch.dealt.get(dealer);
  return dealer === holder ? dealt?.ownCommitments : dealt?.boxes.get(holder)?.body.commitments;
}

/** A share that does not open its commitment proves its holder's guilt, by the dealer's box and its own release. */
function blameHolder(
  crypto: CryptoBackend,
  state: CoordinatorState,
  batch: OpenBatch,
  release: Signed<Release>,
  dealer: number | undefined,
): CoordinatorStep {
  const holder = release.body.member;
  const box = dealer === undefined ? undefined : batch.dealt.get(dealer)?.boxes.get(holder);
  if (box === undefined) return { state, effects: [] };
  const evidence: MemberEvidence = {
    proof: 'bad-share',
    batchContext: batch.context,
    boxes: [box],
    releases: [release],
    adverts: [],
    openings: [],
  };
  return { state: convict(state, holder), effects: accuse(crypto, state, batch, holder, evidence) };
}

/**
 * When every owner's secret has its t shares, the sum can be opened. The survivors that are still there get a moment more: of
 * each that signs no inner product, an auditor needs the whole upload.
 */
export function closeUnmaskIfDone(state: CoordinatorState): CoordinatorStep {
  const { phase } = state;
  if (phase.kind !== 'unmask') return { state, effects: [] };
  const { shares, survivors, waiting, sufficed } = phase;
  if (waiting.size === 0) return closeUnmask(state, phase);
  const { threshold } = phase.round.batch.terms;
  const enough = (): boolean => [...shares.values()].every(({ length }) => length >= threshold);
  if (!sufficed && !enough()) return { state, effects: [] };
  if (!survivors.some(({ member }) => waiting.has(member))) return closeUnmask(state, phase);
  if (sufficed) return { state, effects: [] };
  const last: UnmaskPhase = { ...phase, sufficed: true };
  return {
    state: { ...state, phase: last },
    effects: [startDeadline(state, 'round', deadlineOf(last))],
  };
}

export function closeUnmask(state: CoordinatorState, phase: UnmaskPhase): CoordinatorStep {
  const { round, survivors, survivorsDigest, signatures, maskedSum, shares, releases } = phase;
  const { threshold } = round.batch.terms;
  const survivorIds = survivors.map(({ member }) => member);
  const fewest = Math.min(...[...shares.values()].map(({ length }) => length));
  if (fewest < threshold) {
    const late = [...phase.waiting].map((id) => dropEffect('unmask', id, 'late'));
    const short = [...shares].filter(([, { length }]) => length === fewest).map(([owner]) => owner);
    const whose = short.length === shares.size ? 'all' : `${namesOf(state, short)}'s`;
    const missing = missingNames(state, round.participants, new Set(releases.keys()));
    const detail = `${fewest} holders released ${whose} shares, ${threshold} are needed${missing}`;
    const failure = { phase: 'unmask', code: 'BELOW_THRESHOLD', detail, survivors: survivorIds } as const;
    return abortRound(state, round, failure, late);
  }
  const request = unmaskRequest(round, phase, new Set(survivorIds));
  const next: OpeningPhase = {
    kind: 'opening',
    round,
    survivors,
    survivorsDigest,
    maskedSum,
    signatures,
    releases,
    request,
  };
  return {
    state: nextPhaseNumber({ ...state, phase: next }, 'round'),
    effects: [{ kind: 'unmask', round, request }],
  };
}

function unmaskRequest(
  { batch, terms, context, participants }: RoundInProgress,
  phase: UnmaskPhase,
  survivorIds: ReadonlySet<number>,
): UnmaskRequestForKernel {
  const none = new Uint8Array(32);
  const sharesOf = (member: number): OwnerShares => {
    const roundKey = batch.adverts.get(member)?.body.roundKeys[terms.keyIndex] ?? none;
    return { owner: { member, roundKey }, shares: phase.shares.get(member) ?? [] };
  };
  return {
    batchContext: batch.context,
    roundContext: context,
    keyIndex: terms.keyIndex,
    threshold: batch.terms.threshold,
    survivors: participants
      .filter((id) => survivorIds.has(id))
      .map((id) => ({
        ...sharesOf(id),
        commitment: batch.adverts.get(id)?.body.selfSeedCommitments[terms.keyIndex] ?? none,
      })),
    dropouts: participants
      .filter((id) => !survivorIds.has(id))
      .map((id) => ({ ...sharesOf(id), neighbours: neighboursIn(batch, id) })),
  };
}

/** What members that took no part are shown with the sum. */
export function proofOfOpening(
  crypto: CryptoBackend,
  { roster }: Pick<CoordinatorState, 'roster'>,
  { round, survivors: uploads, signatures }: OpeningPhase,
): OpeningProof {
  const { terms, batch, ready } = round;
  return openingProof(crypto, {
    roster,
    terms,
    colluders: batch.terms.colluders,
    ready,
    uploads,
    signatures,
  });
}

export function sumOpened(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: OpeningPhase,
  event: Extract<CoordinatorEvent, { kind: 'sum-opened' }>,
): CoordinatorStep {
  const { round, survivorsDigest } = phase;
  if (!sameBytes(event.roundContext, round.context)) return { state, effects: [] };
  const survivors = phase.survivors.map(({ member }) => member);
  const { digest } = event;
  const proof = proofOfOpening(crypto, state, phase);
  return {
    state: nextPhaseNumber({ ...state, phase: { kind: 'idle' } }, 'round'),
    effects: [
      {
        kind: 'send',
        to: everybody(state),
        message: 'round-result',
        body: {
          roundContext: round.context,
          round: round.terms.round,
          attempt: round.terms.attempt,
          survivors,
          survivorsDigest,
          length: packedLengthOf(round.terms),
          digest,
          proof,
        },
      },
      { kind: 'round-completed', round, survivors, survivorsDigest, digest, proof },
    ],
  };
}

/** Dealers whose shares give another secret than they committed to are named, and shunned. */
export function sumNotOpened(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: OpeningPhase,
  event: Extract<CoordinatorEvent, { kind: 'sum-not-opened' }>,
): CoordinatorStep {
  const { round } = phase;
  const { badDealers } = event;
  if (!sameBytes(event.roundContext, round.context)) return { state, effects: [] };
  const detail = `the shares of ${namesOf(state, badDealers)} do not give the secrets committed to`;
  const survivors = phase.survivors.map(({ member }) => member);
  const blamed = badDealers.reduce<CoordinatorStep>(
    (step, dealer) => andThen(step, (next) => blameDealer(crypto, next, phase, dealer, detail)),
    { state, effects: [] },
  );
  const failure = { phase: 'unmask', code: 'BAD_DEALER', detail, survivors } as const;
  return andThen(blamed, (next) => abortRound(next, round, failure, []));
}

/**
 * The proof takes the shares of other holders: those that a dealer gave itself are in no box. A release that
 * was padded beyond what a member can hold is left out, so that the proof fits into a frame.
 */
function blameDealer(
  crypto: CryptoBackend,
  state: CoordinatorState,
  { round, releases, request }: OpeningPhase,
  dealer: number,
  detail: string,
): CoordinatorStep {
  const { batch } = round;
  const owners: readonly OwnerShares[] = [...request.survivors, ...request.dropouts];
  const holders = owners
    .filter(({ owner }) => owner.member === dealer)
    .flatMap(({ shares }) => shares.map(({ holder }) => holder))
    .filter((holder) => holder !== dealer && isWithin(releases.get(holder)?.body.shares, batch.terms.holders))
    .slice(0, batch.terms.threshold);
  const advert = batch.adverts.get(dealer);
  const evidence: MemberEvidence = {
    proof: 'bad-dealer',
    batchContext: batch.context,
    boxes: holders.flatMap((holder) => batch.dealt.get(dealer)?.boxes.get(holder) ?? []),
    releases: holders.flatMap((holder) => releases.get(holder) ?? []),
    adverts: advert === undefined ? [] : [advert],
    openings: [],
  };
  return {
    state: convict(state, dealer),
    effects: [
      { kind: 'reject', rejection: { code: 'BAD_DEALER', from: dealer, detail } },
      ...accuse(crypto, state, batch, dealer, evidence),
    ],
  };
}

function isWithin(list: readonly unknown[] | undefined, most: number): boolean {
  return list !== undefined && list.length <= most;
}
