/** Rules of round, upload and survivors: who takes part, whose vectors are in the sum, and that enough members agreed to that set. */
import {
  type BatchTerms,
  countOrganisations,
  packedLengthOf,
  type Roster,
  roundContext,
  roundTermsDigest,
  sameBytes,
  survivorsDigest,
} from '@tributary/protocol';
import type { EntryOf } from '../entries.ts';
import { type Finding, finding } from '../errors.ts';
import { announce } from './attempts.ts';
import { fromCoordinator, fromMember, isFinding, isSigned } from './frames.ts';
import type { AuditState, OpenRound } from './state.ts';

const NOTHING = new Uint8Array(0);

export function roundRule(state: AuditState, entry: EntryOf<'round'>): Finding | undefined {
  const announced = announce(state, entry.announce);
  if (isFinding(announced)) return announced;
  const { terms, batch, mayRepeat } = announced;
  const start = fromCoordinator(state, 'round-start', entry.start);
  if (isFinding(start)) return start;
  const { ready, termsDigest } = start.body;
  if (!sameBytes(termsDigest, roundTermsDigest(state.crypto, terms))) {
    return finding('WRONG_CONTEXT', 'the round that starts is not the one announced');
  }
  const participants = ready.map(({ member }) => member);
  if (!ascending(participants)) return finding('BAD_SURVIVORS', 'participants are not in ascending order');
  for (const { member, nonce, signature } of ready) {
    if (!batch.adverts.has(member)) {
      return finding('WRONG_CONTEXT', `${state.nameOf(member)} takes part without keys`);
    }
    if (state.culprits.has(member)) {
      return finding('BAD_EVIDENCE', `${state.nameOf(member)} takes part although it cheated`);
    }
    if (!isSigned(state, member, 'ready', { termsDigest, member, nonce }, signature)) {
      return finding('BAD_SIGNATURE', `ready is not signed by ${state.nameOf(member)}`);
    }
    if (mayRepeat?.(member) === false) {
      return finding(
        'NOT_PROMISED',
        `too few holders promised ${state.nameOf(member)} that its first upload is sealed`,
      );
    }
  }
  const floor = belowFloors(state.roster, batch.terms, participants);
  if (floor !== undefined) return floor;
  const round: OpenRound = {
    terms,
    batch,
    participants,
    context: roundContext(state.crypto, termsDigest, ready),
    uploads: new Map(),
    released: new Set(),
    shares: new Map(participants.map((id) => [id, []])),
    survivors: [],
    survivorsDigest: NOTHING,
    maskedSumDigest: NOTHING,
    innerProducts: new Map(),
    signers: new Set(),
  };
  state.round = round;
  for (const id of participants) state.contributions.set(id, round);
  state.counts.rounds += 1;
  return undefined;
}

export function ascending(ids: readonly number[]): boolean {
  return ids.every((id, i) => i === 0 || id > (ids[i - 1] as number));
}

function belowFloors(
  roster: Roster | undefined,
  { minSurvivors, minCohort }: BatchTerms,
  members: readonly number[],
): Finding | undefined {
  const organisations = roster === undefined ? 0 : countOrganisations(roster, members);
  if (members.length >= minSurvivors && organisations >= minCohort) return undefined;
  const reason = `${members.length} members of ${organisations} organisations, ${minSurvivors} of ${minCohort} are needed`;
  return finding('BELOW_FLOOR', reason);
}

export function uploadRule(state: AuditState, entry: EntryOf<'upload'>): Finding | undefined {
  const { round } = state;
  if (round === undefined || isAgreed(round)) return finding('OUT_OF_ORDER', 'no round awaits uploads');
  const message = fromMember(state, 'upload-end', entry.end);
  if (isFinding(message)) return message;
  const { member, digest, length } = message.body;
  if (!sameBytes(message.body.roundContext, round.context) || !round.shares.has(member)) {
    return finding('WRONG_CONTEXT', `the upload of ${state.nameOf(member)} is of another round`);
  }
  if (length !== packedLengthOf(round.terms)) {
    return finding('MALFORMED', `the upload of ${state.nameOf(member)} has ${length} bytes`);
  }
  if (round.uploads.has(member)) return finding('BAD_SURVIVORS', `${state.nameOf(member)} uploads twice`);
  round.uploads.set(member, { digest, signature: message.signature });
  return undefined;
}

const isAgreed = ({ survivors }: OpenRound): boolean => survivors.length > 0;

export function survivorsRule(state: AuditState, entry: EntryOf<'survivors'>): Finding | undefined {
  const { round } = state;
  if (round === undefined || isAgreed(round)) return finding('OUT_OF_ORDER', 'no round awaits its survivors');
  const message = fromCoordinator(state, 'survivors', entry.set);
  if (isFinding(message)) return message;
  const { uploads } = message.body;
  if (!sameBytes(message.body.roundContext, round.context)) {
    return finding('WRONG_CONTEXT', 'the survivors are those of another round');
  }
  const members = uploads.map(({ member }) => member);
  if (!ascending(members)) return finding('BAD_SURVIVORS', 'survivors are not in ascending order, each once');
  for (const { member, digest, signature } of uploads) {
    const upload = round.uploads.get(member);
    const same = upload && sameBytes(upload.digest, digest) && sameBytes(upload.signature, signature);
    if (same !== true)
      return finding('BAD_SURVIVORS', `${state.nameOf(member)} survives with an upload that is not its own`);
  }
  const fault = belowFloors(state.roster, round.batch.terms, members) ?? loneFault(state, round, members);
  if (fault !== undefined) return fault;
  const digest = survivorsDigest(state.crypto, round.context, uploads);
  const signers = signersOf(state, round, digest, entry.signatures);
  if (isFinding(signers)) return signers;
  round.survivors = members;
  round.survivorsDigest = digest;
  round.maskedSumDigest = entry.maskedSum;
  round.signers = signers;
  return undefined;
}

/** On a Harary graph survivors that fall into parts could be opened part by part. */
function loneFault(
  state: AuditState,
  { batch }: OpenRound,
  survivors: readonly number[],
): Finding | undefined {
  const { graph, threshold } = batch.terms;
  if (graph === 'complete') return undefined;
  const among = new Set(survivors);
  const lone = survivors.find(
    (member) => batch.neighbours(member).filter((id) => among.has(id)).length < threshold,
  );
  return lone === undefined
    ? undefined
    : finding('BELOW_FLOOR', `${state.nameOf(lone)} has fewer than ${threshold} surviving neighbours`);
}

function signersOf(
  state: AuditState,
  { context, batch, shares }: OpenRound,
  digest: Uint8Array,
  signatures: EntryOf<'survivors'>['signatures'],
): ReadonlySet<number> | Finding {
  if (!ascending(signatures.map(({ member }) => member))) {
    return finding('BAD_SURVIVORS', 'signers are not in ascending order, each once');
  }
  for (const { member, signature } of signatures) {
    const body = { roundContext: context, member, survivorsDigest: digest };
    if (!shares.has(member) || !isSigned(state, member, 'survivors-signature', body, signature)) {
      return finding('BAD_SIGNATURE', `${state.nameOf(member)} did not sign this survivor set`);
    }
  }
  const { threshold } = batch.terms;
  if (signatures.length < threshold) {
    return finding(
      'BELOW_FLOOR',
      `${signatures.length} members signed the survivor set, ${threshold} are needed`,
    );
  }
  return new Set(signatures.map(({ member }) => member));
}
