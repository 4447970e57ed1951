/**
 * One noisy step. Of records: each takes part by a secret coin, adds the gradient of its loss clipped alone, and is divided by a public number.
 * Of organisations: each adds the change that it trained on its own records, clipped as one.
 */
import { countedObservations, observationsGenerator, unitInterval } from '../../counted-observations.ts';
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import { fillUnitBallPoint } from '../../linalg/unit-ball.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { createGenerator } from '../../random/generator.ts';
import { baseWeights, layoutOf } from './layout.ts';
import { RecordNetwork } from './network.ts';
import type { DpSgdParameters } from './parameters.ts';
import type { StepState } from './state.ts';

/** Vectors travel in units of the clip norm. */
export function stepPlan({ parameters, step }: StepState): SumPlan {
  const { unit, sampling, hidden } = parameters;
  const { length, trunk, head } = layoutOf(parameters);
  const most = Math.min(parameters.maxEvaluationsPerQuery, parameters.models.length);
  return {
    unit,
    step: `step ${step}`,
    dimension: length,
    recordNorm: 1,
    recordMax: 1,
    recordSupport: unit === 'organisation' ? length : Math.min(length, trunk + hidden[1] + most * head),
    ...(sampling < 1 ? { sampling } : {}),
  };
}

/** @throws RouterError `BAD_SEED`, `BAD_DATASET` */
export function contributeToStep(
  state: StepState,
  data: Dataset,
  localSeed: Uint8Array | undefined,
): Iterable<RecordVector> {
  return state.parameters.unit === 'record'
    ? recordGradients(state, data, localSeed)
    : organisationChange(state, data);
}

function* recordGradients(
  { parameters, means, trained, step }: StepState,
  data: Dataset,
  localSeed: Uint8Array | undefined,
): Generator<RecordVector> {
  const { sampling, clipNorm } = parameters;
  const network = new RecordNetwork(parameters, baseWeights(parameters), means, trained);
  const records = new Records(parameters, data);
  const gradient = new Float64Array(layoutOf(parameters).length);
  const vector = { indices: new Uint32Array(gradient.length), values: new Float64Array(gradient.length) };
  const coins = sampling < 1 ? secretCoins(localSeed, step) : undefined;
  for (let i = 0; i < data.records; i++) {
    // Tossed for every record, whatever is in it.
    const isIn = coins === undefined || coins.nextDouble() < sampling;
    if (!isIn) continue;
    gradient.fill(0);
    if (!records.addGradient(network, i, gradient)) continue;
    yield sparse(gradient, 1 / Math.max(clipNorm, norm(gradient)), vector);
  }
}

function secretCoins(localSeed: Uint8Array | undefined, step: number): ReturnType<typeof createGenerator> {
  if (localSeed === undefined) {
    throw new RouterError(
      'BAD_SEED',
      'the program dp-sgd samples records by secret coins; contribute needs 32 secret bytes, fresh for every attempt',
    );
  }
  return createGenerator(localSeed).fork(`dp-sgd coins ${step}`);
}

function* organisationChange(
  { parameters, means, trained }: StepState,
  data: Dataset,
): Generator<RecordVector> {
  const { localEpochs, learningRate, clipNorm } = parameters;
  const base = baseWeights(parameters);
  const records = new Records(parameters, data);
  const moved = trained.slice();
  const gradient = new Float64Array(moved.length);
  let seen = 0;
  for (let epoch = 0; epoch < localEpochs; epoch++) {
    const network = new RecordNetwork(parameters, base, means, moved);
    gradient.fill(0);
    seen = 0;
    for (let i = 0; i < data.records; i++) if (records.addGradient(network, i, gradient)) seen += 1;
    if (seen === 0) return;
    for (let j = 0; j < moved.length; j++) {
      moved[j] = (moved[j] as number) - (learningRate * (gradient[j] as number)) / seen;
    }
  }
  const change = moved.map((value, j) => value - (trained[j] as number));
  const vector = { indices: new Uint32Array(change.length), values: new Float64Array(change.length) };
  yield sparse(change, 1 / Math.max(clipNorm, norm(change)), vector);
}

/** The records of one client, as the network takes them. */
class Records {
  readonly #parameters: DpSgdParameters;
  readonly #data: Dataset;
  readonly #features: Float64Array;
  readonly #draws: ReturnType<typeof observationsGenerator>;

  constructor(parameters: DpSgdParameters, data: Dataset) {
    this.#parameters = parameters;
    this.#data = data;
    this.#features = new Float64Array(parameters.dimensions);
    this.#draws = observationsGenerator(parameters.seed);
  }

  /** @returns whether the record has any observation */
  addGradient(network: RecordNetwork, record: number, into: Float64Array): boolean {
    const { dimensions, maxEvaluationsPerQuery } = this.#parameters;
    const data = this.#data;
    const draws = this.#draws.fork(`record ${record}`);
    const observations = countedObservations(data, record, maxEvaluationsPerQuery, draws);
    if (observations.length === 0) return false;
    if (!fillUnitBallPoint(this.#features, data.features, record * dimensions)) {
      throw new RouterError(
        'BAD_DATASET',
        `dataset.features of record ${record} hold a value that is not finite`,
      );
    }
    network.see(this.#features);
    for (const observation of observations) {
      const model = data.model[observation] as number;
      const error = network.quality(model) - unitInterval(data.quality[observation] as number);
      network.addGradient(model, error, into);
    }
    return true;
  }
}

function norm(values: Float64Array): number {
  let squares = 0;
  for (let j = 0; j < values.length; j++) squares += (values[j] as number) ** 2;
  return Math.sqrt(squares);
}

function sparse(
  dense: Float64Array,
  factor: number,
  { indices, values }: { readonly indices: Uint32Array; readonly values: Float64Array },
): RecordVector {
  let length = 0;
  for (let j = 0; j < dense.length; j++) {
    const value = dense[j] as number;
    if (value === 0) continue;
    indices[length] = j;
    values[length] = factor * value;
    length += 1;
  }
  return { length, indices, values };
}

/** What a sum makes of the weights: a step of gradient descent with momentum, or the mean change. Arithmetic on public noisy numbers. */
export function afterStep(state: StepState, sum: Float64Array): Omit<StepState, 'phase'> {
  const { parameters, means, step, trained, velocity, total } = state;
  const { unit, steps, sampling, clipNorm, learningRate, momentum, averaged } = parameters;
  const ofRecords = unit === 'record';
  const toMean = (ofRecords ? -learningRate : 1) * (clipNorm / (sampling * means.units));
  const moved = velocity.map((before, j) => momentum * before + toMean * (sum[j] as number));
  const next = trained.map((value, j) => value + (moved[j] as number));
  const counts = step > steps - averagedSteps(steps, averaged);
  return {
    parameters,
    means,
    step: step + 1,
    trained: next,
    velocity: moved,
    total: counts ? total.map((value, j) => value + (next[j] as number)) : total,
  };
}

export function averagedSteps(steps: number, averaged: number): number {
  return Math.max(1, Math.round(steps * averaged));
}
