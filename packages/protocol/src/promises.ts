/**
 * Promises that seal an attempt: signatures under "I released nothing for this key index and never will". A member gives
 * one only where it released nothing, and writes it down before it speaks, so that nothing follows. Of the holders of an
 * owner's secrets so many have to have promised that the rest, with colluders who break their word, are fewer than t: both
 * secrets of the owner stay unknown for ever, and whatever it uploaded stays under its masks.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { MemberSignature } from './messages/round.ts';
import type { BatchTerms, RoundTerms } from './messages/terms.ts';
import { promisesNeeded } from './parameters/batch-rules.ts';
import type { Roster } from './roster.ts';
import { verifyMessage } from './signing.ts';
import type { Topology } from './topology.ts';

/** What a promise names: it is worth nothing for any other attempt, of this run or another. */
export type PromisedAttempt = Pick<RoundTerms, 'batchContext' | 'keyIndex'>;

/**
 * Those of `holders` that promised silence about the attempt, each once. Signatures of others are not looked at.
 * @param promises as a `round-announce` brings them: perhaps about several attempts, perhaps forged
 */
export function promisedBy(
  crypto: CryptoBackend,
  roster: Roster,
  attempt: PromisedAttempt,
  holders: readonly number[],
  promises: readonly MemberSignature[],
): ReadonlySet<number> {
  const among = new Set(holders);
  const promised = new Set<number>();
  for (const promise of promises) {
    const { member } = promise;
    if (!promised.has(member) && isPromise(crypto, roster, attempt, among, promise)) promised.add(member);
  }
  return promised;
}

function isPromise(
  crypto: CryptoBackend,
  roster: Roster,
  { batchContext, keyIndex }: PromisedAttempt,
  holders: ReadonlySet<number>,
  { member, signature }: MemberSignature,
): boolean {
  const publicKey = roster.members[member]?.publicKey;
  if (publicKey === undefined || !holders.has(member)) return false;
  return verifyMessage(crypto, publicKey, 'nothing-released', { batchContext, keyIndex, member }, signature);
}

/** Those of `owners` whose vectors of the attempt can never be opened: enough holders of their secrets promised. */
export function sealedOwners(
  roster: Roster,
  terms: BatchTerms,
  holdersOf: Topology['holders'],
  promised: ReadonlySet<number>,
  owners: readonly number[],
): readonly number[] {
  const needed = promisesNeeded(roster, terms);
  return owners.filter((owner) => holdersOf(owner).filter((id) => promised.has(id)).length >= needed);
}
