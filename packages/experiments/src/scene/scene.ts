/** One draw of an experiment: who holds which queries, what each client trains on, and what everybody is judged on. */
import { type EvaluationLog, subsetLog, toDataset } from '@tributary/client';
import { toHex } from '@tributary/crypto';
import {
  BUILT_IN_ENCODERS,
  type Dataset,
  type SeededGenerator,
  type TestSet,
  testSetOf,
} from '@tributary/router';
import { type HeldOut, holdOut } from '../tuning/hold-out.ts';
import { partitionWithNewcomers } from '../partition/newcomers.ts';
import { type ClientShare, partitionQueries } from '../partition/partition-queries.ts';
import { localSeed, seedBytes, seedGenerator, type Workload } from '../workload/load-workload.ts';

/** What a scene is drawn by. */
export interface SceneSpec {
  /** Fixes the partition, and the workload where it is generated. */
  readonly seed: number;
  readonly clients: number;
  /** How many models a client uses; all where left out. */
  readonly modelsPerClient?: number;
  /** Concentration of a task over the clients, where it is not that of the partition; the smaller, the more a task belongs to few. */
  readonly taskAlpha?: number;
  /** How many clients, the last ones, have tasks of their own that no other client knows; none where left out. */
  readonly newcomers?: number;
  /** Share of a client's queries that it trains on, where it is not that of the partition; the rest is test. */
  readonly trainFraction?: number;
}

export interface Scene {
  readonly spec: SceneSpec;
  readonly workload: Workload;
  readonly shares: readonly ClientShare[];
  /** Each client's training rows, one observed model each. */
  readonly clients: readonly Dataset[];
  /** 32 bytes that stand for each client's secrets. */
  readonly localSeeds: readonly Uint8Array[];
  /** The same rows, an eighth of each client's held out. */
  readonly parts: readonly HeldOut[];
  /** The test queries of all clients, client after client, with all models. */
  readonly test: TestSet;
  /** Each client's part of `test`. */
  readonly ownTests: readonly TestSet[];
  /** The public seed of federated runs, in hexadecimal. */
  readonly runSeed: string;
  /** Draws that depend on the seed and the label alone. */
  readonly generator: (label: string) => SeededGenerator;
}

/** @throws DataError `TOO_FEW_QUERIES` where a scene cannot be drawn */
export function checkPartition(workload: Workload, spec: SceneSpec): void {
  sharesOf(workload, spec);
}

function sharesOf({ log, models }: Workload, spec: SceneSpec): ClientShare[] {
  const { seed, newcomers = 0, ...partition } = spec;
  const generator = seedGenerator(seed).fork('partition');
  const tasks = log.queries.map(({ task }) => task);
  const options = { models: models.length, ...partition };
  return newcomers === 0
    ? partitionQueries(generator, tasks, options)
    : partitionWithNewcomers(generator, tasks, { ...options, newcomers });
}

/** @throws DataError `TOO_FEW_QUERIES` */
export function drawScene(workload: Workload, spec: SceneSpec): Scene {
  const random = seedGenerator(spec.seed);
  const shares = sharesOf(workload, spec);
  const { clients, test } = sceneData(workload, shares);
  const localSeeds = clients.map((_, i) => localSeed(spec.seed, i));
  return {
    spec,
    workload,
    shares,
    clients,
    localSeeds,
    parts: clients.map((client, i) => holdOut(client, localSeeds[i] as Uint8Array)),
    test,
    ownTests: ownTestsOf(test, shares),
    runSeed: toHex(seedBytes(spec.seed)),
    generator: (label) => random.fork(label),
  };
}

/** Training and test rows as the routers see them. */
export function sceneData(
  workload: Workload,
  shares: readonly ClientShare[],
): Pick<Scene, 'clients' | 'test'> {
  const queries = Uint32Array.from(shares.flatMap(({ test }) => [...test]));
  return {
    clients: shares.map((share) => trainingRows(workload, share)),
    test: testSetOf(datasetOf(workload, subsetLog(workload.log, { queries }))),
  };
}

/** The training rows with every model observed on each: what nobody has, and the most that could be learned from these queries. */
export function denseRows({ workload, shares }: Scene): Dataset {
  const queries = Uint32Array.from(shares.flatMap(({ train }) => [...train]));
  return datasetOf(workload, subsetLog(workload.log, { queries }));
}

/** A client's training rows with the model that it observed on each. */
export function trainingRows(workload: Workload, { train, observed }: Omit<ClientShare, 'test'>): Dataset {
  return datasetOf(workload, subsetLog(workload.log, { queries: train, observed }));
}

/** A client's training rows with every model observed on each. */
export function denseTrainingRows(workload: Workload, { train }: Pick<ClientShare, 'train'>): Dataset {
  return datasetOf(workload, subsetLog(workload.log, { queries: train }));
}

function datasetOf({ models, encoder }: Workload, part: EvaluationLog): Dataset {
  const embed = BUILT_IN_ENCODERS.get(encoder);
  return toDataset(part, { models, encoder, ...(embed === undefined ? {} : { embed }) }).dataset;
}

function ownTestsOf(test: TestSet, shares: readonly ClientShare[]): TestSet[] {
  const { dimensions, models } = test;
  let first = 0;
  return shares.map((share) => {
    const last = first + share.test.length;
    const part = {
      models,
      dimensions,
      queries: share.test.length,
      features: test.features.subarray(first * dimensions, last * dimensions),
      quality: test.quality.subarray(first * models.length, last * models.length),
      costUsd: test.costUsd.subarray(first * models.length, last * models.length),
    };
    first = last;
    return part;
  });
}
