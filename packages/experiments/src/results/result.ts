/** An outcome as scripts read it: one JSON object of less than 64 KiB. */
import { utf8 } from '@tributary/crypto';
import { bestSingle, cheapestSingle, type CostQuality, type SingleModel } from '@tributary/router';
import type { ChargedBudget } from '../privacy/charged-budget.ts';
import { type Interval, meanInterval } from './interval.ts';
import {
  type Measurement,
  type SceneFacts,
  SETTINGS,
  type Setting,
  type ShareOfBest,
} from './measurement.ts';
import type { ExperimentOutcome } from './outcome.ts';

/** One router in one setting and one draw; for `local` and `mixture` the mean over the clients' routers. Qualities are those of the global test. */
export interface ResultRow {
  readonly router: string;
  readonly setting: Setting;
  readonly seed: number;
  /** Which step of a sweep; left out where there is none. */
  readonly point?: string;
  readonly auc: number;
  readonly aucShared: number;
  /** Keys are shares of the best single model's mean cost: "10%", "25%", "50%", "100%". */
  readonly qualityAtBudget: Readonly<Record<string, number>>;
  /** Cost of 97 % of the best single model's quality as a share of that model's cost; 1 where it is not reached for less. */
  readonly costAt97: number;
  /** On federated only: clients whose own test the federated router serves better than their local router, by shared AUC. */
  readonly ownTestWins?: number;
  /** On federated only: at the lambdas that clients chose on held-out queries, as shares of the best single model's. */
  readonly atHeldOutLambda?: ShareOfBest;
  /** What else the experiment tells, by name. */
  readonly figures?: Readonly<Record<string, number>>;
  /** What tuning chose; for `local` left out, because every client chose for itself. */
  readonly tuned?: string;
  /** How many clients' rows were trained on. */
  readonly clients: number;
  /** What was charged; only where sums carried noise. */
  readonly privacy?: Omit<ChargedBudget, 'statement'>;
}

export interface ExperimentResult {
  readonly experiment: string;
  readonly dataset: string;
  /** How many draws: seeds 1 .. `seeds`. */
  readonly seeds: number;
  readonly results: readonly ResultRow[];
  /** Rows that `results` has no room for; the summary covers them. */
  readonly resultsLeftOut?: number;
  /** Per router, setting and metric the mean over seeds with its 95 % interval. In a sweep metrics are "<point>: <metric>". */
  readonly summary: Summary;
  /** Metrics that the summary has no room for: `qualityAtBudget`, at all shares. */
  readonly summaryLeftOut?: readonly string[];
  /** Means over seeds, as are the next three. */
  readonly bestSingle: SingleModel;
  readonly oracle: CostQuality;
  readonly cheapest: SingleModel;
  readonly singles: {
    /** Of the frontier over single models, which is blind to the query. */
    readonly aucShared: number;
    readonly costAt97: number;
    readonly models: readonly SingleModel[];
  };
}

export type Summary = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Interval>>>>>>;

const MOST_BYTES = 60 * 1024;
const QUALITY_AT_BUDGET = 'qualityAtBudget';

export function resultOf(outcome: ExperimentOutcome): ExperimentResult {
  const { experiment, dataset, seeds, measurements } = outcome;
  const facts = factsBySeed(outcome.facts);
  const rows = inOrder(outcome).map((measurement) => rowOf(measurement, measurements));
  const singles = meanSingles(facts);
  const result = {
    experiment,
    dataset,
    seeds: seeds.length,
    results: rows,
    summary: summaryOf(rows),
    bestSingle: bestSingle(singles) as SingleModel,
    oracle: {
      costUsd: mean(facts.map(({ oracle }) => oracle.costUsd)),
      quality: mean(facts.map(({ oracle }) => oracle.quality)),
    },
    cheapest: cheapestSingle(singles) as SingleModel,
    singles: {
      aucShared: mean(facts.map(({ singlesScore }) => singlesScore.aucShared)),
      costAt97: mean(facts.map(({ singlesScore }) => singlesScore.costAt97)),
      models: singles,
    },
  };
  return withinBytes(rounded(result));
}

/** A sweep may draw several scenes with one seed; figures that stand beside all results are those of the first. */
function factsBySeed(facts: readonly SceneFacts[]): SceneFacts[] {
  const first = new Map<number, SceneFacts>();
  for (const each of facts) if (!first.has(each.seed)) first.set(each.seed, each);
  return [...first.values()];
}

/** By router, then by setting, and within these as they were measured. */
function inOrder({ measurements, routers }: ExperimentOutcome): Measurement[] {
  const place = ({ router, setting }: Measurement): number =>
    routers.findIndex(({ name }) => name === router) * SETTINGS.length + SETTINGS.indexOf(setting);
  return measurements.toSorted((a, b) => place(a) - place(b));
}

function rowOf(measurement: Measurement, measurements: readonly Measurement[]): ResultRow {
  const { router, setting, seed, point, scores, clients, tuned, atHeldOutLambda, figures, privacy } =
    measurement;
  const wins = ownTestWins(measurement, measurements);
  const budgets = Object.keys(scores[0]?.qualityAtBudget ?? {});
  return {
    router,
    setting,
    seed,
    ...(point === undefined ? {} : { point }),
    auc: mean(scores.map(({ auc }) => auc)),
    aucShared: mean(scores.map(({ aucShared }) => aucShared)),
    qualityAtBudget: Object.fromEntries(
      budgets.map((budget) => [budget, mean(scores.map((score) => score.qualityAtBudget[budget] ?? 0))]),
    ),
    costAt97: mean(scores.map(({ costAt97 }) => costAt97)),
    ...(wins === undefined ? {} : { ownTestWins: wins }),
    ...(atHeldOutLambda === undefined ? {} : { atHeldOutLambda }),
    ...(figures === undefined ? {} : { figures }),
    ...(tuned?.length === 1 && setting !== 'local' ? { tuned: tuned.join() } : {}),
    clients,
    ...(privacy === undefined ? {} : { privacy: withoutText(privacy) }),
  };
}

function withoutText(charged: ChargedBudget): Omit<ChargedBudget, 'statement'> {
  const { statement: _, ...figures } = charged;
  return figures;
}

function ownTestWins(
  { router, setting, seed, point, ownTest }: Measurement,
  measurements: readonly Measurement[],
): number | undefined {
  if (setting !== 'federated' || ownTest === undefined) return undefined;
  const local = measurements.find(
    (other) =>
      other.setting === 'local' && other.router === router && other.seed === seed && other.point === point,
  )?.ownTest;
  return local && ownTest.filter((score, client) => score > (local[client] ?? Number.NaN)).length;
}

function summaryOf(rows: readonly ResultRow[]): Summary {
  const values = new Map<string, Map<string, Map<string, number[]>>>();
  for (const row of rows) {
    const bySetting = entry(values, row.router, () => new Map<string, Map<string, number[]>>());
    const byMetric = entry(bySetting, row.setting, () => new Map<string, number[]>());
    for (const [metric, value] of metricsOf(row)) entry(byMetric, metric, () => []).push(value);
  }
  return objectOf(values, (bySetting) =>
    objectOf(bySetting, (byMetric) => objectOf(byMetric, (all) => meanInterval(all))),
  );
}

function metricsOf(row: ResultRow): [metric: string, value: number][] {
  const metrics: [string, number | undefined][] = [
    ['auc', row.auc],
    ['aucShared', row.aucShared],
    ...Object.entries(row.qualityAtBudget).map(([budget, quality]): [string, number] => [
      `${QUALITY_AT_BUDGET} ${budget}`,
      quality,
    ]),
    ['costAt97', row.costAt97],
    ['ownTestWins', row.ownTestWins],
    ['atHeldOutLambda quality', row.atHeldOutLambda?.quality],
    ['atHeldOutLambda cost', row.atHeldOutLambda?.cost],
    ...Object.entries(row.figures ?? {}),
  ];
  const prefix = row.point === undefined ? '' : `${row.point}: `;
  return metrics.flatMap(([metric, value]) => (value === undefined ? [] : [[prefix + metric, value]]));
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const found = map.get(key) ?? create();
  map.set(key, found);
  return found;
}

function objectOf<Value, Mapped>(
  map: ReadonlyMap<string, Value>,
  mapped: (value: Value) => Mapped,
): Record<string, Mapped> {
  return Object.fromEntries([...map].map(([key, value]) => [key, mapped(value)]));
}

function mapValues<Value, Mapped>(
  record: Readonly<Record<string, Value>>,
  mapped: (value: Value) => Mapped,
): Record<string, Mapped> {
  return objectOf(new Map(Object.entries(record)), mapped);
}

function meanSingles(facts: readonly SceneFacts[]): SingleModel[] {
  return (facts[0]?.singles ?? []).map(({ model }, m) => ({
    model,
    costUsd: mean(facts.map(({ singles }) => singles[m]?.costUsd ?? Number.NaN)),
    quality: mean(facts.map(({ singles }) => singles[m]?.quality ?? Number.NaN)),
  }));
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

const DIGITS = 6;

/** Six significant digits are more than any draw supports. */
function rounded<Value>(value: Value): Value {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'number' ? Number(inner.toPrecision(DIGITS)) : inner,
    ),
  ) as Value;
}

/** Leaves out the last rows that would make the line longer than it may be, and where the summary alone would, its qualities at budgets. */
function withinBytes(whole: ExperimentResult): ExperimentResult {
  if (bytesOf(whole) <= MOST_BYTES) return whole;
  const result =
    bytesOf({ ...whole, results: [] }) <= MOST_BYTES
      ? whole
      : { ...whole, summary: withoutBudgets(whole.summary), summaryLeftOut: [QUALITY_AT_BUDGET] };
  let room = MOST_BYTES - bytesOf({ ...result, results: [] });
  let kept = 0;
  for (const row of result.results) {
    room -= bytesOf(row) + 1;
    if (room < 0) break;
    kept++;
  }
  return { ...result, results: result.results.slice(0, kept), resultsLeftOut: result.results.length - kept };
}

function withoutBudgets(summary: Summary): Summary {
  return mapValues(summary, (bySetting) =>
    mapValues(bySetting, (byMetric) =>
      Object.fromEntries(Object.entries(byMetric).filter(([metric]) => !metric.includes(QUALITY_AT_BUDGET))),
    ),
  );
}

function bytesOf(value: unknown): number {
  return utf8(JSON.stringify(value)).length;
}
