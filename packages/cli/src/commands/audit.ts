/** What an auditor does with a log, or with an archive of it: offline, from files alone. */
import { open } from 'node:fs/promises';
import {
  type AuditReport,
  archiveStart,
  proveMember,
  readEntry,
  recordHeader,
  recordsOf,
  type InclusionStatement,
  type ShownEntry,
  showLog,
} from '@tributary/audit';
import { fromBase64, fromHex, toBase64, toHex } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import type { Accountant } from '@tributary/privacy';
import { fileFailure, oneLine, readShownHeads, RuntimeError, writeTextFile } from '@tributary/runtime';
import type { Command } from 'commander';
import { printLine, printResult } from '../output.ts';
import {
  type AuditedBudget,
  auditedBudget,
  budgetRemarks,
  eventsIn,
  parseAccountants,
  statementOf,
  statementText,
} from './audit-budget.ts';
import { linesOf, linesWithVectors } from './audit-files.ts';
import { compareHeads } from './audit-heads.ts';
import { reportOf, uncheckedIn, verifyFile } from './audit-verify.ts';

interface Flags {
  readonly json?: true;
}

interface VerifyFlags extends Flags {
  readonly rosterRoot?: Uint8Array;
  readonly logHead?: readonly Uint8Array[];
  readonly heads?: readonly string[];
  readonly sample?: number;
  readonly complete?: true;
  readonly accountant: readonly Accountant[];
}

export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('check the audit log of a run, offline: audit.jsonl in the output of its coordinator');
  audit
    .command('verify <file>')
    .description('check a log, or an archive with its vectors: signatures, plans, survivor sets, sums')
    .option('--roster-root <hex>', 'root of the first roster, as organisations compared it', parseDigest)
    .option(
      '--log-head <hex>',
      'head of the log of sums that an organisation saw, to be found in this log; may be given again',
      (text: string, before: readonly Uint8Array[] | undefined) => [...(before ?? []), parseDigest(text)],
    )
    .option(
      '--heads <file>',
      'heads of the log that a client was shown (heads.jsonl in its state), to be found in this log; may be given again',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option(
      '--accountant <names>',
      'recompute the privacy budget by zcdp, rdp, pld; several with commas between them',
      parseAccountants,
      ['zcdp'] as readonly Accountant[],
    )
    .option('--complete', 'fail where anything could not be checked, as a sum whose vectors are not at hand')
    .option(
      '--sample <blocks>',
      'take masks off on so many random blocks of 4 coordinates; off all by default',
      parseBlocks,
    )
    .option('--json', 'print the result as JSON')
    .action((file: string, flags: VerifyFlags) => verify(file, flags));
  audit
    .command('statement <file>')
    .description('verify a log, and write what its run guarantees about privacy, in Markdown')
    .option('--json', 'print the statement as JSON')
    .action((file: string, flags: Flags) => writeStatement(file, flags));
  audit
    .command('show <file>')
    .description('print a log, or the log in an archive, for people; checks nothing')
    .option('--json', 'print the result as JSON')
    .action((file: string, flags: Flags) => show(file, flags));
  audit
    .command('export <file>')
    .description(
      'write one archive for an auditor: a log with the vectors beside it, or an archive as it is, with its privacy events',
    )
    .requiredOption('-o, --output <file>', 'the archive')
    .option('--json', 'print the result as JSON')
    .action((log: string, flags: Flags & { readonly output: string }) => writeArchive(log, flags));
  audit
    .command('compare <heads> <others>')
    .description(
      'compare what two clients were shown (heads.jsonl in their state): two heads that no log has both of prove a fork',
    )
    .option('--roster <file>', 'check that the coordinator of this roster signed them')
    .option('--json', 'print the result as JSON')
    .action((heads: string, others: string, { json, roster }: Flags & { readonly roster?: string }) => {
      const comparison = compareHeads([heads, others], roster);
      const { common, apart } = comparison;
      printLine(
        `${apart} heads were shown to one of them only: audit verify LOG --heads tells whether the log has them`,
      );
      if (json) printResult(comparison);
      else process.stdout.write(`ok ${common} heads in common\n`);
    });
  audit
    .command('prove <file>')
    .description('prove to an organisation where its uploads are, and in which sums')
    .requiredOption('--client <name or key>', 'name of a member, or its public key in base64')
    .option('--json', 'print the result as JSON')
    .action((file: string, flags: Flags & { readonly client: string }) => prove(file, flags));
}

function parseDigest(text: string): Uint8Array {
  const bytes = fromHex(text.toLowerCase());
  if (bytes?.length === 32) return bytes;
  throw new RuntimeError(
    'BAD_ARGUMENT',
    `'${text}' is no digest of 64 hexadecimal digits`,
    'copy it as it was printed',
  );
}

const MAX_BLOCKS = 1_000_000;

function parseBlocks(text: string): number {
  const blocks = Number(text);
  if (Number.isInteger(blocks) && blocks >= 1 && blocks <= MAX_BLOCKS) return blocks;
  throw new RuntimeError('BAD_ARGUMENT', `--sample ${text} is no number of blocks`, `give 1..${MAX_BLOCKS}`);
}

/** Only of a log that holds: a statement on another would be worth nothing. */
async function writeStatement(file: string, { json }: Flags): Promise<void> {
  const { ledger } = reportOf(file, await verifyFile(file));
  const stated = statementOf(ledger);
  if (json) printResult(stated);
  else process.stdout.write(statementText(stated));
}

async function verify(file: string, flags: VerifyFlags): Promise<void> {
  const { json, rosterRoot, logHead, sample } = flags;
  const heads = flags.heads?.flatMap((path) => readShownHeads(path).map(({ head }) => head)) ?? [];
  const verdict = await verifyFile(file, {
    heads,
    ...(rosterRoot === undefined ? {} : { rosterRoot }),
    ...(logHead === undefined ? {} : { logHeads: logHead }),
    ...(sample === undefined ? {} : { sample: { blocks: sample, seed: nodeRandomBytes(32) } }),
  });
  const report = reportOf(file, verdict);
  if (heads.length > 0 && report.counts.heads === 0) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      '--heads has no head of the run in this log',
      'give the log of that run',
    );
  }
  const budget = report.ledger && auditedBudget(report.ledger, flags.accountant);
  for (const said of [...remarks(report, rosterRoot), ...budgetRemarks(budget)]) printLine(said);
  if (budget !== undefined && budget.differences.length > 0) {
    throw new RuntimeError(
      'RUN_FAILED',
      `${file}: the privacy budget does not add up: ${budget.differences[0] ?? ''}`,
      'do not rely on what the run says of its budget',
    );
  }
  const unchecked = flags.complete ? uncheckedIn(report) : [];
  if (unchecked.length > 0) {
    throw new RuntimeError(
      'RUN_FAILED',
      `${file}: not checked: ${unchecked.join(', ')}`,
      'ask for an archive with all vectors (audit export)',
    );
  }
  if (json) printResult(plainReport(report, budget));
  else process.stdout.write(`ok ${report.entries} entries, ${report.sums} sums\n`);
}

/** What was checked, and what was not. */
function remarks(
  { counts, sums, ended, rosterRoot: root, head, logHead, failure }: AuditReport,
  pinned?: Uint8Array,
): string[] {
  const { batches, rounds, aborted, uploads, sumsRead, plans, masks, summation, replayed, evidence } = counts;
  const all = (count: number): string => (count === sums ? `all ${sums}` : `${count} of ${sums}`);
  return [
    `${batches} setups, ${rounds} attempts begun, ${aborted} without a sum, ${uploads} uploads in sums, ${evidence} proofs of cheating`,
    `signatures, survivor sets, floors and openings: all ${sums} sums`,
    `plans computed again: ${plans === rounds ? `all ${plans}` : `${plans} of ${rounds}`}; sums at hand: ${all(sumsRead)}`,
    `masks taken off again: ${all(masks)}; sum of the uploads: ${all(summation + replayed)} (${summation} by signed inner products, ${replayed} by replay)`,
    ...(counts.heads === 0
      ? []
      : [`heads that organisations were shown: all ${counts.heads} are in this log`]),
    ...(failure === undefined ? [] : [`the run stopped on its newest sum: ${failure}`]),
    `head: ${head.size} lines, root ${toHex(head.root)}; log head ${toHex(logHead)}`,
    ...(pinned === undefined
      ? [`roster root ${toHex(root)}: compare it with the organisations, or give --roster-root`]
      : []),
    ...(ended
      ? []
      : [
          'the run has not ended: only a head that somebody was shown tells whether lines are missing (--heads)',
        ]),
  ];
}

function plainReport(report: AuditReport, privacy: AuditedBudget | undefined): object {
  const { entries, run, rosterRoot, sums, ended, open: isOpen, head, logHead, counts, failure } = report;
  const { size, root, signature, time } = head;
  return {
    entries,
    sums,
    ended,
    open: isOpen,
    counts,
    ...(failure === undefined ? {} : { failure }),
    run: toHex(run),
    rosterRoot: toHex(rosterRoot),
    head: { size, root: toHex(root), time, signature: toBase64(signature) },
    logHead: toHex(logHead),
    privacy: privacy ?? null,
  };
}

async function show(file: string, { json }: Flags): Promise<void> {
  const shown = [...showLog(await linesOf(file))];
  if (json) printResult(shown);
  else for (const entry of shown) process.stdout.write(`${oneLine(shownText(entry))}\n`);
}

/** The latest time that a date can have. */
const MAX_TIME = 8.64e15;

function shownText({ entry, type, time, text }: ShownEntry): string {
  const when = time === undefined || time > MAX_TIME ? '' : `${new Date(time).toISOString()} `;
  return `${entry} ${when}${type} ${text}`;
}

function beginsAsLog([first]: readonly Uint8Array[]): boolean {
  const read = first && readEntry(first);
  return read?.ok === true && read.entry.type === 'genesis';
}

async function writeArchive(
  log: string,
  { json, output }: Flags & { readonly output: string },
): Promise<void> {
  const lines = await linesOf(log);
  if (!beginsAsLog(lines)) {
    throw new RuntimeError(
      'BAD_FILE',
      `${log} is no audit log, and no archive of one`,
      "give the 'audit.jsonl' of a run",
    );
  }
  let entries = 0;
  let vectors = 0;
  let bytes = 0;
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  try {
    handle = await open(output, 'wx');
    const write = async (...parts: readonly Uint8Array[]): Promise<void> => {
      for (const part of parts) {
        await handle?.writeFile(part);
        bytes += part.length;
      }
    };
    await write(archiveStart());
    for await (const line of linesWithVectors(log)) {
      for (const record of recordsOf(line)) {
        await write(recordHeader(record), record.bytes);
        if (record.kind === 'line') entries += 1;
        else vectors += 1;
      }
    }
    await write(recordHeader({ kind: 'end', bytes: new Uint8Array(0) }));
    await handle.sync();
  } catch (error) {
    throw error instanceof RuntimeError ? error : fileFailure('write', output, error);
  } finally {
    await handle?.close();
  }
  printLine(`${entries} entries and ${vectors} vectors`);
  const tree = eventsIn(lines);
  const events = tree === undefined ? undefined : `${output}.events.json`;
  if (events !== undefined) {
    await writeTextFile(events, `${JSON.stringify(tree, undefined, 2)}\n`);
    printLine(`privacy events in ${events}: docs/privacy-statement.md recomputes epsilon from them`);
  }
  if (json) printResult({ file: output, entries, vectors, bytes, events: events ?? null });
  else process.stdout.write(`${output}\n`);
}

async function prove(file: string, { json, client }: Flags & { readonly client: string }): Promise<void> {
  const key = fromBase64(client);
  const statement = proveMember(nodeBackend, await linesOf(file), key?.length === 32 ? key : client);
  if (statement === undefined) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `${file} has no signed head, or no member '${client}'`,
      'give a name of its roster',
    );
  }
  const { member, head, lines } = statement;
  const rounds = lines.filter(({ type }) => type === 'sum').length;
  printLine(
    `${member}: ${lines.length - 2 * rounds} uploads, ${rounds} sums; proofs for the head of ${head.size} lines`,
  );
  if (json) printResult(plainStatement(statement));
  else for (const { type, entry } of lines) process.stdout.write(`${entry} ${type}\n`);
}

function plainStatement({ member, head, lines }: InclusionStatement): object {
  const { size, root, signature, time, run } = head;
  return {
    member,
    head: { run: toHex(run), size, root: toHex(root), time, signature: toBase64(signature) },
    lines: lines.map(({ type, entry, line, proof }) => ({
      type,
      entry,
      line: Buffer.from(line).toString('utf8'),
      proof: proof.map(toHex),
    })),
  };
}
