import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPredictor } from '../../artifact/predictor.ts';
import { emptyPrediction } from '../../artifact/prediction.ts';
import type { Dataset } from '../../dataset.ts';
import { selectRecords } from '../../select-records.ts';
import { isInside } from '../../testing/inside-plan.ts';
import { localSeedOf, runPlainly } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { checkMlpParameters, type MlpSettings } from './parameters.ts';
import { mlpProgram, type MlpState } from './program.ts';

const SMALL: MlpSettings = { hidden: [12, 10], rounds: 2, batchSize: 32, fullWeight: 100 };

function parametersFor(data: Dataset, settings: MlpSettings = {}): object {
  return { models: data.models, dimensions: data.dimensions, seed: TOY_SEED, ...SMALL, ...settings };
}

function stepsOf(data: Dataset, settings: MlpSettings): string[] {
  return runPlainly('mlp', parametersFor(data, settings), [data]).plans.map(({ step }) => step);
}

describe('the MLP program', () => {
  it('learns from several clients which model is good at which topic', () => {
    const clients = ['a', 'b', 'c'].map((name) => toyDataset(name, { records: 300 }));
    const settings = { rounds: 12, learningRate: 5e-3, hidden: [24, 16], fullWeight: 300 } as const;
    const { model } = runPlainly('mlp', parametersFor(toyDataset('a', { records: 1 }), settings), clients);
    const predictor = createPredictor(model);
    const prediction = emptyPrediction(3);
    for (let topic = 0; topic < 3; topic++) {
      predictor.predict(
        Float32Array.from({ length: 8 }, (_, j) => (j === topic ? 0.7 : 0)),
        prediction,
      );
      const row = [...prediction.quality];
      expect(row.indexOf(Math.max(...row))).toBe(topic);
      // Costs are 10^(m - 5) USD times 0.5 .. 1.5, whatever the topic.
      prediction.costUsd.forEach((cost, m) => {
        expect(cost / 10 ** (m - 5)).toBeGreaterThan(0.8);
        expect(cost / 10 ** (m - 5)).toBeLessThan(1.2);
      });
    }
  });

  it('asks for costs, for every round, and at last how far costs stray', () => {
    const data = toyDataset('steps', { records: 40 });
    expect(stepsOf(data, { rounds: 3 })).toEqual(['costs', 'round 1', 'round 2', 'round 3', 'evaluation 3']);
  });

  it('judges every round by held-out records, where there are some, and keeps the best', () => {
    const data = toyDataset('held out', { records: 80 });
    const settings = { rounds: 4, holdOut: 0.25, learningRate: 0.05 };
    const { model, plans } = runPlainly('mlp', parametersFor(data, settings), [data]);
    expect(plans.map(({ step }) => step)).toEqual([
      'costs',
      ...[1, 2, 3, 4].flatMap((round) => [`round ${round}`, `evaluation ${round}`]),
    ]);
    const alone = [1, 2, 3, 4].map(
      (rounds) => runPlainly('mlp', parametersFor(data, { ...settings, rounds }), [data]).model,
    );
    // A run of r rounds sees the losses of rounds 1 .. r, so its loss never rises with r.
    const losses = alone.map(({ heldOutLoss }) => heldOutLoss ?? Number.NaN);
    expect(losses).toEqual(losses.toSorted((a, b) => b - a));
    expect(model.heldOutLoss).toBe(losses[3]);
    expect(model).toEqual(alone[model.rounds - 1]);
    expect(runPlainly('mlp', parametersFor(data, { rounds: 1 }), [data]).model.heldOutLoss).toBeUndefined();
  });

  it('finishes where too few records are there to hold any out', () => {
    const data = toyDataset('few', { records: 3 });
    const { model } = runPlainly('mlp', parametersFor(data, { holdOut: 0.125 }), [data]);
    expect(model.rounds).toBe(2);
    expect(model.heldOutLoss).toBeUndefined();
  });

  it('keeps every vector inside the declared bounds, whatever the dataset holds', () => {
    const wild = fc.record({
      scale: fc.constantFrom(0, 1e-30, 1, 1e10),
      quality: fc.constantFrom(-1, 0.5, 9, Number.NaN),
      cost: fc.constantFrom(-1, 0, 1e-3, 5, Number.POSITIVE_INFINITY, Number.NaN),
      learningRate: fc.constantFrom(1e-6, 1e-2, 1),
      clipNorm: fc.constantFrom(1e-3, 1, 1e6),
      name: fc.string(),
    });
    fc.assert(
      fc.property(wild, ({ scale, quality, cost, name, ...settings }) => {
        const tame = toyDataset(name, { records: 40, observations: 3 });
        const data = {
          ...tame,
          features: tame.features.map((x) => x * scale),
          quality: tame.quality.fill(quality, 3, 20),
          costUsd: tame.costUsd.fill(cost, 10, 30),
        };
        const outside: string[] = [];
        const parameters = parametersFor(data, {
          ...settings,
          hidden: [4, 3],
          fullWeight: 10,
          holdOut: 0.2,
          maxEvaluationsPerQuery: 2,
        });
        runPlainly('mlp', parameters, [data], (vector, plan) => {
          if (!isInside(vector, plan)) outside.push(plan.step);
        });
        expect(outside).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('draws what it does locally from the seed of the client', () => {
    const data = toyDataset('seeds', { records: 60 });
    const training = trainingState(data);
    const vector = (seed: Uint8Array): number[] =>
      [...mlpProgram.contribute(training, data, seed)].flatMap(({ values }) => [...values]);
    expect(vector(localSeedOf(0))).toEqual(vector(localSeedOf(0)));
    expect(vector(localSeedOf(1))).not.toEqual(vector(localSeedOf(0)));
    expect(() => [...mlpProgram.contribute(training, data)]).toThrow(refusal('BAD_SEED', 'contribute'));
    expect(() => [...mlpProgram.contribute(training, data, new Uint8Array(31))]).toThrow(
      refusal('BAD_SEED', '32 bytes'),
    );
  });

  it('accepts a client without records, and refuses to learn from nobody', () => {
    const data = toyDataset('someone', { records: 30 });
    const nobody = selectRecords(data, []);
    const parameters = parametersFor(data);
    expect(runPlainly('mlp', parameters, [data, nobody])).toEqual(runPlainly('mlp', parameters, [data]));
    expect(() => runPlainly('mlp', parameters, [nobody])).toThrow(
      refusal('NO_OBSERVATIONS', 'no evaluations'),
    );
    const training = trainingState(data);
    expect(() => mlpProgram.next(training, new Float64Array(dimensionOf(training)))).toThrow(
      refusal('NO_RECORDS', 'no records'),
    );
  });

  it('predicts nothing for a model that nobody observed', () => {
    const data = toyDataset('unobserved', { records: 60 });
    const without = { ...data, model: data.model.map((m) => m % 2) };
    const { model } = runPlainly('mlp', parametersFor(data), [without]);
    const prediction = emptyPrediction(3);
    createPredictor(model).predict(new Float32Array(8), prediction);
    expect([...prediction.quality].map(Number.isNaN)).toEqual([false, false, true]);
    expect([...prediction.costUsd].map(Number.isNaN)).toEqual([false, false, true]);
  });

  it('refuses a sum that is not what it asked for, and a dataset of other models', () => {
    const data = toyDataset('sums', { records: 5 });
    const training = trainingState(data);
    expect(() => mlpProgram.next(training, new Float64Array(8))).toThrow(refusal('BAD_SUM', 'values'));
    const sum = new Float64Array(dimensionOf(training)).fill(1);
    sum[4] = Number.NaN;
    expect(() => mlpProgram.next(training, sum)).toThrow(refusal('BAD_SUM', 'sum[4]'));
    expect(() =>
      mlpProgram.contribute(training, { ...data, models: ['x', 'y', 'z'] }, localSeedOf(0)),
    ).toThrow(refusal('BAD_DATASET', 'models'));
    const broken = { ...data, features: data.features.with(9, Number.POSITIVE_INFINITY) };
    expect(() => [...mlpProgram.contribute(training, broken, localSeedOf(0))]).toThrow(
      refusal('BAD_DATASET', 'record 1'),
    );
  });
});

/** The state of the first round. */
function trainingState(data: Dataset, settings: MlpSettings = {}): MlpState {
  const step = mlpProgram.start(checkMlpParameters(parametersFor(data, settings)));
  if (step.kind !== 'sum') throw new Error('a run starts with a sum');
  const next = mlpProgram.next(step.state, new Float64Array(step.plan.dimension).fill(1));
  if (next.kind !== 'sum') throw new Error('costs are not the last sum');
  return next.state;
}

function dimensionOf(state: MlpState): number {
  if (state.phase !== 'training') throw new Error('not in training');
  return state.weights.length + 1 + state.parameters.models.length;
}

/** The bytes of every state of a run whose sums are all ones. */
function statesOf(data: Dataset): string[] {
  const seen: string[] = [];
  let step = mlpProgram.start(checkMlpParameters(parametersFor(data, { holdOut: 0.1 })));
  while (step.kind === 'sum') {
    seen.push(Buffer.from(mlpProgram.stateBytes(step.state)).toString('hex'));
    step = mlpProgram.next(step.state, new Float64Array(step.plan.dimension).fill(1));
  }
  return seen;
}

describe('the bytes of its state', () => {
  const data = toyDataset('bytes', { records: 40 });

  it('are the same for everybody, and others at every step', () => {
    const states = statesOf(data);
    expect(statesOf(data)).toEqual(states);
    expect(new Set(states).size).toBe(5);
  });

  it('change with every parameter', () => {
    const changes: object[] = [
      {},
      { models: ['ant', 'bee', 'dog'] },
      { seed: 'cd'.repeat(32) },
      { dimensions: 9 },
      { hidden: [10, 12] },
      { rounds: 3 },
      { localEpochs: 2 },
      { batchSize: 33 },
      { learningRate: 2e-3 },
      { weightDecay: 0 },
      { dropout: 0.2 },
      { gradientClip: 2 },
      { clipNorm: 17 },
      { fullWeight: 101 },
      { holdOut: 0.1 },
      { maxEvaluationsPerQuery: 2 },
      { costMinUsd: 1e-5 },
      { costMaxUsd: 2 },
    ];
    const bytes = changes.map((change) => {
      const step = mlpProgram.start(checkMlpParameters({ ...parametersFor(data), ...change }));
      return step.kind === 'sum' ? Buffer.from(mlpProgram.stateBytes(step.state)).toString('hex') : '';
    });
    expect(new Set(bytes).size).toBe(changes.length);
  });
});
