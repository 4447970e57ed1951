/** The roster file: who takes part, agreed out of band. Its root is printed at start for all sides to compare. */
import { fromBase64 } from '@tributary/crypto';
import { checkRoster, ProtocolError, type Roster, type RosterApproval } from '@tributary/protocol';
import { z } from 'zod';
import { RuntimeError } from '../errors.ts';
import { parsePublicKey } from '../keys/key-file.ts';
import { readYamlFile } from './yaml-file.ts';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .describe(
    'a name of 1..64 letters, digits, dots, dashes and underscores that begins with a letter or digit',
  );

const rosterSchema = z.strictObject({
  federation: name,
  version: z.int().min(1),
  coordinator: z.string(),
  members: z.array(z.strictObject({ name, organisation: name.optional(), publicKey: z.string() })).min(1),
  committee: z.array(name).min(1).optional(),
  approvals: z.array(z.strictObject({ member: name, signature: z.string() })).optional(),
});

export interface RosterFile {
  readonly roster: Roster;
  /** By members of the version before, for this one. */
  readonly approvals: readonly RosterApproval[];
}

/** @throws RuntimeError BAD_FILE or BAD_CONFIG naming the entry */
export function readRosterFile(path: string): Roster {
  return readApprovedRosterFile(path).roster;
}

/** @throws RuntimeError BAD_FILE or BAD_CONFIG naming the entry */
export function readApprovedRosterFile(path: string): RosterFile {
  const file = readYamlFile(path, rosterSchema);
  const roster: Roster = {
    federation: file.federation,
    version: file.version,
    coordinatorKey: parsePublicKey(file.coordinator, `${path}: 'coordinator'`),
    members: file.members.map((member, id) => ({
      id,
      name: member.name,
      organisation: member.organisation ?? member.name,
      publicKey: parsePublicKey(member.publicKey, `${path}: 'members.${id}.publicKey'`),
    })),
    ...(file.committee === undefined ? {} : { committee: memberIds(path, file.committee, file.members) }),
  };
  try {
    return { roster: checkRoster(roster), approvals: (file.approvals ?? []).map(approvalIn(path)) };
  } catch (error) {
    if (error instanceof ProtocolError) {
      throw new RuntimeError('BAD_CONFIG', `${path}: ${error.message}`, error.hint, error);
    }
    throw error;
  }
}

function memberIds(
  path: string,
  names: readonly string[],
  members: readonly { readonly name: string }[],
): readonly number[] {
  const ids = names.map((wanted, i) => {
    const id = members.findIndex((member) => member.name === wanted);
    if (id !== -1) return id;
    throw new RuntimeError(
      'BAD_CONFIG',
      `${path}: 'committee.${i}' ${wanted} is no member`,
      "name members as they stand under 'members'",
    );
  });
  return ids.toSorted((a, b) => a - b);
}

function approvalIn(path: string) {
  return ({ member, signature }: { member: string; signature: string }, i: number): RosterApproval => {
    const bytes = fromBase64(signature);
    if (bytes?.length !== 64) {
      throw new RuntimeError(
        'BAD_CONFIG',
        `${path}: 'approvals.${i}.signature' is no signature of 64 bytes in base64`,
        'copy it from the output of `tributary roster approve`',
      );
    }
    return { member, signature: bytes };
  };
}
