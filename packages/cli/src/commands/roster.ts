/** Rosters: what members compare, and how one version follows another. */
import { toBase64, toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import {
  approvalsNeeded,
  approveRoster,
  approvingOrganisations,
  type Roster,
  rosterRoot,
  successionFault,
} from '@tributary/protocol';
import { readApprovedRosterFile, readKeyFile, readRosterFile, RuntimeError } from '@tributary/runtime';
import type { Command } from 'commander';
import { printLine, printResult } from '../output.ts';

interface Flags {
  readonly json?: true;
}

export function addRosterCommands(program: Command): void {
  const roster = program.command('roster').description('compare rosters, approve the next version of one');
  roster
    .command('show <file>')
    .description('print the root of a roster, which all organisations compare')
    .option('--json', 'print the result as JSON')
    .action((file: string, flags: Flags) => show(file, flags));
  roster
    .command('approve <file>')
    .description('sign the next version of the roster as an organisation of the present one')
    .requiredOption('--previous <file>', 'the roster in force')
    .requiredOption('--key <file>', 'key of a member of the roster in force')
    .option('--json', 'print the result as JSON')
    .action((file: string, flags: Flags & { readonly previous: string; readonly key: string }) =>
      approve(file, flags),
    );
  roster
    .command('check <file>')
    .description('check that enough organisations of the roster in force approved the next version')
    .requiredOption('--previous <file>', 'the roster in force')
    .option('--json', 'print the result as JSON')
    .action((file: string, flags: Flags & { readonly previous: string }) => check(file, flags));
}

function show(file: string, { json }: Flags): void {
  const roster = readRosterFile(file);
  const root = rootOf(roster);
  const organisations = new Set(roster.members.map(({ organisation }) => organisation)).size;
  const { federation, version, members } = roster;
  printLine(`${federation}, version ${version}: ${members.length} members of ${organisations} organisations`);
  if (json) printResult({ federation, version, root, members: members.length, organisations });
  else process.stdout.write(`${root}\n`);
}

/** @throws RuntimeError BAD_CONFIG where the key is of no member of the roster in force */
function approve(
  file: string,
  { previous, key, json }: Flags & { readonly previous: string; readonly key: string },
): void {
  const current = readRosterFile(previous);
  const next = readRosterFile(file);
  const identity = readKeyFile(key);
  const publicKey = toBase64(identity.publicKey);
  const member = current.members.find((each) => toBase64(each.publicKey) === publicKey)?.name;
  if (member === undefined) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `the key in ${key} belongs to no member of ${previous}`,
      'only organisations of the roster in force approve the next one',
    );
  }
  const signature = toBase64(approveRoster(nodeBackend, identity.secretKey, current, next));
  printLine(
    `${member} approves version ${next.version}, root ${rootOf(next)}; put this under 'approvals' of ${file}:`,
  );
  if (json) printResult({ member, signature, root: rootOf(next) });
  else process.stdout.write(`  - { member: ${member}, signature: ${signature} }\n`);
}

/** @throws RuntimeError BAD_CONFIG where the new version may not follow */
function check(file: string, { previous, json }: Flags & { readonly previous: string }): void {
  const current = readRosterFile(previous);
  const { roster: next, approvals } = readApprovedRosterFile(file);
  const fault = successionFault(nodeBackend, current, next, approvals);
  if (fault !== undefined) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `${file} does not follow ${previous}: ${fault}`,
      'each organisation signs with `tributary roster approve`',
    );
  }
  const approved = [...approvingOrganisations(nodeBackend, current, next, approvals)];
  const needed = approvalsNeeded(current);
  printLine(
    `version ${next.version} follows: ${approved.length} of ${needed} organisations needed approved it`,
  );
  printLine('compare its root with the other organisations, then start with it');
  if (json) printResult({ version: next.version, root: rootOf(next), approvedBy: approved, needed });
  else process.stdout.write(`${rootOf(next)}\n`);
}

function rootOf(roster: Roster): string {
  return toHex(rosterRoot(nodeBackend, roster));
}
