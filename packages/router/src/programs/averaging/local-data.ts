import { observationsGenerator } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { type Examples, examplesOf } from '../../network/examples.ts';
import { createGenerator, type SeededGenerator } from '../../random/generator.ts';
import { selectRecords } from '../../select-records.ts';
import { scalerOf } from './costs.ts';
import type { AveragingParameters } from './parameters.ts';
import type { ModelMeans } from './state.ts';

/** One for all programs: routers of all kinds are judged by the same records. */
const HOLD_OUT = 'mlp hold-out';

export interface LocalData {
  readonly training: Dataset;
  /** Drawn from the local seed, the same records in every round; empty where the run holds nothing out. */
  readonly heldOut: Dataset;
}

/**
 * What of a client's records a run trains on, and what it judges by.
 * @throws RouterError `BAD_SEED`
 */
export function splitLocalData(
  data: Dataset,
  { holdOut }: Pick<AveragingParameters, 'holdOut'>,
  localSeed: Uint8Array | undefined,
): LocalData {
  const held = Math.floor(data.records * holdOut);
  if (held === 0) return { training: data, heldOut: selectRecords(data, []) };
  const order = Array.from({ length: data.records }, (_, i) => i);
  localGenerator(localSeed, HOLD_OUT).shuffle(order);
  return {
    training: selectRecords(data, order.slice(held)),
    heldOut: selectRecords(data, order.slice(0, held)),
  };
}

/** @throws RouterError `BAD_SEED` */
export function localGenerator(localSeed: Uint8Array | undefined, label: string): SeededGenerator {
  if (localSeed === undefined) {
    throw new RouterError(
      'BAD_SEED',
      'this program draws the order of records locally; contribute needs 32 secret bytes of the organisation',
    );
  }
  return createGenerator(localSeed).fork(label);
}

/** @throws RouterError `BAD_DATASET` */
export function localExamples(data: Dataset, parameters: AveragingParameters, means: ModelMeans): Examples {
  return examplesOf(data, {
    bounds: parameters,
    scaler: scalerOf(means),
    maxEvaluationsPerQuery: parameters.maxEvaluationsPerQuery,
    generator: observationsGenerator(parameters.seed),
  });
}
