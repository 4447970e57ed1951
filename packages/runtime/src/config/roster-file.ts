/** The roster file: who takes part, agreed out of band. Its root is printed at start for all sides to compare. */
import { checkRoster, ProtocolError, type Roster } from '@tributary/protocol';
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
});

/** @throws RuntimeError BAD_FILE or BAD_CONFIG naming the entry */
export function readRosterFile(path: string): Roster {
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
  };
  try {
    return checkRoster(roster);
  } catch (error) {
    if (error instanceof ProtocolError) {
      throw new RuntimeError('BAD_CONFIG', `${path}: ${error.message}`, error.hint, error);
    }
    throw error;
  }
}
