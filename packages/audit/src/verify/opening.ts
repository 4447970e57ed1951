/** Rules of release and sum: shares that may be given, secrets that open what was committed to, and the sum that follows from them. */
import {
  nextLogHead,
  openingProofFault,
  packedLengthOf,
  planUnmask,
  sameBytes,
  type Bodies,
  type UnmaskRequestForKernel,
} from '@tributary/protocol';
import { wipe } from '@tributary/crypto';
import type { EntryOf } from '../entries.ts';
import { type Finding, finding } from '../errors.ts';
import { messageOf } from './founding.ts';
import { fromCoordinator, fromMember, isFinding } from './frames.ts';
import type { AuditState, OpenRound, RoundVectors } from './state.ts';
import { checkVectors } from './vectors.ts';

export function releaseRule(state: AuditState, entry: EntryOf<'release'>): Finding | undefined {
  const { round } = state;
  if (round === undefined || round.survivors.length === 0) {
    return finding('OUT_OF_ORDER', 'a release before the survivors');
  }
  const message = fromMember(state, 'release', entry.release);
  if (isFinding(message)) return message;
  const { body } = message;
  const { member } = body;
  const who = state.nameOf(member);
  const ours =
    sameBytes(body.roundContext, round.context) &&
    sameBytes(body.batchContext, round.batch.context) &&
    body.keyIndex === round.terms.keyIndex &&
    round.shares.has(member);
  if (!ours) return finding('WRONG_CONTEXT', `the release of ${who} is of another round`);
  if (round.released.has(member)) return finding('BAD_RELEASE', `${who} releases twice`);
  if (!sameBytes(body.maskedSum, round.maskedSumDigest)) {
    return finding('BAD_RELEASE', `${who} was asked about another masked sum`);
  }
  const { threshold } = round.batch.terms;
  const entitling = round.batch.holders(member).filter((id) => round.signers.has(id)).length;
  if (entitling < threshold) {
    return finding(
      'BELOW_FLOOR',
      `${entitling} holders of ${who}'s secrets signed the set, ${threshold} are needed`,
    );
  }
  const fault = takeShares(state, round, body, new Set(entry.refused));
  if (fault !== undefined) return fault;
  round.released.add(member);
  if (body.innerProduct.length > 0) round.innerProducts.set(member, body.innerProduct);
  return undefined;
}

/** Of each participant one secret's share: the self seed of a survivor, the round key of a dropout. */
function takeShares(
  state: AuditState,
  round: OpenRound,
  { member: holder, shares }: Bodies['release'],
  refused: ReadonlySet<number>,
): Finding | undefined {
  const survivors = new Set(round.survivors);
  const seen = new Set<number>();
  for (const { owner, kind, share } of shares) {
    const point = round.batch.holders(owner).indexOf(holder) + 1;
    const known = round.shares.get(owner);
    const due = kind === (survivors.has(owner) ? 'self' : 'pair') && known !== undefined && point > 0;
    // Of an owner the first share decides: a second one never counts.
    if (seen.has(owner)) continue;
    seen.add(owner);
    if (!due) {
      // What a member gives beyond its duty is its own fault; the coordinator says that it did not use it.
      if (refused.has(owner)) continue;
      return finding(
        'BAD_RELEASE',
        `${state.nameOf(holder)} releases a share of ${state.nameOf(owner)} that is not due`,
      );
    }
    if (!refused.has(owner)) known.push({ holder, point, share });
  }
  const unknown = [...refused].find((owner) => !shares.some((share) => share.owner === owner));
  return unknown === undefined
    ? undefined
    : finding('MALFORMED', `the release has no share of ${state.nameOf(unknown)} to refuse`);
}

export function sumRule(
  state: AuditState,
  entry: EntryOf<'sum'>,
  vectors: RoundVectors,
): Finding | undefined {
  const { round, crypto, roster } = state;
  if (round === undefined || roster === undefined || round.survivors.length === 0)
    return finding('OUT_OF_ORDER', 'a sum before its survivors');
  const message = fromCoordinator(state, 'round-result', entry.result);
  if (isFinding(message)) return message;
  const { body: result } = message;
  const { terms, survivors, survivorsDigest } = round;
  const ours =
    sameBytes(result.roundContext, round.context) &&
    result.round === terms.round &&
    result.attempt === terms.attempt &&
    sameBytes(result.survivorsDigest, survivorsDigest);
  if (!ours) return finding('WRONG_CONTEXT', 'the sum is that of another round or survivor set');
  if (result.survivors.join() !== survivors.join()) {
    return finding('BAD_SURVIVORS', 'the sum names other survivors than were agreed on');
  }
  const unproven = openingProofFault(crypto, roster, terms, round.batch.terms.colluders, result);
  if (unproven !== undefined) return finding('BAD_SURVIVORS', `the proof of the sum: ${unproven}`);
  if (result.length !== packedLengthOf(terms)) return finding('BAD_SUM', `a sum of ${result.length} bytes`);
  const masks = masksOf(state, round);
  if (isFinding(masks)) return masks;
  const sum = checkVectors(state, round, masks, result.digest, vectors);
  wipe(...masks.map(({ key }) => key));
  if (isFinding(sum)) return sum;
  state.counts.uploads += survivors.length;
  state.logHeads.push(nextLogHead(crypto, state.logHead, result));
  state.round = undefined;
  state.closedLines = state.line;
  state.lastAttempt = undefined;
  state.contributions.clear();
  advance(state, sum.words, survivors.length);
  return undefined;
}

/** The masks that the released secrets give, each secret against what its owner advertised. */
function masksOf(
  state: AuditState,
  { batch, terms, context, shares, survivors }: OpenRound,
): Extract<ReturnType<typeof planUnmask>, { ok: true }>['masks'] | Finding {
  const { threshold } = batch.terms;
  for (const [owner, { length }] of shares) {
    if (length < threshold) {
      return finding('BAD_OPENING', `${length} shares of ${state.nameOf(owner)}, ${threshold} are needed`);
    }
  }
  const among = new Set(survivors);
  const none = new Uint8Array(32);
  const owners = [...shares].map(([member, points]) => {
    const advert = batch.adverts.get(member);
    const owner = { member, roundKey: advert?.roundKeys[terms.keyIndex] ?? none };
    return { owner, shares: points, commitment: advert?.selfSeedCommitments[terms.keyIndex] ?? none };
  });
  const request: UnmaskRequestForKernel = {
    batchContext: batch.context,
    roundContext: context,
    keyIndex: terms.keyIndex,
    threshold,
    survivors: owners.filter(({ owner }) => among.has(owner.member)),
    dropouts: owners
      .filter(({ owner }) => !among.has(owner.member))
      .map((dropout) => ({ ...dropout, neighbours: batch.neighbours(dropout.owner.member) })),
  };
  const plan = planUnmask(state.crypto, request);
  if (plan.ok) return plan.masks;
  const names = plan.badDealers.map((id) => state.nameOf(id)).join(', ');
  return finding('BAD_OPENING', `the shares of ${names} do not open what was committed to`);
}

/** The course of the run after a sum; where the sum is not at hand, later plans cannot be computed. */
function advance(state: AuditState, words: Int32Array | undefined, survivors: number): void {
  const { course } = state;
  state.course = undefined;
  if (course === undefined || words === undefined) return;
  try {
    state.course = course.next(words, survivors);
  } catch (error) {
    // A sum may leave nothing to learn from: the run fails, and asks for no other.
    state.failure = messageOf(error);
    state.course = { expected: () => undefined, next: () => course };
  }
}
