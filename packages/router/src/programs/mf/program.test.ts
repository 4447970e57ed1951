import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyPrediction } from '../../artifact/prediction.ts';
import { createPredictor } from '../../artifact/predictor.ts';
import type { Dataset } from '../../dataset.ts';
import { mfTensorsIn } from '../../mf/shape.ts';
import { isInside } from '../../testing/inside-plan.ts';
import { runPlainly } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { checkMfParameters, type MfSettings, mfShapeOf } from './parameters.ts';
import { mfProgram } from './program.ts';
import { trainMf } from './train-mf.ts';

const SMALL: MfSettings = { rank: 8, rounds: 2, batchSize: 32, fullWeight: 100 };

function parametersFor(data: Dataset, settings: MfSettings = {}): object {
  return { models: data.models, dimensions: data.dimensions, seed: TOY_SEED, ...SMALL, ...settings };
}

function bestOnTopics(model: Parameters<typeof createPredictor>[0]): number[] {
  const predictor = createPredictor(model);
  const prediction = emptyPrediction(3);
  return [0, 1, 2].map((topic) => {
    predictor.predict(
      Float32Array.from({ length: 8 }, (_, j) => (j === topic ? 0.7 : 0)),
      prediction,
    );
    prediction.costUsd.forEach((cost, m) => {
      // Costs are 10^(m - 5) USD times 0.5 .. 1.5, whatever the topic.
      expect(cost / 10 ** (m - 5)).toBeGreaterThan(0.75);
      expect(cost / 10 ** (m - 5)).toBeLessThan(1.25);
    });
    const row = [...prediction.quality];
    return row.indexOf(Math.max(...row));
  });
}

describe('the matrix factorisation program', () => {
  it('learns from several clients, or in one place, which model is good at which topic', () => {
    const clients = ['a', 'b', 'c'].map((name) => toyDataset(name, { records: 300 }));
    const [first] = clients as [Dataset];
    const settings = { rank: 16, rounds: 12, learningRate: 3e-2, fullWeight: 300 } as const;
    expect(bestOnTopics(runPlainly('mf', parametersFor(first, settings), clients).model)).toEqual([0, 1, 2]);
    const pooled = toyDataset('pooled', { records: 900 });
    expect(bestOnTopics(trainMf(pooled, { seed: TOY_SEED, settings }))).toEqual([0, 1, 2]);
  });

  it('averages the vector of a model over those who observed it', () => {
    const both = toyDataset('both', { records: 60 });
    const one = { ...both, model: both.model.map(() => 0) };
    const parameters = parametersFor(both, { rounds: 1, noise: 0, learningRate: 0.01, weightDecay: 0 });
    const shape = mfShapeOf(checkMfParameters(parameters));
    const vectors = (clients: readonly Dataset[]): number[] => {
      const { weights } = runPlainly('mf', parameters, clients).model;
      return Array.from(mfTensorsIn(weights, shape).models.subarray(shape.rank));
    };
    const alone = vectors([both]);
    // A client that never saw the others takes nothing from their step. That costs are scaled by all clients moves the last digits.
    vectors([both, one]).forEach((value, j) => expect(value).toBeCloseTo(alone[j] ?? 0, 3));
  });

  it('keeps every vector inside the declared bounds, whatever the dataset holds', () => {
    const wild = fc.record({
      scale: fc.constantFrom(0, 1e-30, 1, 1e10),
      quality: fc.constantFrom(-1, 0.5, 9, Number.NaN),
      cost: fc.constantFrom(-1, 0, 1e-3, 5, Number.POSITIVE_INFINITY, Number.NaN),
      learningRate: fc.constantFrom(1e-6, 1e-2, 1),
      clipNorm: fc.constantFrom(1e-3, 1, 1e6),
      noise: fc.constantFrom(0, 1),
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
        const bounded = { ...settings, fullWeight: 10, holdOut: 0.2, maxEvaluationsPerQuery: 2 };
        runPlainly('mf', parametersFor(data, bounded), [data], (vector, plan) => {
          if (!isInside(vector, plan)) outside.push(plan.step);
        });
        expect(outside).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('has other bytes of its state for other parameters', () => {
    const data = toyDataset('bytes', { records: 5 });
    const bytes = [{}, { rank: 9 }, { noise: 0.1 }, { rounds: 3 }].map((change) => {
      const step = mfProgram.start(checkMfParameters(parametersFor(data, change)));
      return step.kind === 'sum' ? Buffer.from(mfProgram.stateBytes(step.state)).toString('hex') : '';
    });
    expect(new Set(bytes).size).toBe(4);
  });

  it.each([
    ['rank', 0],
    ['rank', 1.5],
    ['noise', -0.1],
    ['learningRate', 0],
    ['hidden', [4, 4]],
  ])('refuses a %s of %s', (field, value) => {
    const data = toyDataset('bad', { records: 5 });
    expect(() => checkMfParameters({ ...parametersFor(data), [field]: value })).toThrow(
      refusal('BAD_PARAMETERS', field),
    );
  });

  it('refuses a size that training has no memory for', () => {
    const data = { models: ['a'], dimensions: 65536, seed: TOY_SEED };
    expect(() => checkMfParameters({ ...data, rank: 8192 })).toThrow(refusal('BAD_PARAMETERS', 'rank'));
  });
});
