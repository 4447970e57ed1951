/**
 * One round of federated averaging (McMahan et al., 2017) as one sum. A client trains from the common weights and adds its change, clipped,
 * times its weight, and the weight. What models share is averaged by the clients' records, what belongs to one model by the clients' observations of
 * it: with one weight for all, a model's part would shrink its step by the share of clients that never saw the model.
 */
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { matrixKernel } from '../../linalg/matrix/select-kernel.ts';
import type { Architecture } from '../../network/architecture.ts';
import { type Examples, observationCounts } from '../../network/examples.ts';
import { train } from '../../network/train.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { localExamples, localGenerator } from './local-data.ts';
import type { AveragingParameters } from './parameters.ts';
import type { AveragedRouter } from './program.ts';
import type { TrainingState } from './state.ts';

/**
 * What a change of norm `clipNorm` and a full weight become in the vector. Integers come at 4096 steps per 1.0 at the finest: a change of
 * a thousandth of the clip is then resolved to 2^-15 of itself, and a weight to a fiftieth of one record out of 10,000.
 */
const CLIP_UNITS = 2 ** 13;
const WEIGHT_UNITS = 2 ** 7;

/**
 * No weight may change by more than 16 times the root mean square of a change as long as the clip. None of hundreds of thousands comes near,
 * and each takes 6 bits less for it.
 */
function largestChange(weights: number): number {
  return Math.max(WEIGHT_UNITS, CLIP_UNITS * Math.min(1, 16 / Math.sqrt(weights)));
}

/** A range of weights that are averaged by the same counts. */
interface Block {
  readonly start: number;
  readonly end: number;
  /** 0 for records, 1 + m for observations of model m. */
  readonly weight: number;
}

function blocksOf({ ofModels, parameterCount }: Architecture): Block[] {
  const blocks: Block[] = [];
  let end = 0;
  for (const block of ofModels) {
    if (block.start > end) blocks.push({ start: end, end: block.start, weight: 0 });
    blocks.push({ start: block.start, end: block.end, weight: 1 + block.model });
    end = block.end;
  }
  if (parameterCount > end) blocks.push({ start: end, end: parameterCount, weight: 0 });
  return blocks;
}

/** The changes in the order of the weights, then the weight of the records, then one weight per model. */
export function trainingPlan({ parameters, round }: TrainingState, architecture: Architecture): SumPlan {
  const weights = architecture.parameterCount;
  const dimension = weights + 1 + parameters.models.length;
  // A record weighs at most 1 / fullWeight for itself and for each of its observations: the squares of all weights add up to this.
  const squares = 1 + parameters.maxEvaluationsPerQuery;
  return {
    unit: 'organisation',
    step: `round ${round}`,
    dimension,
    recordNorm: Math.sqrt(CLIP_UNITS * CLIP_UNITS + squares * WEIGHT_UNITS * WEIGHT_UNITS),
    recordMax: largestChange(weights),
    recordSupport: dimension,
  };
}

/** One vector; none of a client without observations. */
export function* contributeToTraining<Parameters extends AveragingParameters>(
  state: TrainingState<Parameters>,
  router: Pick<AveragedRouter<Parameters>, 'architecture' | 'reference'>,
  data: Dataset,
  localSeed: Uint8Array | undefined,
): Generator<RecordVector> {
  const { parameters, weights, means, round } = state;
  const examples = localExamples(data, parameters, means);
  if (examples.records === 0) return;
  const generator = localGenerator(localSeed, `round ${round}`);
  const architecture = router.architecture(parameters);
  const reference = router.reference?.(parameters);
  const options = {
    ...parameters,
    epochs: parameters.localEpochs,
    ...(reference === undefined ? {} : { reference }),
  };
  const trained = train(matrixKernel, architecture, weights, examples, options, generator);
  const dimension = weights.length + 1 + parameters.models.length;
  const values = new Float64Array(dimension);
  const shares = clientWeights(examples, parameters.models.length, parameters.fullWeight);
  for (let j = 0; j < weights.length; j++) values[j] = (trained[j] as number) - (weights[j] as number);
  const largest = largestChange(weights.length);
  const toUnits = CLIP_UNITS / Math.max(parameters.clipNorm, normOf(values));
  for (const { start, end, weight } of blocksOf(architecture)) {
    const factor = toUnits * (shares[weight] as number);
    for (let j = start; j < end; j++) {
      values[j] = Math.max(-largest, Math.min(largest, factor * (values[j] as number)));
    }
  }
  shares.forEach((share, i) => (values[weights.length + i] = WEIGHT_UNITS * share));
  const indices = new Uint32Array(dimension);
  for (let j = 0; j < dimension; j++) indices[j] = j;
  yield { length: dimension, indices, values };
}

/** Shares of the full weight: of the records, then of each model's observations. Each in [0, 1]. */
function clientWeights(examples: Examples, models: number, fullWeight: number): Float64Array {
  const counts = Float64Array.of(examples.records, ...observationCounts(examples, models));
  return counts.map((count) => count / Math.max(examples.records, fullWeight));
}

function normOf(values: Float64Array): number {
  let square = 0;
  for (let j = 0; j < values.length; j++) square += (values[j] as number) ** 2;
  return Math.sqrt(square);
}

/**
 * The weights after a round: each block moves by the weighted mean of its changes; what nobody trained stays.
 * @throws RouterError `NO_RECORDS`
 */
export function averagedWeights(
  { parameters, weights }: TrainingState,
  architecture: Architecture,
  sum: Float64Array,
): Float32Array {
  const averaged = weights.slice();
  for (const { start, end, weight } of blocksOf(architecture)) {
    const total = (sum[weights.length + weight] as number) / WEIGHT_UNITS;
    if (total * parameters.fullWeight < 0.5) {
      if (weight > 0) continue;
      throw new RouterError('NO_RECORDS', 'the survivors hold no records; nothing can be learned');
    }
    const factor = parameters.clipNorm / (CLIP_UNITS * total);
    for (let j = start; j < end; j++) averaged[j] = (weights[j] as number) + factor * (sum[j] as number);
  }
  return averaged;
}
