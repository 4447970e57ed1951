/** Runs an experiment to its end, trial by trial in processes of their own, or goes on with one that was interrupted. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { toHex, utf8 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { RuntimeError, writeTextFile } from '@tributary/runtime';
import { experimentNamed } from '../catalogue/registry.ts';
import type { Experiment, Trial } from '../catalogue/experiment.ts';
import { routerFamily } from '../families/registry.ts';
import { PRIVATE_FAMILIES } from '../privacy/measure-private.ts';
import { entryScripts } from '../processes/entry-scripts.ts';
import { renderExperimentReport } from '../report/experiment/render-experiment-report.ts';
import type { SceneFacts, TrialOutcome } from '../results/measurement.ts';
import type { ExperimentOutcome } from '../results/outcome.ts';
import { type ExperimentResult, resultOf } from '../results/result.ts';
import { checkPartition } from '../scene/scene.ts';
import { loadWorkload, type Workload } from '../workload/load-workload.ts';
import type { ExperimentOptions, ExperimentProgress } from './experiment-options.ts';
import { trialsOf } from './measure-trial.ts';
import { runTrials } from './trial-processes.ts';
import { openTrialStore, type TrialStore } from './trial-store.ts';

/** Under the working directory: trials of runs that are not finished. */
export const DEFAULT_EXPERIMENTS_DIRECTORY = '.tributary/experiments';

export interface ExperimentRun {
  readonly options: ExperimentOptions;
  /** Where unfinished runs are kept. */
  readonly directory: string;
  /** Where the report goes, if anywhere. */
  readonly reportFile?: string;
  readonly onProgress: (progress: ExperimentProgress) => void;
  readonly signal?: AbortSignal;
}

export interface FinishedExperiment {
  readonly result: ExperimentResult;
  /** The report as one HTML file. */
  readonly report: string;
}

/** @throws DataError, RouterError, RuntimeError */
export async function runExperiment(run: ExperimentRun): Promise<FinishedExperiment> {
  const { options, directory, onProgress } = run;
  const experiment = experimentNamed(options.experiment);
  checkBudget(experiment, options);
  const workload = await loadWorkload(options, 1);
  const trials = trialsOf(options, workload.models.length);
  for (const spec of distinctScenes(trials)) checkPartition(workload, spec);
  onProgress({ kind: 'stage', text: headline(options, workload, trials.length) });

  const name = `${options.experiment}-${runDigest(options, workload).slice(0, 16)}`;
  const store = openTrialStore(join(directory, name));
  const outcomes = await measureAll(run, trials, store, join(directory, name, 'entries'));
  const outcome = gather(options, workload, trials, outcomes);
  const report = renderExperimentReport(outcome, experiment.description, experiment.sections(outcome));
  // First, so that a path that cannot be written costs no trial.
  if (run.reportFile !== undefined) await writeTextFile(run.reportFile, report);
  store.remove();
  return { result: resultOf(outcome), report };
}

/** @throws RuntimeError `BAD_ARGUMENT` */
function checkBudget({ name, takesBudget }: Experiment, { privacy, routers }: ExperimentOptions): void {
  if (privacy === undefined) return;
  const { unit, epsilon } = privacy;
  if (takesBudget !== true) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `--epsilon ${epsilon}: the experiment ${name} trains by exact sums`,
      'main takes a budget, and privacy sweeps over budgets by itself',
    );
  }
  const without = routers.find((router) => !PRIVATE_FAMILIES.includes(router));
  if (without !== undefined) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `--epsilon ${epsilon}: a ${without} router cannot be trained from noisy sums`,
      `choose --router ${PRIVATE_FAMILIES.join(' or ')}`,
    );
  }
  if (unit === 'organisation' && routers.includes('kmeans')) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      '--unit organisation: the K-means program bounds what a record adds, not an organisation',
      'choose --router mlp, or another unit',
    );
  }
}

async function measureAll(
  { options, onProgress, signal }: ExperimentRun,
  trials: readonly Trial[],
  store: TrialStore,
  scratch: string,
): Promise<ReadonlyMap<string, TrialOutcome>> {
  const outcomes = new Map<string, TrialOutcome>();
  for (const { name } of trials) {
    const kept = store.read(name);
    if (kept !== undefined) outcomes.set(name, kept);
  }
  const total = trials.length;
  onProgress({ kind: 'trials', done: outcomes.size, total });
  const names = trials.map(({ name }) => name).filter((name) => !outcomes.has(name));
  if (names.length === 0) return outcomes;
  const [script] = await entryScripts(scratch, ['run/trial-process']);
  await runTrials({
    script,
    options,
    names,
    processes: availableParallelism(),
    ...(signal === undefined ? {} : { signal }),
    async onMeasured(name, outcome) {
      await store.write(name, outcome);
      outcomes.set(name, outcome);
      onProgress({ kind: 'trials', done: outcomes.size, total, finished: name });
    },
  });
  return outcomes;
}

function distinctScenes(trials: readonly Trial[]): Trial['scene'][] {
  return [...new Map(trials.map(({ scene }) => [JSON.stringify(scene), scene])).values()];
}

function headline(
  { experiment, clients, seeds }: ExperimentOptions,
  workload: Workload,
  trials: number,
): string {
  const { log, models } = workload;
  const draws = `${seeds} ${seeds === 1 ? 'draw' : 'draws'}`;
  return `${experiment} on ${nameOf(workload)}: ${log.queries.length} queries, ${models.length} models, ${clients} clients, ${draws}, ${trials} trials`;
}

function nameOf({ name, synthetic }: Workload): string {
  return synthetic ? `${name} (synthetic)` : name;
}

/** Raised when trials measure something else than they did: what is kept of older runs then no longer counts. */
const TRIAL_VERSION = 1;

/** What decides every number of a run, in hexadecimal. */
function runDigest(options: ExperimentOptions, { log, models, encoder }: Workload): string {
  const { data: _, ...decisive } = options;
  const { offsets, model, quality, costUsd } = log.evaluations;
  const head = JSON.stringify([TRIAL_VERSION, decisive, models, encoder, log.queries]);
  const columns = [offsets, model, quality, costUsd, log.embeddings?.rows ?? new Float32Array(0)];
  return toHex(nodeBackend.sha256(utf8(head), ...columns.map(bytesOf)));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function gather(
  options: ExperimentOptions,
  workload: Workload,
  trials: readonly Trial[],
  outcomes: ReadonlyMap<string, TrialOutcome>,
): ExperimentOutcome {
  const facts = new Map<string, SceneFacts>();
  const measurements = trials.flatMap(({ name }) => {
    const outcome = outcomes.get(name);
    if (outcome === undefined) throw new RuntimeError('RUN_FAILED', `trial ${name} was not measured`);
    const { seed, point } = outcome.facts;
    facts.set(`${seed} ${point ?? ''}`, outcome.facts);
    return outcome.measurements;
  });
  return {
    experiment: options.experiment,
    dataset: workload.name,
    synthetic: workload.synthetic,
    seeds: Array.from({ length: options.seeds }, (_, i) => i + 1),
    settings: settingsOf(options, workload),
    routers: options.routers.map(routerFamily).map(({ name, title }) => ({ name, title })),
    facts: [...facts.values()],
    measurements,
  };
}

function budgetText({ privacy }: ExperimentOptions): string {
  if (privacy === undefined) return 'none: no noise was added';
  const { unit, epsilon, delta, recordsPerUnit } = privacy;
  const persons = unit === 'end-user' ? ` of up to ${recordsPerUnit} records` : '';
  return `ε ${epsilon} at δ ${delta} per ${unit}${persons}; noise is drawn from the seed`;
}

function settingsOf(options: ExperimentOptions, workload: Workload): [string, string][] {
  return [
    ['experiment', options.experiment],
    ['dataset', nameOf(workload)],
    ['encoder', `${workload.encoder}, ${workload.dimensions} dimensions`],
    ['pool', options.pool?.join(', ') ?? 'all models'],
    ['left out', options.excludeModels?.join(', ') ?? 'none'],
    ['clients', String(options.clients)],
    ['seeds', `1 to ${options.seeds}`],
    [
      'sums',
      options.plain ? 'in clear' : 'by the secure sum, all messages signed and checked, in one process',
    ],
    ['privacy budget', budgetText(options)],
  ];
}
