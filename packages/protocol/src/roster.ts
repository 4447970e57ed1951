/**
 * Who may take part. The roster is agreed out of band; its root is in every context, so a coordinator that shows different rosters
 * to different members shares no round with them.
 */
import { checkIdentityKey, type CryptoBackend } from '@tributary/crypto';
import { ProtocolError } from './errors.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

/** A member acts for one organisation; floors count organisations. */
export interface Member {
  /** Position in the roster: the member's id in every message. */
  readonly id: number;
  readonly name: string;
  readonly organisation: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface Roster {
  readonly federation: string;
  readonly version: number;
  /** Ed25519, 32 bytes: who may speak as coordinator. It is trusted with nothing but availability. */
  readonly coordinatorKey: Uint8Array;
  readonly members: readonly Member[];
}

export const MAX_MEMBERS = 65_535;

/**
 * @throws ProtocolError BAD_PARAMETERS naming the entry: duplicate name or key, a key of small order, ids out of order, too many members
 */
export function checkRoster(roster: Roster): Roster {
  const seenNames = new Map<string, number>();
  const seenKeys = new Map<string, string>([[roster.coordinatorKey.join(), 'the coordinator']]);
  if (roster.members.length === 0 || roster.members.length > MAX_MEMBERS) {
    throw new ProtocolError(
      'BAD_PARAMETERS',
      `roster has ${roster.members.length} members`,
      `list 1..${MAX_MEMBERS}`,
    );
  }
  requireIdentityKey(roster.coordinatorKey, 'coordinator');
  roster.members.forEach((member, i) => {
    if (member.id !== i)
      throw new ProtocolError('BAD_PARAMETERS', `member ${member.name} has id ${member.id} at position ${i}`);
    if (seenNames.has(member.name)) {
      throw new ProtocolError(
        'BAD_PARAMETERS',
        `roster member name '${member.name}' stands twice`,
        'give each member its own name',
      );
    }
    requireIdentityKey(member.publicKey, `member '${member.name}'`);
    const key = member.publicKey.join();
    const owner = seenKeys.get(key);
    if (owner !== undefined) {
      throw new ProtocolError(
        'BAD_PARAMETERS',
        `roster member '${member.name}' has the same public key as ${owner}`,
        'make a key pair for each member with `tributary keygen`',
      );
    }
    seenNames.set(member.name, i);
    seenKeys.set(key, `'${member.name}'`);
  });
  return roster;
}

function requireIdentityKey(publicKey: Uint8Array, whose: string): void {
  if (checkIdentityKey(publicKey) !== undefined) {
    throw new ProtocolError(
      'BAD_PARAMETERS',
      `the public key of ${whose} is no Ed25519 key of full order`,
      'copy it from the output of `tributary keygen`',
    );
  }
}

/** SHA-256 over the canonical roster: what members compare out of band. 32 bytes. */
export function rosterRoot(crypto: CryptoBackend, roster: Roster): Uint8Array {
  const writer = new CanonicalWriter()
    .text(`${DOMAIN}/roster`)
    .text(roster.federation)
    .integer(roster.version)
    .bytes(roster.coordinatorKey)
    .count(roster.members.length);
  for (const member of roster.members) {
    writer.integer(member.id).text(member.name).text(member.organisation).bytes(member.publicKey);
  }
  return crypto.sha256(writer.finish());
}

/** Number of distinct organisations among `ids`. */
export function countOrganisations(roster: Roster, ids: Iterable<number>): number {
  const organisations = new Set<string>();
  for (const id of ids) {
    const member = roster.members[id];
    if (member !== undefined) organisations.add(member.organisation);
  }
  return organisations.size;
}
