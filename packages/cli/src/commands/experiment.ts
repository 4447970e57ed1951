import { resolve } from 'node:path';
import {
  DEFAULT_EXPERIMENTS_DIRECTORY,
  type ExperimentOptions,
  type ExperimentProgress,
  type ExperimentResult,
  EXPERIMENTS,
  MOST_SEEDS,
  PROCESSOR_MINUTES,
  PRIVATE_FAMILIES,
  RECORDS_PER_USER,
  routerFamilyNames,
  runExperiment,
} from '@tributary/experiments';
import { PRIVACY_UNITS, type PrivacyUnit } from '@tributary/privacy';
import { type Command, Option } from 'commander';
import { parseEpsilon, numberWithin } from '../budget-flags.ts';
import { integerBetween } from '../integer-between.ts';
import { invocationDirectory } from '../invocation-directory.ts';
import { printLine, printResult } from '../output.ts';
import { progressBar } from '../progress-bar.ts';
import { openStatusLine } from '../status-line.ts';
import { stopSignal } from '../stop-signal.ts';
import { addWorkloadFlags, type WorkloadFlags, workloadOptions } from '../workload-flags.ts';

interface RunFlags extends WorkloadFlags {
  readonly clients: number;
  readonly seeds: number;
  readonly router: string;
  readonly epsilon: number | 'none';
  readonly delta: number;
  readonly unit: PrivacyUnit;
  readonly recordsPerUser: number;
  readonly plain?: true;
  readonly json?: true;
  readonly report?: string;
}

const ALL = 'all';

export function addExperimentCommands(program: Command): void {
  const experiment = program
    .command('experiment')
    .description('compare federated routers with what others could do, over several draws')
    .addHelpText('after', () => `\n${experimentList()}`);
  addListCommand(experiment);
  addRunCommand(experiment);
}

function addListCommand(experiment: Command): void {
  experiment
    .command('list')
    .description('the experiments that there are, and how long they take')
    .option('--json', 'print the result as JSON')
    .action((flags: { readonly json?: true }) => {
      if (flags.json) printResult(listed());
      else process.stdout.write(`${experimentList()}\n`);
    });
}

function listed(): {
  readonly name: string;
  readonly description: string;
  readonly processorMinutes: number;
}[] {
  return EXPERIMENTS.map(({ name, description }) => ({
    name,
    description,
    processorMinutes: PROCESSOR_MINUTES[name] ?? Number.NaN,
  }));
}

function experimentList(): string {
  const list = listed();
  const width = Math.max(...list.map(({ name }) => name.length));
  return [
    'Experiments, with minutes of processor time for 3 draws of 11,954 queries and 14 models. Trials run one per processor: two processors take about half as long.',
    ...list.map(
      ({ name, description, processorMinutes }) =>
        `  ${name.padEnd(width)}  ${String(processorMinutes).padStart(2)} min  ${description}`,
    ),
  ].join('\n');
}

function addRunCommand(experiment: Command): void {
  const run = experiment
    .command('run')
    .description('run an experiment; one that was interrupted goes on where it stopped')
    .argument('<name>', `one of ${EXPERIMENTS.map(({ name }) => name).join(', ')}`);
  addWorkloadFlags(run)
    .option('--clients <n>', 'organisations, 3..64', integerBetween('--clients', 3, 64), 10)
    .option('--seeds <n>', `draws, 1..${MOST_SEEDS}`, integerBetween('--seeds', 1, MOST_SEEDS), 3)
    .addOption(
      new Option('--router <name>', 'kind of router').choices([...routerFamilyNames(), ALL]).default(ALL),
    )
    .option(
      '--epsilon <epsilon>',
      'privacy budget of each federated router, for experiments that take one; none: no noise',
      parseEpsilon,
      'none',
    )
    .option('--delta <delta>', 'probability that the bound may fail', numberWithin('--delta', 0.1), 1e-5)
    .addOption(
      new Option('--unit <unit>', 'whose data the budget protects')
        .choices([...PRIVACY_UNITS])
        .default('record'),
    )
    .option(
      '--records-per-user <n>',
      'with --unit end-user: records of one person in a sum, at most',
      integerBetween('--records-per-user', 1, 1000),
      RECORDS_PER_USER,
    )
    .option(
      '--plain',
      'sum in clear instead of by the secure sum: faster, with the same result; noise is drawn share by share all the same, from the seed',
    )
    .option('--report <file>', 'write the report, with curves, as HTML')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', () => `\n${experimentList()}`)
    .action(async (name: string, flags: RunFlags) => {
      const options = experimentOptions(name, flags);
      const report =
        flags.report === undefined ? {} : { reportFile: resolve(invocationDirectory(), flags.report) };
      const progress = showProgress();
      const { result } = await runExperiment({
        options,
        directory: resolve(invocationDirectory(), DEFAULT_EXPERIMENTS_DIRECTORY),
        onProgress: progress.take,
        signal: stopSignal(),
        ...report,
      }).finally(progress.end);
      printSummary(result);
      if (report.reportFile !== undefined) printLine(`report ${report.reportFile}`);
      if (flags.json) printResult(result);
    });
}

function experimentOptions(name: string, flags: RunFlags): ExperimentOptions {
  const { clients, seeds, router, epsilon, delta, unit, recordsPerUser, plain } = flags;
  const withNoise = epsilon !== 'none';
  const privacy = withNoise
    ? { privacy: { unit, epsilon, delta, recordsPerUnit: recordsPerUser, noise: 'shared' } as const }
    : {};
  return {
    experiment: name,
    clients,
    seeds,
    routers: router === ALL ? (withNoise ? PRIVATE_FAMILIES : routerFamilyNames()) : [router],
    plain: plain === true,
    ...privacy,
    ...workloadOptions(flags),
  };
}

/** What each kind of noisy run was charged in the first draw; the others differ in their noise alone. */
function printCharges(results: ExperimentResult['results']): void {
  for (const { router, seed, point, privacy } of results) {
    if (privacy === undefined || seed !== 1) continue;
    const { unit, epsilon, delta, filter, spentEpsilon, expectedEpsilon } = privacy;
    printLine(
      `${router}${point === undefined ? '' : `, ${point}`}: ${unit} level, epsilon ${spentEpsilon.toFixed(2)} of ${epsilon} at delta ${delta} charged under ${filter}; continuous noise would be expected to cost ${expectedEpsilon.toFixed(2)}`,
    );
  }
}

/** On a terminal a bar whose clock runs; elsewhere a line for each finished trial. */
function showProgress(): { readonly take: (progress: ExperimentProgress) => void; readonly end: () => void } {
  const status = openStatusLine(process.stderr);
  const began = performance.now();
  let bar: { readonly done: number; readonly total: number } | undefined;
  const draw = (): void => {
    if (bar !== undefined)
      status.update(progressBar(bar.done, bar.total, (performance.now() - began) / 1000));
  };
  const clock = setInterval(draw, 1000);
  return {
    take(progress) {
      if (progress.kind === 'stage') {
        status.line(progress.text);
        return;
      }
      const { done, total, finished } = progress;
      if (finished !== undefined) status.line(`${done}/${total}  ${finished}`);
      else if (done > 0) status.line(`${done} of ${total} trials were measured before`);
      bar = { done, total };
      draw();
    },
    end() {
      clearInterval(clock);
      if (bar !== undefined) status.update('');
      bar = undefined;
    },
  };
}

/** Of what a line of the summary is about. */
const WIDTH = 56;

function printSummary({ summary, singles, bestSingle, oracle, results }: ExperimentResult): void {
  printLine('');
  printCharges(results);
  for (const [router, settings] of Object.entries(summary)) {
    for (const [setting, metrics] of Object.entries(settings)) {
      for (const [metric, { mean, low, high }] of Object.entries(metrics)) {
        const point = /^(?:(.+): )?(aucShared|recovered)$/.exec(metric);
        if (point === null) continue;
        const range = low === null || high === null ? '' : `  (${low.toFixed(3)} … ${high.toFixed(3)})`;
        const where = `${router} ${setting}${point[1] === undefined ? '' : `, ${point[1]}`}`;
        printLine(`${where.padEnd(WIDTH)} ${point[2]} ${mean.toFixed(3)}${range}`);
      }
    }
  }
  printLine(`${'single models'.padEnd(WIDTH)} aucShared ${singles.aucShared.toFixed(3)}`);
  printLine(
    `best single ${bestSingle.model}: quality ${bestSingle.quality.toFixed(3)} at $${(1000 * bestSingle.costUsd).toFixed(3)} per 1000 queries; oracle ${oracle.quality.toFixed(3)}`,
  );
}
