import { describe, expect, it } from 'vitest';
import { createPredictor } from '../../artifact/predictor.ts';
import { emptyPrediction } from '../../artifact/prediction.ts';
import type { MlpModel } from '../../artifact/model.ts';
import { selectRecords } from '../../select-records.ts';
import { runPlainly } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import type { MlpSettings } from './parameters.ts';
import { trainMlp } from './train-mlp.ts';

const data = toyDataset('pooled', { records: 500 });
const heldOut = toyDataset('judge', { records: 100 });
const SETTINGS: MlpSettings = { hidden: [16, 12], rounds: 8, batchSize: 32, learningRate: 3e-3 };

const trained = (settings: MlpSettings = {}, judged = true): MlpModel =>
  trainMlp(data, { seed: TOY_SEED, settings: { ...SETTINGS, ...settings }, ...(judged ? { heldOut } : {}) });

describe('training in one place', () => {
  it('learns which model is good at which topic', () => {
    const prediction = emptyPrediction(3);
    createPredictor(trained()).predict(Float32Array.of(0, 0.7, 0, 0, 0, 0, 0, 0), prediction);
    const row = [...prediction.quality];
    expect(row.indexOf(Math.max(...row))).toBe(1);
  });

  it('keeps the epoch of least loss on what is held out', () => {
    const models = [1, 2, 3, 4, 5, 6, 7, 8].map((rounds) => trained({ rounds, learningRate: 0.05 }));
    const losses = models.map(({ heldOutLoss }) => heldOutLoss ?? 0);
    expect(losses).toEqual(losses.toSorted((a, b) => b - a));
    const last = models.at(-1) as MlpModel;
    expect(last).toEqual(models[last.rounds - 1]);
  });

  it('takes the last epoch where nothing is held out', () => {
    const model = trained({ rounds: 3 }, false);
    expect(model.rounds).toBe(3);
    expect(model).not.toHaveProperty('heldOutLoss');
    expect(trained({ rounds: 3 }, false)).toEqual(model);
  });

  it('starts from the weights of a run with the same seed, and knows the same of costs', () => {
    const settings = { ...SETTINGS, rounds: 1, learningRate: 1e-9 };
    const alone = trainMlp(data, { seed: TOY_SEED, settings });
    const parameters = { models: data.models, dimensions: 8, seed: TOY_SEED, ...settings };
    const { model } = runPlainly('mlp', parameters, [data]);
    const gap = alone.weights.reduce(
      (most, w, j) => Math.max(most, Math.abs(w - (model.weights[j] ?? 0))),
      0,
    );
    expect(gap).toBeLessThan(1e-6);
    alone.logCost.forEach((mean, m) => expect(model.logCost[m]).toBeCloseTo(mean, 4));
    alone.logCostDeviation.forEach((sd, m) => expect(model.logCostDeviation[m]).toBeCloseTo(sd, 3));
  });

  it('refuses what a run would refuse', () => {
    expect(() => trained({ learningRate: 0 })).toThrow(refusal('BAD_PARAMETERS', 'learningRate'));
    expect(() => trainMlp(selectRecords(data, []), { seed: TOY_SEED })).toThrow(
      refusal('NO_OBSERVATIONS', 'no evaluations'),
    );
    const other = toyDataset('narrow', { records: 5, dimensions: 4 });
    expect(() => trainMlp(data, { seed: TOY_SEED, heldOut: other })).toThrow(
      refusal('BAD_DATASET', 'dimensions'),
    );
  });
});
