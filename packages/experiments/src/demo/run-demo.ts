/** The main job on this machine: partition a workload, run a federation of real processes on it, compare, report. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BudgetReport } from '@tributary/coordinator';
import {
  divideRational,
  parseFilter,
  parseRational,
  type PrivacyUnit,
  type Rational,
  rational,
  toNumberDown,
  toNumberUp,
  ZERO,
} from '@tributary/privacy';
import { type CostQuality, decodeArtifact, type RouterArtifact, type SingleModel } from '@tributary/router';
import { type ClientShare, observationCounts, partitionQueries } from '../partition/partition-queries.ts';
import { renderReport } from '../report/render-report.ts';
import type { ReportData } from '../report/report-data.ts';
import { sceneData } from '../scene/scene.ts';
import { loadWorkload, seedGenerator, type Workload } from '../workload/load-workload.ts';
import { checkSums, type SumCheck } from './checked-sums.ts';
import { startBaselines } from './baselines.ts';
import { type Comparison, compareRouters } from './compare-routers.ts';
import type { DemoOptions, DemoProgress } from './demo-options.ts';
import { entryScripts } from '../processes/entry-scripts.ts';
import { prepareFederation } from './prepare-federation.ts';
import { copiesDirectory, type FederationRun, runFederation } from './processes.ts';

export const DEFAULT_DEMO_OUT = '.tributary/demo';

/** The bare result of `tributary demo --json`. */
export interface DemoResult {
  readonly router: 'kmeans';
  readonly workload: string;
  readonly clients: number;
  /** Size of the last round's survivor set. */
  readonly survivors: number;
  readonly rounds: number;
  /** Every opened sum equalled, as Int32, the sum of the survivors' encoded vectors. */
  readonly exact: boolean;
  readonly checkedSums: number;
  /** Length of the longest vector. */
  readonly dimension: number;
  /** Mean over the clients that finished, all messages of the run. */
  readonly bytesUpPerClient: number;
  /** Median over clients and rounds. */
  readonly cpuMsPerClientRound: number;
  /** From the start of the processes to the router. */
  readonly seconds: number;
  /** The budget and what was spent of it; null where no noise was added. */
  readonly privacy: SpentPrivacy | null;
  readonly auc: Areas;
  readonly aucShared: Areas & { readonly singles: number };
  readonly bestSingle: SingleModel;
  readonly oracle: CostQuality;
  /** Path of the coordinator's audit log; the vectors of its sums lie beside it. */
  readonly auditLog: string;
  /** Path of the HTML report. */
  readonly report: string;
}

/** What a run guarantees, and what of it is spent. */
export interface SpentPrivacy {
  readonly unit: PrivacyUnit;
  /** The budget: epsilon at delta. */
  readonly epsilon: number;
  readonly delta: number;
  /** zCDP of all that was opened or might yet be, rounded up. */
  readonly rho: number;
  /** The most that it may come to, in the same unit, rounded down. */
  readonly limit: number;
  /** Epsilon at delta of `rho`, rounded up. */
  readonly spentEpsilon: number;
}

interface Areas {
  readonly federated: number;
  readonly centralised: number;
  readonly static: number;
  readonly local: readonly number[];
}

/** @throws RuntimeError, DataError */
export async function runDemo(
  options: DemoOptions,
  onProgress: (progress: DemoProgress) => void,
): Promise<DemoResult> {
  const { clients, out, seed, privacy } = options;
  const workload = await loadWorkload(options, seed);
  const { log, models, encoder, dimensions } = workload;
  const label = workload.synthetic ? `${workload.name} (synthetic)` : workload.name;
  onProgress({
    kind: 'stage',
    text: `${label}: ${log.queries.length} queries, ${models.length} models, ${clients} organisations`,
  });
  const shares = partitionQueries(
    seedGenerator(seed).fork('partition'),
    log.queries.map(({ task }) => task),
    { clients, models: models.length },
  );
  await mkdir(out, { recursive: true });
  const [coordinatorScript, clientScript, baselinesScript] = await entryScripts(join(out, 'entries'), [
    'demo/coordinator-process',
    'demo/client-process',
    'demo/baselines-process',
  ]);
  const federation = await prepareFederation({ out, log, shares, models, encoder, dimensions, privacy });
  const { clients: datasets, test } = sceneData(workload, shares);
  const baselines = startBaselines(baselinesScript, { clients: datasets, seed, privacy });
  const copies = (name: string): string => copiesDirectory(out, name);
  let run: FederationRun;
  try {
    onProgress({ kind: 'stage', text: `starting a coordinator and ${clients} clients on loopback` });
    const { kill } = options;
    run = await runFederation({
      federation,
      copies,
      kill,
      privacy,
      coordinatorScript,
      clientScript,
      onProgress,
    });
  } catch (error) {
    baselines.stop();
    throw error;
  }
  const check = checkSums(federation.coordinatorOutput, copies);
  onProgress({ kind: 'stage', text: 'comparing with the baselines' });
  const artifact = decodeArtifact(await readFile(run.report.artifact, 'utf8'));
  const comparison = compareRouters(test, artifact.model, await baselines.result);
  const outcome: DemoOutcome = { options, workload, shares, run, check, comparison, artifact };
  const result = demoResult(outcome);
  await writeFile(result.report, renderReport(reportData(outcome, result)));
  return result;
}

/** Everything that the result and the report are made of. */
interface DemoOutcome {
  readonly options: DemoOptions;
  readonly workload: Workload;
  readonly shares: readonly ClientShare[];
  readonly run: FederationRun;
  readonly check: SumCheck;
  readonly comparison: Comparison;
  readonly artifact: RouterArtifact;
}

function demoResult({ options, workload, run, check, comparison }: DemoOutcome): DemoResult {
  const areas = (area: 'auc' | 'aucShared'): Areas => ({
    federated: comparison.federated[area],
    centralised: comparison.centralised[area],
    static: comparison.static[area],
    local: comparison.local.map((router) => router[area]),
  });
  return {
    router: 'kmeans',
    workload: workload.name,
    clients: options.clients,
    survivors: run.report.survivors,
    rounds: run.report.rounds,
    exact: check.exact,
    checkedSums: check.checkedSums,
    dimension: Math.max(...check.records.map(({ dimension }) => dimension)),
    bytesUpPerClient: Math.round(mean(run.bytesUp)),
    cpuMsPerClientRound: median(run.cpuMs),
    seconds: run.seconds,
    privacy: spentPrivacy(run.report.privacy),
    auc: areas('auc'),
    aucShared: { ...areas('aucShared'), singles: comparison.singles.aucShared },
    bestSingle: comparison.bestSingle,
    oracle: comparison.oracle,
    auditLog: join(options.out, 'coordinator', 'output', 'audit.jsonl'),
    report: join(options.out, 'report.html'),
  };
}

/** Of a charge, in the unit of the filter: a filter at an order alpha adds up alpha times the rho. */
function rhoOf({ filter }: BudgetReport, charge: string): Rational {
  const rule = parseFilter(filter);
  return divideRational(
    parseRational(charge) ?? ZERO,
    rational(rule?.kind === 'rdp' ? BigInt(rule.order) : 1n),
  );
}

function reportBudget({ report, rounds }: FederationRun): Pick<ReportData, 'budget'> {
  const { privacy } = report;
  if (privacy === undefined) return {};
  const { unit, epsilon, delta, limit } = privacy;
  return {
    budget: {
      unit,
      epsilon,
      delta,
      limit: toNumberDown(rhoOf(privacy, limit)),
      rounds: privacy.rounds.map(({ round, reserved, charged, spentEpsilon }) => ({
        step: rounds[round - 1]?.step ?? String(round),
        survivors: rounds[round - 1]?.survivors ?? 0,
        reserved: toNumberUp(rhoOf(privacy, reserved)),
        charged: toNumberUp(rhoOf(privacy, charged)),
        spentEpsilon,
      })),
    },
  };
}

function spentPrivacy(report: BudgetReport | undefined): SpentPrivacy | null {
  if (report === undefined) return null;
  const { unit, epsilon, delta, spentEpsilon } = report;
  const [spent, limit] = [rhoOf(report, report.spent), rhoOf(report, report.limit)];
  return { unit, epsilon, delta, rho: toNumberUp(spent), limit: toNumberDown(limit), spentEpsilon };
}

function reportData(outcome: DemoOutcome, result: DemoResult): ReportData {
  const { options, workload, shares, run, comparison, artifact } = outcome;
  const { testQueries, ...routers } = comparison;
  const trainQueries = shares.reduce((total, { train }) => total + train.length, 0);
  return {
    ...routers,
    workload: { name: workload.name, synthetic: workload.synthetic, trainQueries, testQueries },
    settings: [
      ['program', 'K-means by secure sums'],
      ['encoder', `${artifact.encoder.name}, ${artifact.encoder.dimensions} dimensions`],
      ...(artifact.model.kind === 'kmeans' ? [['clusters', String(artifact.model.clusters)] as const] : []),
      ['seed', String(options.seed)],
      ['pool', options.pool?.join(', ') ?? 'all models'],
      ['left out', options.excludeModels?.join(', ') ?? 'none'],
      [
        'killed',
        options.kill === undefined ? 'nobody' : `client ${options.kill.client} in ${options.kill.phase}`,
      ],
    ],
    models: workload.models,
    defaultLambda: artifact.defaultLambda,
    coverage: shares.map((share, i) => ({
      client: `org-${i}`,
      observations: observationCounts(share, workload.log.models.length),
    })),
    run: {
      clients: result.clients,
      survivors: result.survivors,
      rounds: result.rounds,
      exact: result.exact,
      checkedSums: result.checkedSums,
      dimension: result.dimension,
      bytesUpPerClient: result.bytesUpPerClient,
      cpuMsPerClientRound: result.cpuMsPerClientRound,
      seconds: result.seconds,
      epsilon: result.privacy?.epsilon ?? null,
    },
    rounds: run.rounds,
    ...reportBudget(run),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / Math.max(1, values.length);
}

function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const middle = ascending.length >> 1;
  const upper = ascending[middle] ?? 0;
  return ascending.length % 2 === 1 ? upper : (upper + (ascending[middle - 1] ?? upper)) / 2;
}
