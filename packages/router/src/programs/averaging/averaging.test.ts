import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../dataset.ts';
import { matrixKernel } from '../../linalg/matrix/select-kernel.ts';
import { mlpArchitecture } from '../../mlp/architecture.ts';
import { type MlpShape, tensorsIn } from '../../mlp/shape.ts';
import { train } from '../../network/train.ts';
import { createGenerator } from '../../random/generator.ts';
import { selectRecords } from '../../select-records.ts';
import { localSeedOf } from '../../testing/plain-run.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { sumInDoubles } from '../sum-in-doubles.ts';
import { localExamples } from './local-data.ts';
import { checkMlpParameters, type MlpParameters } from '../mlp/parameters.ts';
import { mlpProgram } from '../mlp/program.ts';
import type { TrainingState as AnyTrainingState } from './state.ts';

type TrainingState = AnyTrainingState<MlpParameters>;

const SHAPE: MlpShape = { inputs: 8, hidden: [6, 5], models: 3 };

/** Clients of different size that observed different models: the second never saw "cat", the third saw nothing else. */
const CLIENTS: readonly Dataset[] = [
  toyDataset('first', { records: 90 }),
  observing(toyDataset('second', { records: 40 }), [0, 1]),
  observing(toyDataset('third', { records: 20 }), [2]),
];

function observing(data: Dataset, models: readonly number[]): Dataset {
  return { ...data, model: data.model.map((m) => models[m % models.length] ?? 0) };
}

const nobody = selectRecords(toyDataset('nobody', { records: 1 }), []);

/** The first round, with the costs of all clients known. */
function firstRound(settings: object): TrainingState {
  const parameters = checkMlpParameters({
    models: ['ant', 'bee', 'cat'],
    dimensions: 8,
    seed: TOY_SEED,
    hidden: SHAPE.hidden,
    fullWeight: 100,
    ...settings,
  });
  const start = mlpProgram.start(parameters);
  if (start.kind !== 'sum') throw new Error('a run starts with a sum');
  const step = mlpProgram.next(start.state, sumOver(start.state));
  if (step.kind !== 'sum' || step.state.phase !== 'training') throw new Error('training follows');
  return step.state;
}

function sumOver(
  state: TrainingState | Parameters<typeof mlpProgram.contribute>[0],
  scale?: number,
): Float64Array {
  const dimension = state.phase === 'costs' ? 12 : state.phase === 'training' ? state.weights.length + 4 : 9;
  const sum = new Float64Array(dimension);
  CLIENTS.forEach((client, i) => {
    const vector = sumInDoubles(mlpProgram.contribute(state, client, localSeedOf(i)), dimension);
    vector.forEach((value, j) => {
      sum[j] = (sum[j] ?? 0) + (scale === undefined ? value : Math.round(scale * value) / scale);
    });
  });
  return sum;
}

function weightsAfter(state: TrainingState, sum: Float64Array): Float32Array {
  const step = mlpProgram.next(state, sum);
  if (step.kind !== 'sum' || step.state.phase === 'costs') throw new Error('more follows');
  return step.state.weights;
}

/** Federated averaging in the clear: each client's change by itself, then weighted means. */
function plainAverage(state: TrainingState): Float64Array {
  const { parameters, weights, means } = state;
  const clients = CLIENTS.map((client, i) => {
    const examples = localExamples(client, parameters, means);
    const generator = createGenerator(localSeedOf(i)).fork('round 1');
    const trained = train(
      matrixKernel,
      mlpArchitecture(SHAPE, parameters.dropout),
      weights,
      examples,
      { ...parameters, epochs: 1 },
      generator,
    );
    return { change: trained.map((value, j) => value - (weights[j] ?? 0)), model: client.model };
  });
  const owner = new Float32Array(weights.length);
  const { heads, headBiases } = tensorsIn(owner, SHAPE);
  owner.fill(-1);
  for (let m = 0; m < 3; m++) {
    heads.fill(m, 2 * m * 5, 2 * (m + 1) * 5);
    headBiases.fill(m, 2 * m, 2 * m + 2);
  }
  return Float64Array.from(weights, (weight, j) => {
    const counts = clients.map(({ model }) =>
      owner[j] === -1 ? Math.min(100, model.length) : countIn(model, owner[j] ?? 0),
    );
    const total = counts.reduce((a, b) => a + b);
    return clients.reduce(
      (sum, { change }, i) => sum + ((change[j] ?? 0) * (counts[i] ?? 0)) / total,
      weight,
    );
  });
}

function countIn(model: Uint16Array, wanted: number): number {
  return model.filter((m) => m === wanted).length;
}

function largestGap(a: Float32Array, b: Float64Array | Float32Array): number {
  return a.reduce((most, value, j) => Math.max(most, Math.abs(value - (b[j] ?? 0))), 0);
}

/** How far one round moves all weights together. */
function moved(state: TrainingState): number {
  const weights = weightsAfter(state, sumOver(state));
  return Math.hypot(...weights.map((value, j) => value - (state.weights[j] ?? 0)));
}

describe('federated averaging by sums', () => {
  it('is federated averaging in the clear, each head by its own counts', () => {
    const state = firstRound({});
    expect(largestGap(weightsAfter(state, sumOver(state)), plainAverage(state))).toBeLessThan(1e-7);
  });

  it('loses next to nothing to integers', () => {
    const state = firstRound({});
    const exact = weightsAfter(state, sumOver(state));
    expect(largestGap(weightsAfter(state, sumOver(state, 4096)), exact)).toBeLessThan(2e-6);
  });

  it('does not shrink a head’s step for clients that never saw its model', () => {
    const state = firstRound({ learningRate: 1e-2, weightDecay: 0 });
    const only = sumInDoubles(
      mlpProgram.contribute(state, CLIENTS[2] ?? nobody, localSeedOf(2)),
      state.weights.length + 4,
    );
    const step = (weights: Float32Array): number => {
      const [after, before] = [tensorsIn(weights, SHAPE).heads, tensorsIn(state.weights, SHAPE).heads];
      return Math.hypot(...after.subarray(20, 30).map((value, j) => value - (before[20 + j] ?? 0)));
    };
    const bystander = only.with(state.weights.length, (only[state.weights.length] ?? 0) * 10);
    expect(step(weightsAfter(state, bystander))).toBeCloseTo(step(weightsAfter(state, only)), 6);
  });

  it('leaves the head of a model that nobody observed as it is', () => {
    const state = firstRound({});
    const seen = CLIENTS[1] ?? nobody;
    const sum = sumInDoubles(mlpProgram.contribute(state, seen, localSeedOf(1)), state.weights.length + 4);
    const [after, before] = [weightsAfter(state, sum), state.weights].map((weights) =>
      tensorsIn(weights, SHAPE),
    );
    expect(after?.heads.slice(20)).toEqual(before?.heads.slice(20));
    expect(after?.headBiases.slice(4)).toEqual(before?.headBiases.slice(4));
    expect(after?.heads.slice(0, 10)).not.toEqual(before?.heads.slice(0, 10));
  });

  it('clips a client’s change to the norm that the run allows', () => {
    const free = firstRound({ learningRate: 0.05, clipNorm: 100 });
    const clipped = firstRound({ learningRate: 0.05, clipNorm: 0.1 });
    expect(moved(free)).toBeGreaterThan(0.3);
    // Trunk and heads are averaged by different weights, so their sum may be a little longer than the longest change.
    expect(moved(clipped)).toBeLessThan(0.14);
    expect(moved(clipped)).toBeGreaterThan(0.05);
  });

  it('gives a client of more records than the full weight no more than that', () => {
    const state = firstRound({ fullWeight: 20 });
    const weights = CLIENTS.map((client, i) =>
      sumInDoubles(mlpProgram.contribute(state, client, localSeedOf(i)), state.weights.length + 4).at(-4),
    );
    expect(new Set(weights).size).toBe(1);
  });
});
