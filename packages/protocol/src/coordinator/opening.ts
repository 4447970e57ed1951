/**
 * The coordinator's side of unmask: the shares that open the sum of the signed survivors, from at least t
 * holders.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { verifyReleasedShare } from '../commitments.ts';
import type { Message } from '../messages/index.ts';
import type { ReleasedShare } from '../messages/round.ts';
import { sameBytes } from '../public-bytes.ts';
import { packedLengthOf } from '../vector-length.ts';
import {
  abortRound,
  andThen,
  askable,
  dropEffect,
  enterPhase,
  missingNames,
  namesOf,
  reject,
  sortedKeys,
  without,
} from './phases.ts';
import {
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorPhase,
  type CoordinatorState,
  type CoordinatorStep,
  type OpenBatch,
  openBatch,
} from './state.ts';
import type { OwnerShares, PointShare, UnmaskRequestForKernel } from './unmask.ts';

type ConsistencyPhase = Extract<CoordinatorPhase, { kind: 'consistency' }>;
type UnmaskPhase = Extract<CoordinatorPhase, { kind: 'unmask' }>;
type OpeningPhase = Extract<CoordinatorPhase, { kind: 'opening' }>;

/** Asks for shares, with the signatures that entitle to them. */
export function enterUnmask(
  state: CoordinatorState,
  { round, survivors, survivorsDigest, signatures }: ConsistencyPhase,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  const asked = askable(state, round);
  const { terms, context: roundContext } = round;
  const next: UnmaskPhase = {
    kind: 'unmask',
    round,
    survivors,
    survivorsDigest,
    shares: new Map(round.participants.map((id) => [id, []])),
    released: new Set(),
    waiting: new Set(asked),
  };
  const signed = sortedKeys(signatures).map((member) => ({
    member,
    signature: signatures.get(member) as Uint8Array,
  }));
  const body = { roundContext, survivorsDigest, signatures: signed };
  const step = enterPhase(state, next, { round: terms.round, deadlineMs: terms.deadlines.unmask }, [
    ...effects,
    { kind: 'send', to: asked, message: 'unmask-request', body },
  ]);
  return andThen(step, closeUnmaskIfDone);
}

export function acceptRelease(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: UnmaskPhase,
  from: number,
  { body }: Message<'release'>,
): CoordinatorStep {
  if (!sameBytes(body.roundContext, phase.round.context)) {
    return reject(state, from, 'WRONG_CONTEXT', 'release for another round');
  }
  const batch = openBatch(state);
  const survivors = new Set(phase.survivors.map(({ member }) => member));
  const point = batch.terms.cohort.indexOf(from) + 1;
  const shares = new Map(phase.shares);
  const seen = new Set<number>();
  const wrong: number[] = [];
  for (const released of body.shares) {
    const { owner, kind } = released;
    const known = shares.get(owner);
    const due = kind === (survivors.has(owner) ? 'self' : 'pair');
    if (
      known !== undefined &&
      due &&
      !seen.has(owner) &&
      commitmentHolds(crypto, batch, phase, from, released)
    ) {
      shares.set(owner, [...known, { point, share: released.share }]);
    } else {
      wrong.push(owner);
    }
    seen.add(owner);
  }
  const accepted: CoordinatorState = {
    ...state,
    phase: {
      ...phase,
      shares,
      released: new Set(phase.released).add(from),
      waiting: without(phase.waiting, from),
    },
  };
  const step =
    wrong.length === 0
      ? { state: accepted, effects: [] }
      : reject(accepted, from, 'BAD_SHARE', wrongShares(state, wrong));
  return andThen(step, closeUnmaskIfDone);
}

/** Whose shares were wrong; there may be as many as a message holds. */
function wrongShares(state: CoordinatorState, owners: readonly number[]): string {
  const more = owners.length > 3 ? ` and ${owners.length - 3} more` : '';
  return `shares of ${namesOf(state, owners.slice(0, 3))}${more} do not open their commitments`;
}

function commitmentHolds(
  crypto: CryptoBackend,
  batch: OpenBatch,
  phase: UnmaskPhase,
  holder: number,
  released: ReleasedShare,
): boolean {
  const commitments = batch.dealt.get(released.owner)?.get(holder);
  const { keyIndex } = phase.round.terms;
  return (
    commitments !== undefined &&
    verifyReleasedShare(crypto, batch.context, holder, keyIndex, released, commitments)
  );
}

/** The phase ends as soon as every owner's secret has its t shares; waiting for more would only cost time. */
export function closeUnmaskIfDone(state: CoordinatorState): CoordinatorStep {
  if (state.phase.kind !== 'unmask') return { state, effects: [] };
  const { threshold } = openBatch(state).terms;
  const enough = [...state.phase.shares.values()].every((shares) => shares.length >= threshold);
  return enough || state.phase.waiting.size === 0 ? closeUnmask(state) : { state, effects: [] };
}

export function closeUnmask(state: CoordinatorState): CoordinatorStep {
  const phase = state.phase as UnmaskPhase;
  const { round, survivors, shares } = phase;
  const batch = openBatch(state);
  const { threshold } = batch.terms;
  const survivorIds = survivors.map(({ member }) => member);
  const fewest = Math.min(...[...shares.values()].map(({ length }) => length));
  if (fewest < threshold) {
    const late = [...phase.waiting].map((id) => dropEffect(phase, id, 'late'));
    const short = [...shares].filter(([, { length }]) => length === fewest).map(([owner]) => owner);
    const whose = short.length === shares.size ? 'all' : `${namesOf(state, short)}'s`;
    const missing = missingNames(state, round.participants, phase.released);
    const detail = `${fewest} holders released ${whose} shares, ${threshold} are needed${missing}`;
    return abortRound(state, round.terms, 'unmask', 'BELOW_THRESHOLD', detail, survivorIds, [
      ...late,
      { kind: 'close-accumulator', roundContext: round.context },
    ]);
  }
  const next: OpeningPhase = {
    kind: 'opening',
    round,
    survivors,
    survivorsDigest: phase.survivorsDigest,
  };
  return {
    state: { ...state, phase: next, phaseNumber: state.phaseNumber + 1 },
    effects: [{ kind: 'unmask', round, request: unmaskRequest(batch, phase, new Set(survivorIds)) }],
  };
}

function unmaskRequest(
  batch: OpenBatch,
  phase: UnmaskPhase,
  survivorIds: ReadonlySet<number>,
): UnmaskRequestForKernel {
  const { terms, context, participants } = phase.round;
  const ownerShares = (member: number): OwnerShares & { commitment: Uint8Array } => {
    const advert = batch.adverts.get(member);
    const roundKey = advert?.roundKeys[terms.keyIndex] ?? new Uint8Array(32);
    const commitment = advert?.selfSeedCommitments[terms.keyIndex] ?? new Uint8Array(32);
    const shares: readonly PointShare[] = phase.shares.get(member) ?? [];
    return { owner: { member, roundKey }, shares, commitment };
  };
  return {
    batchContext: batch.context,
    roundContext: context,
    keyIndex: terms.keyIndex,
    threshold: batch.terms.threshold,
    survivors: participants.filter((id) => survivorIds.has(id)).map(ownerShares),
    dropouts: participants.filter((id) => !survivorIds.has(id)).map(ownerShares),
  };
}

export function sumOpened(
  state: CoordinatorState,
  phase: OpeningPhase,
  event: Extract<CoordinatorEvent, { kind: 'sum-opened' }>,
): CoordinatorStep {
  const { round, survivorsDigest: digestOfSurvivors } = phase;
  if (!sameBytes(event.roundContext, round.context)) return { state, effects: [] };
  const survivors = phase.survivors.map(({ member }) => member);
  const to = [...state.present].toSorted((a, b) => a - b);
  return {
    state: { ...state, phase: { kind: 'idle' }, phaseNumber: state.phaseNumber + 1 },
    effects: [
      {
        kind: 'round-completed',
        round,
        survivors,
        survivorsDigest: digestOfSurvivors,
        digest: event.digest,
      },
      {
        kind: 'send',
        to,
        message: 'round-result',
        body: {
          roundContext: round.context,
          round: round.terms.round,
          survivors,
          survivorsDigest: digestOfSurvivors,
          length: packedLengthOf(round.terms),
          digest: event.digest,
        },
      },
    ],
  };
}

export function sumNotOpened(
  state: CoordinatorState,
  phase: OpeningPhase,
  event: Extract<CoordinatorEvent, { kind: 'sum-not-opened' }>,
): CoordinatorStep {
  if (!sameBytes(event.roundContext, phase.round.context)) return { state, effects: [] };
  const detail = `the shares of ${namesOf(state, event.badDealers)} do not give the secrets committed to`;
  const survivors = phase.survivors.map(({ member }) => member);
  return abortRound(state, phase.round.terms, 'unmask', 'BAD_DEALER', detail, survivors, [
    ...event.badDealers.map((from) => ({
      kind: 'reject' as const,
      rejection: { code: 'BAD_DEALER' as const, from, detail },
    })),
    { kind: 'close-accumulator', roundContext: phase.round.context },
  ]);
}
