/**
 * The proof of an opened sum for whoever took no part in it: what the coordinator puts together, and what a
 * member makes of it. It does not show that the sum is right, which nobody but the coordinator computes, but
 * that it is of the round that follows from the sums so far, and over which survivors: an honest member signs
 * no other.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { ExpectedRound } from './client/state.ts';
import type { MemberSignature, OpeningProof, RoundResult } from './messages/round.ts';
import {
  type ReadyNonce,
  readyDigest,
  roundContextOf,
  type RoundTerms,
  roundTermsDigest,
} from './messages/terms.ts';
import { roundTermsFor } from './parameters/terms.ts';
import { sameBytes } from './public-bytes.ts';
import { ascending, type Roster } from './roster.ts';
import { survivorsDigestOf, uploadsDigest, verifyMessage } from './signing.ts';

export interface Opening {
  readonly roster: Roster;
  readonly terms: RoundTerms;
  /** c */
  readonly colluders: number;
  readonly ready: readonly ReadyNonce[];
  /** Ascending by member. */
  readonly uploads: readonly { readonly digest: Uint8Array }[];
  /** Over the survivor set, by member: more than members of c organisations have. */
  readonly signatures: ReadonlyMap<number, Uint8Array>;
}

export function openingProof(crypto: CryptoBackend, opening: Opening): OpeningProof {
  const { roster, terms, colluders, ready, uploads, signatures } = opening;
  const { batchContext, keyIndex, step, deadlines, auditHead } = terms;
  const heard = new Set<string>();
  const chosen: MemberSignature[] = [];
  for (const [member, signature] of [...signatures].toSorted(([a], [b]) => a - b)) {
    const organisation = roster.members[member]?.organisation;
    if (organisation === undefined || heard.has(organisation) || heard.size > colluders) continue;
    heard.add(organisation);
    chosen.push({ member, signature });
  }
  return {
    batchContext,
    keyIndex,
    step,
    deadlines,
    auditHead,
    readyDigest: readyDigest(crypto, ready),
    uploadsDigest: uploadsDigest(crypto, uploads),
    signatures: chosen,
  };
}

/**
 * Why a result is not shown to be that of the round a member expects, or undefined where it is.
 * @param minColluders organisations that may all have signed what never was
 */
export function openingProofFault(
  crypto: CryptoBackend,
  roster: Roster,
  expected: ExpectedRound,
  minColluders: number,
  { proof, roundContext, attempt, survivors, survivorsDigest }: RoundResult,
): string | undefined {
  const { batchContext, keyIndex, step, deadlines, auditHead, signatures } = proof;
  const terms = roundTermsFor(expected, { batchContext, keyIndex, attempt, step, deadlines, auditHead });
  const context = roundContextOf(crypto, roundTermsDigest(crypto, terms), proof.readyDigest);
  if (!sameBytes(context, roundContext)) return 'it is of another round than the one that is due';
  const digest = survivorsDigestOf(crypto, roundContext, survivors, proof.uploadsDigest);
  if (!sameBytes(digest, survivorsDigest)) return 'what was signed is not over these survivors';
  if (!ascending(signatures.map(({ member }) => member))) return 'its signatures are not in ascending order';
  const organisations = new Set<string>();
  for (const { member: id, signature } of signatures) {
    const member = roster.members[id];
    const body = { roundContext, member: id, survivorsDigest };
    if (
      member === undefined ||
      !verifyMessage(crypto, member.publicKey, 'survivors-signature', body, signature)
    ) {
      return `the signature of ${member?.name ?? id} does not verify`;
    }
    organisations.add(member.organisation);
  }
  return organisations.size > minColluders
    ? undefined
    : `${organisations.size} organisations signed its survivors, ${minColluders + 1} are needed`;
}
