/** The coordinator's side of consistency and unmask: one survivor set, signed, andThen the shares that open its sum. */
import type { CryptoBackend } from '@tributary/crypto';
import { verifyReleasedShare } from '../client/batch-secrets.ts';
import type { Message } from '../messages/index.ts';
import type { ReleasedShare, SurvivorUpload } from '../messages/round.ts';
import { sameBytes } from '../public-bytes.ts';
import { survivorsDigest } from '../signing.ts';
import { packedLengthOf } from '../vector-length.ts';
import {
  abortRound,
  dropEffect,
  enterPhase,
  reject,
  sortedKeys,
  andThen,
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
import type { OwnerShares, PointShare, UnmaskRequestForKernel } from './unmask.ts';

type ConsistencyPhase = Extract<CoordinatorPhase, { kind: 'consistency' }>;
type UnmaskPhase = Extract<CoordinatorPhase, { kind: 'unmask' }>;
type OpeningPhase = Extract<CoordinatorPhase, { kind: 'opening' }>;

export function enterConsistency(
  crypto: CryptoBackend,
  state: CoordinatorState,
  round: RoundInProgress,
  added: ReadonlyMap<number, SurvivorUpload>,
): CoordinatorStep {
  const survivors = sortedKeys(added).flatMap((id) => added.get(id) ?? []);
  // Participants whose upload was lost may come back in time to hold and sign, so all that are present are asked.
  const asked = round.participants.filter((id) => state.present.has(id));
  const phase: ConsistencyPhase = {
    kind: 'consistency',
    round,
    survivors,
    survivorsDigest: survivorsDigest(crypto, round.context, survivors),
    signatures: new Map(),
    waiting: new Set(asked),
  };
  const { terms, context } = round;
  return enterPhase(state, phase, { round: terms.round, deadlineMs: terms.deadlines.consistency }, [
    { kind: 'send', to: asked, message: 'survivors', body: { roundContext: context, uploads: survivors } },
  ]);
}

export function acceptSurvivorsSignature(
  state: CoordinatorState,
  phase: ConsistencyPhase,
  from: number,
  { body, signature }: Message<'survivors-signature'>,
): CoordinatorStep {
  if (!sameBytes(body.roundContext, phase.round.context)) {
    return reject(state, from, 'WRONG_CONTEXT', 'signature for another round');
  }
  if (!sameBytes(body.survivorsDigest, phase.survivorsDigest)) {
    return reject(state, from, 'EQUIVOCATION', 'signature over another survivor set');
  }
  const next = {
    ...phase,
    signatures: withEntry(phase.signatures, from, signature),
    waiting: without(phase.waiting, from),
  };
  return closeConsistencyIfDone({ ...state, phase: next });
}

export function closeConsistencyIfDone(state: CoordinatorState): CoordinatorStep {
  const done = state.phase.kind === 'consistency' && state.phase.waiting.size === 0;
  return done ? closeConsistency(state) : { state, effects: [] };
}

export function closeConsistency(state: CoordinatorState): CoordinatorStep {
  const phase = state.phase as ConsistencyPhase;
  const { round, survivors, signatures } = phase;
  const late = [...phase.waiting].map((id) => dropEffect(phase, id, 'late'));
  const threshold = state.batch?.terms.threshold ?? Infinity;
  const survivorIds = survivors.map(({ member }) => member);
  if (signatures.size < threshold) {
    const detail = `${signatures.size} members signed the survivor set, ${threshold} are needed`;
    return abortRound(state, round.terms, 'consistency', 'BELOW_THRESHOLD', detail, survivorIds, [
      ...late,
      { kind: 'close-accumulator', roundContext: round.context },
    ]);
  }
  const signers = sortedKeys(signatures);
  const asked = round.participants.filter((id) => state.present.has(id));
  const next: UnmaskPhase = {
    kind: 'unmask',
    round,
    survivors,
    survivorsDigest: phase.survivorsDigest,
    shares: new Map(round.participants.map((id) => [id, []])),
    waiting: new Set(asked),
  };
  const step = enterPhase(
    state,
    next,
    { round: round.terms.round, deadlineMs: round.terms.deadlines.unmask },
    [
      ...late,
      {
        kind: 'send',
        to: asked,
        message: 'unmask-request',
        body: {
          roundContext: round.context,
          survivorsDigest: phase.survivorsDigest,
          signatures: signers.flatMap((member) => {
            const signature = signatures.get(member);
            return signature === undefined ? [] : [{ member, signature }];
          }),
        },
      },
    ],
  );
  return andThen(step, closeUnmaskIfDone);
}

export function acceptRelease(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: UnmaskPhase,
  from: number,
  { body }: Message<'release'>,
): CoordinatorStep {
  const { batch } = state;
  if (batch === undefined || !sameBytes(body.roundContext, phase.round.context)) {
    return reject(state, from, 'WRONG_CONTEXT', 'release for another round');
  }
  const survivors = new Set(phase.survivors.map(({ member }) => member));
  const shares = new Map(phase.shares);
  const bad: number[] = [];
  const seen = new Set<number>();
  for (const released of body.shares) {
    const { owner, kind } = released;
    const known = shares.get(owner);
    const due = kind === (survivors.has(owner) ? 'self' : 'pair');
    if (
      known === undefined ||
      !due ||
      seen.has(owner) ||
      !commitmentHolds(crypto, batch, phase, from, released)
    ) {
      bad.push(owner);
      continue;
    }
    seen.add(owner);
    const point = batch.terms.cohort.indexOf(from) + 1;
    shares.set(owner, [...known, { point, share: released.share }]);
  }
  const next = { ...phase, shares, waiting: without(phase.waiting, from) };
  const accepted = { ...state, phase: next };
  const blame =
    bad.length === 0
      ? { state: accepted, effects: [] }
      : reject(accepted, from, 'BAD_SHARE', `shares of members ${bad.join(', ')}`);
  return andThen(blame, closeUnmaskIfDone);
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
  const threshold = state.batch?.terms.threshold ?? Infinity;
  const enough = [...state.phase.shares.values()].every((shares) => shares.length >= threshold);
  return enough || state.phase.waiting.size === 0 ? closeUnmask(state) : { state, effects: [] };
}

export function closeUnmask(state: CoordinatorState): CoordinatorStep {
  const phase = state.phase as UnmaskPhase;
  const { round, survivors, shares } = phase;
  const { batch } = state;
  const threshold = batch?.terms.threshold ?? Infinity;
  const survivorIds = survivors.map(({ member }) => member);
  const short = [...shares].filter(([, list]) => list.length < threshold);
  if (batch === undefined || short.length > 0) {
    const late = [...phase.waiting].map((id) => dropEffect(phase, id, 'late'));
    const most = Math.max(0, ...short.map(([, list]) => list.length));
    const detail = `${most} holders released their shares, ${threshold} are needed`;
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
  const names = event.badDealers.map((id) => state.roster.members[id]?.name ?? String(id));
  const detail = `the shares of ${names.join(', ')} do not give the secrets committed to`;
  const survivors = phase.survivors.map(({ member }) => member);
  return abortRound(state, phase.round.terms, 'unmask', 'BAD_DEALER', detail, survivors, [
    ...event.badDealers.map((from) => ({
      kind: 'reject' as const,
      rejection: { code: 'BAD_DEALER' as const, from, detail },
    })),
    { kind: 'close-accumulator', roundContext: phase.round.context },
  ]);
}
