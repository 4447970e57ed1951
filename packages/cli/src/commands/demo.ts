import { relative, resolve } from 'node:path';
import {
  DEFAULT_DEMO_OUT,
  type DemoOptions,
  type DemoProgress,
  type DemoResult,
  type Kill,
  KILL_PHASES,
  runDemo,
} from '@tributary/experiments';
import { DEFAULT_PRIVACY } from '@tributary/coordinator';
import { PRIVACY_UNITS, type PrivacyUnit } from '@tributary/privacy';
import { RuntimeError } from '@tributary/runtime';
import { type Command, Option } from 'commander';
import { numberWithin, parseEpsilon } from '../budget-flags.ts';
import { integerBetween } from '../integer-between.ts';
import { invocationDirectory } from '../invocation-directory.ts';
import { printLine, printResult } from '../output.ts';
import { reportOf, uncheckedIn, verifyFile } from './audit-verify.ts';
import { openStatusLine } from '../status-line.ts';
import { addWorkloadFlags, type WorkloadFlags, workloadOptions } from '../workload-flags.ts';

interface Flags extends WorkloadFlags {
  readonly clients: number;
  readonly seed: number;
  readonly out: string;
  readonly kill?: Kill;
  readonly epsilon: number | 'none';
  readonly delta: number;
  readonly unit: PrivacyUnit;
  readonly json?: true;
}

export function addDemoCommand(program: Command): void {
  const demo = program
    .command('demo')
    .description(
      'train a router across organisations on this machine, each a process of its own, and report what it is worth',
    );
  addWorkloadFlags(demo)
    .option('--clients <n>', 'organisations, 3..64', integerBetween('--clients', 3, 64), 5)
    .option('--seed <n>', 'fixes workload and partition', integerBetween('--seed', 0, 2 ** 31 - 1), 1)
    .option('--out <dir>', 'directory for report, keys, data and sums', DEFAULT_DEMO_OUT)
    .option(
      '--kill <i@phase>',
      `SIGKILL client i (from 0) the first time it is in a phase: ${KILL_PHASES.join(', ')}`,
      parseKill,
    )
    .option(
      '--epsilon <epsilon>',
      'privacy budget of the run; none: no noise',
      parseEpsilon,
      DEFAULT_PRIVACY.epsilon,
    )
    .option(
      '--delta <delta>',
      'probability that the bound may fail',
      numberWithin('--delta', 0.1),
      DEFAULT_PRIVACY.delta,
    )
    .addOption(
      new Option('--unit <unit>', 'whose data the budget protects')
        .choices([...PRIVACY_UNITS])
        .default(DEFAULT_PRIVACY.unit),
    )
    .option('--json', 'print the result as JSON')
    .action(async (flags: Flags) => {
      const result = await runDemo(demoOptions(flags), printProgress());
      const audit = await auditOf(result);
      printSummary(result, flags.clients, audit);
      if (flags.json) printResult({ ...result, audit });
    });
}

function demoOptions(flags: Flags): DemoOptions {
  const { clients, seed, out, kill, unit, epsilon, delta } = flags;
  if (kill !== undefined && kill.client >= clients) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `--kill names client ${kill.client}, clients are 0..${clients - 1}`,
    );
  }
  return {
    clients,
    seed,
    privacy: { unit, epsilon, delta },
    out: resolve(invocationDirectory(), out),
    ...workloadOptions(flags),
    ...(kill === undefined ? {} : { kill }),
  };
}

function parseKill(text: string): Kill {
  const [client = '', phase = ''] = text.split('@');
  const known = KILL_PHASES.find((name) => name === phase);
  if (!/^\d+$/.test(client) || known === undefined) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `--kill ${text} is not i@phase`,
      `phases are ${KILL_PHASES.join(', ')}`,
    );
  }
  return { client: Number(client), phase: known };
}

function printProgress(): (progress: DemoProgress) => void {
  const status = openStatusLine(process.stderr);
  return (progress) => {
    switch (progress.kind) {
      case 'stage':
        status.line(progress.text);
        return;
      case 'phase':
        status.update(`round ${progress.round} ${progress.phase}`);
        return;
      case 'sum': {
        const { round, step, survivors, seconds } = progress;
        status.line(
          `sum ${String(round).padStart(2)} ${step.padEnd(14)} ${survivors} organisations  ${seconds.toFixed(1)} s`,
        );
        return;
      }
      case 'dropped':
        status.line(`${progress.member} dropped in ${progress.phase}: ${progress.reason}`);
        return;
      case 'killed':
        status.line(`killed client ${progress.client} in ${progress.phase}`);
        return;
    }
  };
}

function privacyText({ privacy }: DemoResult): string {
  if (privacy === null) return 'no privacy noise: sums are exact';
  const { unit, epsilon, delta, rho, limit, spentEpsilon } = privacy;
  return `${unit} level: epsilon ${spentEpsilon.toFixed(2)} of ${epsilon} at delta ${delta} spent (rho ${rho.toFixed(4)} of ${limit.toFixed(4)})`;
}

/** What an auditor finds in the log that the coordinator wrote. @throws RuntimeError RUN_FAILED where it does not hold */
interface DemoAudit {
  readonly entries: number;
  readonly sums: number;
  /** Whether everything was checked again: plans, masks, and that the sums are those of the uploads. */
  readonly complete: boolean;
}

async function auditOf({ auditLog }: DemoResult): Promise<DemoAudit> {
  const report = reportOf(auditLog, await verifyFile(auditLog));
  return { entries: report.entries, sums: report.sums, complete: uncheckedIn(report).length === 0 };
}

function printSummary(result: DemoResult, clients: number, audit: DemoAudit): void {
  const { aucShared, bestSingle, oracle } = result;
  const best = Math.max(...aucShared.local);
  printLine('');
  printLine(`workload      ${result.workload}`);
  printLine(
    `secure sums   ${result.rounds}, ${result.exact ? 'all exact' : 'NOT EXACT'} (${result.checkedSums} checked), last over ${result.survivors} of ${clients} organisations`,
  );
  printLine(`privacy       ${privacyText(result)}`);
  printLine(
    `cost          ${(result.bytesUpPerClient / 1024).toFixed(0)} KiB up per client, ${result.cpuMsPerClientRound.toFixed(0)} ms CPU per client and round, ${result.seconds.toFixed(1)} s`,
  );
  printLine(
    `aucShared     federated ${aucShared.federated.toFixed(3)}   centralised ${aucShared.centralised.toFixed(3)}   static ${aucShared.static.toFixed(3)}   singles ${aucShared.singles.toFixed(3)}   best local ${best.toFixed(3)}`,
  );
  printLine(
    `best single   ${bestSingle.model}: quality ${bestSingle.quality.toFixed(3)} at $${(1000 * bestSingle.costUsd).toFixed(3)} per 1000 queries; oracle ${oracle.quality.toFixed(3)}`,
  );
  printLine(
    `audit         ${audit.entries} entries hold, ${audit.sums} sums ${audit.complete ? 'wholly' : 'PARTLY'} checked: tributary audit verify ${relative(invocationDirectory(), result.auditLog)}`,
  );
  printLine(`report        ${result.report}`);
}
