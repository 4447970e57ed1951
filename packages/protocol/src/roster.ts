/**
 * Who may take part. The roster is agreed out of band; its root is in every context, so a coordinator that
 * shows different rosters to different members shares no round with them.
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
  /**
   * Ids of the members whose nonces draw public randomness, ascending; any members may, where it is left out.
   */
  readonly committee?: readonly number[];
}

export const MAX_MEMBERS = 65_535;
const MAX_NAME_LENGTH = 64;

/**
 * @throws ProtocolError BAD_PARAMETERS naming the entry: duplicate name or key, a key of small order, ids out
 *   of order, too many members, an empty or overlong name, a version that is no count
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
  requireName(roster.federation, 'federation');
  if (!Number.isSafeInteger(roster.version) || roster.version < 0) {
    throw new ProtocolError(
      'BAD_PARAMETERS',
      `roster version ${roster.version} is no whole number`,
      'count versions from 1',
    );
  }
  requireIdentityKey(roster.coordinatorKey, 'the coordinator');
  roster.members.forEach((member, i) => {
    requireName(member.name, `name of member ${i}`);
    requireName(member.organisation, `organisation of member '${member.name}'`);
    if (member.id !== i) {
      throw new ProtocolError(
        'BAD_PARAMETERS',
        `member '${member.name}' has id ${member.id} at position ${i}`,
      );
    }
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
  const { committee = [] } = roster;
  if (!ascending(committee) || committee.some((id) => roster.members[id] === undefined)) {
    throw new ProtocolError(
      'BAD_PARAMETERS',
      'the committee is no list of members without repeats',
      'name members of the roster, each once',
    );
  }
  return roster;
}

/** Names travel in messages, where text has a length. */
function requireName(name: string, what: string): void {
  if (name.length > 0 && name.length <= MAX_NAME_LENGTH) return;
  throw new ProtocolError(
    'BAD_PARAMETERS',
    `the ${what} '${name}' has ${name.length} characters`,
    `choose a name of 1..${MAX_NAME_LENGTH} characters`,
  );
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
  const { committee = [] } = roster;
  writer.count(committee.length);
  for (const id of committee) writer.integer(id);
  return crypto.sha256(writer.finish());
}

/** How many of `ids` act for each organisation. */
function membersByOrganisation(roster: Roster, ids: Iterable<number>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) {
    const organisation = roster.members[id]?.organisation;
    if (organisation !== undefined) counts.set(organisation, (counts.get(organisation) ?? 0) + 1);
  }
  return counts;
}

/** Number of distinct organisations among `ids`. */
export function countOrganisations(roster: Roster, ids: Iterable<number>): number {
  return membersByOrganisation(roster, ids).size;
}

/**
 * How many of `ids` the `organisations` largest organisations have together: the most that so many can
 * control.
 */
export function membersOfLargest(roster: Roster, ids: Iterable<number>, organisations: number): number {
  return [...membersByOrganisation(roster, ids).values()]
    .toSorted((a, b) => b - a)
    .slice(0, organisations)
    .reduce((sum, count) => sum + count, 0);
}

/** Whether ids ascend without repeats: the one order in which sets of members travel. */
export function ascending(ids: readonly number[]): boolean {
  return ids.every((id, i) => i === 0 || id > (ids[i - 1] as number));
}
