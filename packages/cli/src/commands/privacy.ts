import { accountOf, readClientConfig } from '@tributary/client';
import {
  account,
  ACCOUNTANTS,
  type Accountant,
  calibrate,
  epsilonOf,
  forecast,
  formatFilter,
  formatRational,
  parseEvents,
  parseRational,
  remaining,
  replayAccount,
  spent,
  toNumberUp,
  ZERO,
} from '@tributary/privacy';
import { readTextFile, RuntimeError } from '@tributary/runtime';
import { type Command, Option } from 'commander';
import { printLine, printResult } from '../output.ts';

export function addPrivacyCommands(program: Command): void {
  const privacy = program
    .command('privacy')
    .description('what releases cost in privacy, and what a budget buys');
  addAccountCommand(privacy);
  addCalibrateCommand(privacy);
  addForecastCommand(privacy);
  addBudgetCommand(privacy);
}

function addAccountCommand(privacy: Command): void {
  privacy
    .command('account')
    .description('epsilon of a composition of releases at delta')
    .requiredOption(
      '--events <file>',
      'JSON array of events, or an array of such arrays (see docs/privacy-events.md)',
    )
    .addOption(deltaOption())
    .addOption(
      new Option('--accountant <name>', 'zcdp, rdp, or pld, the tightest')
        .choices([...ACCOUNTANTS])
        .default('rdp'),
    )
    .option('--json', 'print the result as JSON')
    .action((flags: { events: string; delta: number; accountant: Accountant; json?: true }) => {
      const { delta, accountant } = flags;
      const events = readEvents(flags.events);
      const results = events.many.map((list) => {
        const accounted = account(parseEvents(list), delta, accountant);
        return { ...accounted, epsilon: finiteOrText(accounted.epsilon) };
      });
      if (flags.json) {
        printResult(events.batch ? results : results[0]);
        return;
      }
      for (const { epsilon, order } of results) {
        const proof = order === undefined ? '' : `, order ${order}`;
        process.stdout.write(`epsilon ${epsilon} at delta ${delta} (${accountant}${proof})\n`);
      }
    });
}

function addCalibrateCommand(privacy: Command): void {
  privacy
    .command('calibrate')
    .description('noise that a budget needs, spread evenly over rounds')
    .addOption(epsilonOption())
    .addOption(deltaOption())
    .requiredOption('--rounds <t>', 'releases that share the budget', positiveNumber('--rounds'))
    .option('--json', 'print the result as JSON')
    .action((flags: { epsilon: number; delta: number; rounds: number; json?: true }) => {
      const { epsilon, delta, rounds } = flags;
      const { rho, rhoPerRound, ...noise } = calibrate(epsilon, delta, rounds);
      const result = {
        epsilon,
        delta,
        rounds,
        rho: formatRational(rho),
        rhoPerRound: formatRational(rhoPerRound),
        ...noise,
      };
      if (flags.json) printResult(result);
      else process.stdout.write(`noise multiplier ${noise.noiseMultiplier} in each of ${rounds} rounds\n`);
    });
}

function addForecastCommand(privacy: Command): void {
  privacy
    .command('forecast')
    .description('whether a budget leaves anything to learn')
    .requiredOption(
      '--units <n>',
      'records, end users or organisations that are protected, all together',
      positiveNumber('--units'),
    )
    .requiredOption('--dimension <d>', 'numbers in a released vector', positiveNumber('--dimension'))
    .addOption(epsilonOption())
    .addOption(deltaOption())
    .option('--json', 'print the result as JSON')
    .action((flags: { units: number; dimension: number; epsilon: number; delta: number; json?: true }) => {
      const { units, dimension, epsilon, delta } = flags;
      const { rho, ...outlook } = forecast({ units, dimension, epsilon, delta });
      if (flags.json) {
        printResult({ units, dimension, epsilon, delta, rho: formatRational(rho), ...outlook });
        return;
      }
      const { noiseOnMean, signalToNoise, verdict } = outlook;
      process.stdout.write(
        `${verdict}: signal to noise ${signalToNoise.toPrecision(3)}, noise on the mean ${noiseOnMean.toPrecision(3)} per coordinate\n`,
      );
    });
}

/** What a client's account has spent, and in which runs. */
function addBudgetCommand(privacy: Command): void {
  privacy
    .command('budget')
    .description(
      'what an organisation has spent of its own privacy budget, over all its runs, and what is left',
    )
    .requiredOption('--config <file>', "a client's configuration, YAML")
    .option('--json', 'print the result as JSON')
    .action(async (flags: { config: string; json?: true }) => {
      const result = await spentBudget(readClientConfig(flags.config, { insecure: true }));
      for (const { run, federation, attempts, epsilon, open, voided } of result.runs) {
        const waiting = open === 0 ? '' : `, ${open} of them not opened`;
        const sealed = voided === 0 ? '' : `, ${voided} given back`;
        printLine(
          `run ${run.slice(0, 16)} of ${federation}: ${attempts} attempts${waiting}${sealed}, epsilon ${epsilon.toFixed(3)}`,
        );
      }
      if (flags.json) printResult(result);
      else {
        const { spentEpsilon, maxEpsilon, delta, spent: total, limit } = result;
        process.stdout.write(
          `spent epsilon ${spentEpsilon.toFixed(4)} of ${maxEpsilon} at delta ${delta} (${result.filter}: ${share(total)} of ${share(limit)})\n`,
        );
      }
    });
}

interface SpentBudget {
  readonly account: string;
  readonly filter: string;
  readonly maxEpsilon: number;
  readonly delta: number;
  readonly spentEpsilon: number;
  /** Exact fractions in the unit of the filter. */
  readonly spent: string;
  readonly limit: string;
  readonly left: string;
  readonly runs: readonly {
    readonly run: string;
    readonly federation: string;
    readonly attempts: number;
    /** Attempts that were not opened, as far as this client knows: they stay charged. */
    readonly open: number;
    /** Attempts that can never be opened: they cost nothing. */
    readonly voided: number;
    readonly epsilon: number;
  }[];
}

async function spentBudget(config: ReturnType<typeof readClientConfig>): Promise<SpentBudget> {
  const { maxEpsilon, delta } = config.policy;
  const { account: whole, entries } = await accountOf(config).read();
  const { filter, budget } = whole;
  const federations = new Map(
    entries.flatMap((entry) => (entry.type === 'reserve' ? [[entry.run, entry.federation] as const] : [])),
  );
  return {
    account: config.account,
    filter: formatFilter(filter),
    maxEpsilon,
    delta,
    spentEpsilon: epsilonOf({ filter, delta }, spent(budget)),
    spent: formatRational(spent(budget)),
    limit: formatRational(budget.limit),
    left: formatRational(remaining(budget)),
    runs: [...federations].map(([run, federation]) => {
      const { budget: own } = replayAccount(entries, budget.limit, run);
      return {
        run,
        federation,
        attempts: own.reserved.size + own.closed.size,
        open: own.reserved.size,
        voided: entries.filter((entry) => entry.type === 'void' && entry.run === run).length,
        epsilon: epsilonOf({ filter, delta }, spent(own)),
      };
    }),
  };
}

/** An exact fraction for people. */
function share(text: string): string {
  return toNumberUp(parseRational(text) ?? ZERO).toPrecision(5);
}

function epsilonOption(): Option {
  return new Option('--epsilon <epsilon>', 'privacy budget')
    .argParser(positiveNumber('--epsilon'))
    .makeOptionMandatory();
}

function deltaOption(): Option {
  return new Option('--delta <delta>', 'probability that the bound may fail, such as 1e-5')
    .argParser(positiveNumber('--delta'))
    .makeOptionMandatory();
}

function positiveNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
      throw new RuntimeError('BAD_ARGUMENT', `${flag} ${text} is no number above 0`);
    }
    return value;
  };
}

function readEvents(path: string): { readonly many: readonly unknown[]; readonly batch: boolean } {
  let value: unknown;
  try {
    value = JSON.parse(readTextFile(path));
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    throw new RuntimeError('BAD_FILE', `--events ${path} is not JSON`, 'it holds an array of events', error);
  }
  const batch = Array.isArray(value) && value.length > 0 && value.every((item) => Array.isArray(item));
  return { many: batch ? (value as readonly unknown[]) : [value], batch };
}

/** JSON has no infinity. */
function finiteOrText(epsilon: number): number | string {
  return Number.isFinite(epsilon) ? epsilon : 'Infinity';
}
