import { describe, expect, it } from 'vitest';
import { createPredictor } from '../../artifact/predictor.ts';
import { emptyPrediction } from '../../artifact/prediction.ts';
import type { Dataset } from '../../dataset.ts';
import type { RecordVector } from '../../program.ts';
import { createGenerator } from '../../random/generator.ts';
import { selectRecords } from '../../select-records.ts';
import { runToMlp } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { seedOf, TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { sumInDoubles } from '../sum-in-doubles.ts';
import { baseWeights, layoutOf } from './layout.ts';
import { logit } from './logit.ts';
import { mlpModelOf } from './model.ts';
import { RecordNetwork } from './network.ts';
import { checkDpSgdParameters, type DpSgdParameters } from './parameters.ts';
import { dpSgdProgram } from './program.ts';
import type { ModelMeans, StepState } from './state.ts';
import { stepPlan } from './step.ts';

const DATA = toyDataset('dp-sgd', { records: 400 });
const SETTINGS = { models: DATA.models, dimensions: 8, seed: TOY_SEED, projection: 8, hidden: [10, 6] };
const MEANS: ModelMeans = {
  observations: Float64Array.of(130, 130, 140),
  quality: Float64Array.of(0.5, 0.4, 0.6),
  logCost: Float64Array.of(0.2, 0.4, 0.6),
  logCostVariance: 0.01,
  units: 400,
};

function parametersOf(settings: object = {}): DpSgdParameters {
  return checkDpSgdParameters({ ...SETTINGS, ...settings });
}

function stepOf(parameters: DpSgdParameters, trained?: Float64Array): StepState {
  const { length } = layoutOf(parameters);
  const zeros = new Float64Array(length);
  return {
    phase: 'step',
    parameters,
    means: MEANS,
    step: 1,
    trained: trained ?? zeros,
    velocity: zeros,
    total: zeros,
  };
}

function randomTrained(parameters: DpSgdParameters): Float64Array {
  const generator = createGenerator(seedOf('trained'));
  return new Float64Array(layoutOf(parameters).length).map(() => generator.nextDouble() - 0.5);
}

function lengthOf({ length, values }: RecordVector): number {
  return Math.hypot(...values.subarray(0, length));
}

describe('DP-SGD by sums', () => {
  it('learns what the query says, beyond what models do on average', () => {
    const clients = ['a', 'b', 'c'].map((name) => toyDataset(name, { records: 400 }));
    const settings = { ...SETTINGS, steps: 60, sampling: 0.5, headScale: 1, learningRate: 1 };
    const model = runToMlp('dp-sgd', settings, clients);
    expect(model.rounds).toBe(60);
    const predictor = createPredictor(model);
    const into = emptyPrediction(3);
    let right = 0;
    for (let topic = 0; topic < 3; topic++) {
      const query = new Float32Array(8);
      query[topic] = 0.7;
      predictor.predict(query, into);
      const best = into.quality.indexOf(Math.max(...into.quality));
      if (best === topic) right += 1;
    }
    expect(right).toBe(3);
  });

  it('is an MLP router that predicts what the program’s own network does', () => {
    for (const trunkScale of [0, 0.5]) {
      const parameters = parametersOf({ trunkScale });
      const trained = randomTrained(parameters);
      const network = new RecordNetwork(parameters, baseWeights(parameters), MEANS, trained);
      const predictor = createPredictor(mlpModelOf(parameters, MEANS, trained));
      const into = emptyPrediction(3);
      for (let i = 0; i < 20; i++) {
        const features = DATA.features.slice(8 * i, 8 * i + 8);
        network.see(Float64Array.from(features));
        predictor.predict(features, into);
        into.quality.forEach((quality, m) => expect(quality).toBeCloseTo(network.quality(m), 5));
      }
    }
  });

  it('has the gradients of its loss', () => {
    const parameters = parametersOf({ trunkScale: 0.7, headScale: 0.4 });
    const base = baseWeights(parameters);
    const trained = randomTrained(parameters);
    const features = Float64Array.from(DATA.features.subarray(0, 8));
    const lossAt = (at: Float64Array): number => {
      const network = new RecordNetwork(parameters, base, MEANS, at);
      network.see(features);
      return -Math.log(1 - network.quality(1));
    };
    const network = new RecordNetwork(parameters, base, MEANS, trained);
    network.see(features);
    const gradient = new Float64Array(trained.length);
    network.addGradient(1, network.quality(1), gradient);
    for (let j = 0; j < trained.length; j += 3) {
      const h = 1e-5;
      const [up, down] = [trained.with(j, (trained[j] ?? 0) + h), trained.with(j, (trained[j] ?? 0) - h)];
      expect(Math.abs((lossAt(up) - lossAt(down)) / (2 * h) - (gradient[j] ?? 0))).toBeLessThan(1e-6);
    }
  });

  it('starts as the router that is blind to the query', () => {
    const parameters = parametersOf();
    const predictor = createPredictor(
      mlpModelOf(parameters, MEANS, new Float64Array(layoutOf(parameters).length)),
    );
    const into = emptyPrediction(3);
    predictor.predict(DATA.features.slice(0, 8), into);
    expect([...into.quality].map((quality) => quality.toFixed(6))).toEqual([
      '0.500000',
      '0.400000',
      '0.600000',
    ]);
  });
});

describe('what one record adds to a step', () => {
  it('is never longer than its bound, whatever the record holds', () => {
    const parameters = parametersOf({
      clipNorm: 0.05,
      trunkScale: 0.5,
      sampling: 1,
      maxEvaluationsPerQuery: 3,
    });
    const wild = toyDataset('wild', { records: 60, observations: 3 });
    wild.quality.fill(Number.NaN, 0, 30).fill(1e9, 30, 60);
    wild.features.fill(1e30, 0, 80);
    const state = stepOf(
      parameters,
      randomTrained(parameters).map((value) => 100 * value),
    );
    const { recordNorm, recordSupport, dimension } = stepPlan(state);
    let clipped = 0;
    for (const vector of dpSgdProgram.contribute(state, wild)) {
      expect(lengthOf(vector)).toBeLessThanOrEqual(recordNorm * (1 + 1e-12));
      expect(vector.length).toBeLessThanOrEqual(recordSupport);
      expect(Math.max(...vector.indices.subarray(0, vector.length))).toBeLessThan(dimension);
      if (lengthOf(vector) > 1 - 1e-9) clipped += 1;
    }
    expect(clipped).toBeGreaterThan(30);
  });

  it('does not depend on any other record', () => {
    const parameters = parametersOf({ sampling: 1 });
    const state = stepOf(parameters, randomTrained(parameters));
    const all = Array.from(dpSgdProgram.contribute(state, DATA), ({ length, values }) => [
      ...values.subarray(0, length),
    ]);
    const changed: Dataset = {
      ...DATA,
      quality: DATA.quality.map((quality, i) => (i === 7 ? 1 - quality : quality)),
    };
    const others = Array.from(dpSgdProgram.contribute(state, changed), ({ length, values }) => [
      ...values.subarray(0, length),
    ]);
    expect(others.filter((vector, i) => i !== 7 && String(vector) !== String(all[i]))).toEqual([]);
    expect(others[7]).not.toEqual(all[7]);
  });

  it('is there by a coin that only the local seed knows', () => {
    const parameters = parametersOf({ sampling: 0.25 });
    const many = toyDataset('many', { records: 4000 });
    const state = stepOf(parameters);
    const countWith = (seed: number): number =>
      [...dpSgdProgram.contribute(state, many, new Uint8Array(32).fill(seed))].length;
    const counts = Array.from({ length: 20 }, (_, seed) => countWith(seed));
    // Binomial: mean 1000, standard deviation 27; the size of a sample is not fixed.
    expect(new Set(counts).size).toBeGreaterThan(10);
    const mean = counts.reduce((a, b) => a + b) / 20;
    expect(Math.abs(mean - 1000)).toBeLessThan(31);
    const variance = counts.reduce((total, count) => total + (count - 1000) ** 2, 0) / 20;
    expect(variance).toBeGreaterThan(250);
    expect(variance).toBeLessThan(2000);
    expect(() => [...dpSgdProgram.contribute(state, many)]).toThrow(refusal('BAD_SEED', 'secret coins'));
  });

  it('is divided by a number that the first sum made public, not by the size of a sample', () => {
    const parameters = parametersOf({
      sampling: 0.5,
      momentum: 0,
      learningRate: 2,
      clipNorm: 0.25,
      steps: 2,
    });
    const sum = new Float64Array(layoutOf(parameters).length).fill(10);
    const step = dpSgdProgram.next(stepOf(parameters), sum);
    if (step.kind !== 'sum' || step.state.phase !== 'step') throw new Error('a second step follows');
    expect(step.state.trained[0]).toBeCloseTo((-2 * 0.25 * 10) / (0.5 * 400), 12);
  });
});

describe('what one organisation adds', () => {
  const parameters = parametersOf({ unit: 'organisation', clipNorm: 0.5, localEpochs: 3 });

  it('is one vector inside its bound for every sum, however many records it holds', () => {
    for (const records of [1, 10, 400]) {
      const client = selectRecords(
        DATA,
        Array.from({ length: records }, (_, i) => i),
      );
      const [statistics, ...none] = dpSgdProgram.contribute({ phase: 'statistics', parameters }, client);
      if (statistics === undefined) throw new Error('one vector');
      expect(none).toEqual([]);
      expect(lengthOf(statistics)).toBeLessThanOrEqual(Math.sqrt(2 + 1 / 16));
      const changes = [...dpSgdProgram.contribute(stepOf(parameters), client)].map(lengthOf);
      expect(changes).toHaveLength(1);
      expect(Math.max(...changes)).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect([...dpSgdProgram.contribute(stepOf(parameters), selectRecords(DATA, []))]).toEqual([]);
  });

  it('is the change that the organisation trained alone, where all others add nothing', () => {
    const free = parametersOf({ unit: 'organisation', clipNorm: 1e6, localEpochs: 1, learningRate: 0.5 });
    const state = { ...stepOf(free), means: { ...MEANS, units: 1 } };
    const change = sumInDoubles(dpSgdProgram.contribute(state, DATA), layoutOf(free).length);
    const all = parametersOf({ sampling: 1, clipNorm: 1e6 });
    const gradient = sumInDoubles(dpSgdProgram.contribute(stepOf(all), DATA), layoutOf(all).length);
    change.forEach((value, j) => expect(value).toBeCloseTo((-0.5 * (gradient[j] ?? 0)) / 400, 12));
  });
});

describe('the schedule', () => {
  it('has all sums in advance, with the share of the statistics and the probability of the coins', () => {
    const parameters = parametersOf({ steps: 3, statisticsShare: 40, sampling: 0.2 });
    expect(dpSgdProgram.schedule?.(parameters)).toEqual([
      { step: 'statistics', weight: 120 },
      { step: 'step 1', weight: 60, sampling: 0.2 },
      { step: 'step 2', weight: 60, sampling: 0.2 },
      { step: 'step 3', weight: 60, sampling: 0.2 },
    ]);
    const whole = dpSgdProgram.schedule?.(parametersOf({ steps: 1, sampling: 1 }));
    expect(whole?.[1]).toEqual({ step: 'step 1', weight: 50 });
  });

  it.each([
    ['sampling', { sampling: 0 }],
    ['sampling', { unit: 'organisation', sampling: 0.5 }],
    ['clipNorm', { clipNorm: 0 }],
    ['steps', { steps: 0 }],
    ['momentum', { momentum: 1 }],
    ['unit', { unit: 'person' }],
    ['hidden', { hidden: [8192, 8192], projection: 1024, dimensions: 65536 }],
    ['costMaxUsd', { costMinUsd: 1, costMaxUsd: 1 }],
    ['surprise', { surprise: 1 }],
  ])('refuses a bad %s: %j', (field, settings) => {
    expect(() => parametersOf(settings)).toThrow(refusal('BAD_PARAMETERS', field));
  });
});

describe('the logit', () => {
  it('is that of Math, without its logarithm', () => {
    for (const p of [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
      expect(logit(p)).toBeCloseTo(Math.log(p / (1 - p)), 13);
    }
  });
});
