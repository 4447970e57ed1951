import { type ObservedDropouts, observedDropouts, type PhaseCount } from '@tributary/audit';
import {
  type DropoutRates,
  evenDropoutRates,
  PHASES,
  type Plan,
  planFederation,
  type ThresholdPreset,
} from '@tributary/protocol';
import { fewestSurvivors } from '@tributary/privacy';
import { RuntimeError } from '@tributary/runtime';
import { type Command, Option } from 'commander';
import { printLine, printResult } from '../output.ts';
import { linesOf } from './audit-files.ts';

interface PlanFlags {
  readonly clients?: number;
  readonly fromLog?: string;
  readonly preset: ThresholdPreset;
  readonly dropout?: number;
  readonly setupDropout?: number;
  readonly corruption?: number;
  readonly dimension: number;
  readonly coordinateBound: number;
  readonly maxRecords: number;
  readonly noise: number;
  readonly budget?: true;
  readonly keyCount?: number;
  readonly organisationCap?: number;
  readonly colludingMembers?: number;
  readonly abortBits?: number;
  readonly json?: true;
}

export function addPlanCommand(program: Command): void {
  program
    .command('plan')
    .description('thresholds, traffic, CPU and the chance of an abort for a federation, before it runs')
    .addOption(
      numberOption(
        '--clients <n>',
        'members that take part; with --from-log by default those of its last setup',
      ),
    )
    .option(
      '--from-log <file>',
      'take the dropout rates that were seen in a run: its audit log, or an archive of it',
    )
    .addOption(
      new Option('--preset <name>', 'security: fewer drops, more colluders; availability: the reverse')
        .choices(['security', 'availability'])
        .default('security'),
    )
    .addOption(numberOption('--dropout <rate>', 'share of members lost within a round, over its four phases'))
    .addOption(numberOption('--setup-dropout <rate>', 'share of members lost in the setup'))
    .addOption(numberOption('--corruption <rate>', 'share of members that may collude with the coordinator'))
    .addOption(numberOption('--dimension <d>', 'numbers in a vector').default(100_000))
    .addOption(numberOption('--coordinate-bound <units>', 'largest coordinate of a record').default(1024))
    .addOption(numberOption('--max-records <n>', 'records of one member in a sum').default(100))
    .addOption(numberOption('--noise <units>', 'noise of one member, standard deviation').default(0))
    .option(
      '--budget',
      'for a run with a privacy budget: its noise takes four fifths of the members in every sum',
    )
    .addOption(numberOption('--key-count <B>', 'sums that one setup serves'))
    .addOption(
      numberOption('--organisation-cap <a>', 'neighbours of one organisation at most (above 64 clients)'),
    )
    .addOption(
      numberOption('--colluding-members <n>', 'members of the colluding organisations (above 64 clients)'),
    )
    .addOption(
      numberOption('--abort-bits <bits>', '30, or 10 if rounds may be tried again (above 64 clients)'),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nWhat the numbers mean, and how to choose: docs/dropout-tolerance.md')
    .action(async (flags: PlanFlags) => {
      const seen = flags.fromLog === undefined ? undefined : await seenIn(flags.fromLog);
      const clients = flags.clients ?? seen?.cohort;
      if (clients === undefined) {
        throw new RuntimeError(
          'BAD_ARGUMENT',
          '--clients is missing',
          'give the number of members, or --from-log',
        );
      }
      const plan = planFederation({
        cohort: clients,
        preset: flags.preset,
        dimension: flags.dimension,
        encoding: {
          coordinateBound: flags.coordinateBound,
          maxRecords: flags.maxRecords,
          noiseDeviation: flags.noise,
        },
        sparse: given({
          organisationCap: flags.organisationCap,
          colludingMembers: flags.colludingMembers,
          abortBits: flags.abortBits,
        }),
        ...given({
          corruptionRate: flags.corruption,
          keyCount: flags.keyCount,
          dropoutRates: dropoutRates(flags) ?? seen?.rates,
          // The threshold is below it, or raises it.
          minSurvivors: flags.budget ? fewestSurvivors({ members: clients, threshold: 1 }) : undefined,
        }),
      });
      if (flags.json) printResult(seen === undefined ? plan : { ...plan, seen });
      else process.stdout.write(`${renderPlan(plan, { ...flags, clients }).join('\n')}\n`);
      if (seen !== undefined && !flags.json) {
        for (const phase of PHASES) {
          const { present, lost } = seen.phases[phase];
          printLine(`seen in the log: ${lost} of ${present} lost in ${phase}${unseen(seen.phases[phase])}`);
        }
      }
    });
}

/** @throws RuntimeError BAD_FILE where nothing was begun in the log */
async function seenIn(file: string): Promise<ObservedDropouts> {
  const seen = observedDropouts(await linesOf(file));
  if (seen.attempts > 0) return seen;
  throw new RuntimeError(
    'BAD_FILE',
    `${file}: no round was begun in it`,
    'give the audit.jsonl of a coordinator',
  );
}

/** None lost of few is no proof of none: the rate that would show none with a probability of 5 %. */
function unseen({ present, lost }: PhaseCount): string {
  if (lost > 0 || present === 0) return '';
  return `, which says no more than below ${percent(1 - 0.05 ** (1 / present))}: give --dropout to plan for losses`;
}

/** Rates of the preset where no flag says otherwise. */
function dropoutRates({ dropout, setupDropout }: PlanFlags): DropoutRates | undefined {
  if (dropout === undefined && setupDropout === undefined) return undefined;
  return { ...evenDropoutRates(dropout ?? 0), setup: setupDropout ?? 0 };
}

function renderPlan(
  plan: Plan,
  { clients, preset, dimension }: PlanFlags & { readonly clients: number },
): string[] {
  const { thresholds, abort, ring, traffic, cpu } = plan;
  const { graph, holders, threshold, colluders, minCohort, minSurvivors } = thresholds;
  const isComplete = graph === 'complete';
  const phases = PHASES.filter((phase) => plan.dropoutRates[phase] > 0 || abort.byPhase[phase] > 0);
  const rows: [string, string][] = [
    [
      'graph',
      isComplete
        ? 'complete: everybody holds shares of everybody'
        : `Harary: ${holders} neighbours hold shares`,
    ],
    ['threshold', `t = ${threshold} of H = ${holders} shares reconstruct a secret`],
    [
      'colluders',
      isComplete
        ? `c = ${colluders} besides the coordinator`
        : `c = ${colluders} besides the coordinator, at most ${plan.colludingHolders} among the holders of one secret`,
    ],
    ['floors', `${minCohort} organisations and ${minSurvivors} members in every sum`],
    ['losses', `any ${plan.tolerableLosses} members may be lost`],
    [
      'P(abort)',
      `${probability(abort.total)} per round${isComplete ? '' : `, at most ${probability(abort.atMost)}`}`,
    ],
    ...phases.map((phase): [string, string] => [
      `  ${phase}`,
      `${probability(abort.byPhase[phase])} where ${percent(plan.dropoutRates[phase])} are lost`,
    ]),
    ...(isComplete
      ? []
      : [
          [
            'P(cut)',
            plan.cutProbability === 0 ? 'none' : `at most ${probability(plan.cutProbability)} per setup`,
          ] satisfies [string, string],
        ]),
    [
      'ring',
      `${ring.bits} bits, headroom ${ring.headroomBits.toFixed(2)} bits over ${Math.ceil(ring.reach)}`,
    ],
    ['keys', `B = ${plan.keyCount} per setup`],
    ['setup', `${bytes(traffic.setup.up)} up, ${bytes(traffic.setup.down)} down per client`],
    ['sum', `${bytes(traffic.round.up)} up, ${bytes(traffic.round.down)} down per client`],
    [
      'CPU',
      `client ${milliseconds(cpu.clientSetup)} per setup, ${milliseconds(cpu.clientRound)} per sum; coordinator ${milliseconds(cpu.coordinatorRound)} per sum (one core)`,
    ],
  ];
  return [
    `${clients} clients, preset ${preset}, ${dimension} numbers`,
    ...rows.map(([name, text]) => `${name.padEnd(14)} ${text}`),
  ];
}

function probability(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}

function percent(rate: number): string {
  return `${(100 * rate).toPrecision(2)} %`;
}

function bytes(count: number): string {
  if (count < 2 ** 20) return `${(count / 2 ** 10).toPrecision(3)} KiB`;
  return `${(count / 2 ** 20).toPrecision(3)} MiB`;
}

function milliseconds(duration: number): string {
  if (duration >= 1000) return `${(duration / 1000).toPrecision(3)} s`;
  return `${duration < 10 ? duration.toFixed(1) : Math.round(duration)} ms`;
}

/** Without what was not given: an optional property is left out, never undefined. */
function given<T extends object>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function numberOption(flags: string, description: string): Option {
  const name = flags.split(' ', 1)[0] ?? flags;
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
      throw new RuntimeError('BAD_ARGUMENT', `${name} ${text} is no number of 0 or more`);
    }
    return value;
  });
}
