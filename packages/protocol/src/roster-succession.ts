/**
 * From one version of the roster to the next: organisations of the current one sign it. The coordinator admits
 * nobody alone, and an organisation that was outvoted still decides itself which root it pins.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { sameBytes } from './public-bytes.ts';
import { type Roster, rosterRoot } from './roster.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

/** A member's signature over the next roster and the one it follows. */
export interface RosterApproval {
  /** Name in the current roster. */
  readonly member: string;
  /** 64 bytes */
  readonly signature: Uint8Array;
}

/** Organisations that must approve: more than two thirds of those in the current roster. */
export function approvalsNeeded(current: Roster): number {
  const organisations = new Set(current.members.map(({ organisation }) => organisation)).size;
  return Math.floor((2 * organisations) / 3) + 1;
}

function approvalBytes(crypto: CryptoBackend, current: Roster, next: Roster): Uint8Array {
  return new CanonicalWriter()
    .text(`${DOMAIN}/roster-approval`)
    .bytes(rosterRoot(crypto, current))
    .bytes(rosterRoot(crypto, next))
    .finish();
}

/** @param identity Ed25519 secret seed of a member of the current roster */
export function approveRoster(
  crypto: CryptoBackend,
  identity: Uint8Array,
  current: Roster,
  next: Roster,
): Uint8Array {
  return crypto.ed25519Sign(identity, approvalBytes(crypto, current, next));
}

/** Organisations of the current roster that approved the next one, by good signatures of their members. */
export function approvingOrganisations(
  crypto: CryptoBackend,
  current: Roster,
  next: Roster,
  approvals: readonly RosterApproval[],
): ReadonlySet<string> {
  const bytes = approvalBytes(crypto, current, next);
  const members = new Map(current.members.map((member) => [member.name, member]));
  const organisations = new Set<string>();
  for (const { member: name, signature } of approvals) {
    const member = members.get(name);
    if (member !== undefined && crypto.ed25519Verify(member.publicKey, bytes, signature)) {
      organisations.add(member.organisation);
    }
  }
  return organisations;
}

/** Why `next` may not follow `current`, or undefined where it may. */
export function successionFault(
  crypto: CryptoBackend,
  current: Roster,
  next: Roster,
  approvals: readonly RosterApproval[],
): string | undefined {
  if (sameBytes(rosterRoot(crypto, current), rosterRoot(crypto, next))) return 'it is the same roster';
  if (next.federation !== current.federation) return `it is of federation '${next.federation}'`;
  if (next.version !== current.version + 1) {
    return `version ${next.version} does not follow version ${current.version}`;
  }
  const approved = approvingOrganisations(crypto, current, next, approvals).size;
  const needed = approvalsNeeded(current);
  return approved < needed ? `${approved} organisations approved it, ${needed} are needed` : undefined;
}
