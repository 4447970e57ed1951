import { describe, expect, it } from 'vitest';
import { emptyPrediction } from '../../artifact/prediction.ts';
import { createPredictor } from '../../artifact/predictor.ts';
import type { MlpModel } from '../../artifact/model.ts';
import type { Dataset } from '../../dataset.ts';
import { selectRecords } from '../../select-records.ts';
import { runWithPreviousRouter } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { trainMlp } from '../mlp/train-mlp.ts';
import { previousRouterText } from '../previous-router.ts';
import { startProgram } from '../registry.ts';

const MODELS = ['ant', 'bee', 'cat'];
const SETTINGS = { hidden: [16, 12] as [number, number], rounds: 20, learningRate: 3e-3 };
const all = toyDataset('add clients', { records: 1200, models: MODELS });
const test = toyDataset('add clients, test', { records: 300, models: MODELS, observations: 3 });

const topicOf = (data: Dataset, i: number): number =>
  [0, 1, 2].findIndex((topic) => (data.features[8 * i + topic] ?? 0) > 0.4);

function about(data: Dataset, topics: readonly number[], models: readonly number[] = [0, 1, 2]): Dataset {
  const rows = Array.from({ length: data.records }, (_, i) => i);
  const one = data.model.length === data.records;
  return selectRecords(
    data,
    rows.filter((i) => topics.includes(topicOf(data, i)) && (!one || models.includes(data.model[i] ?? 0))),
  );
}

/** The old ones have queries of two topics, the newcomers of the third. */
const before = trainMlp(about(all, [0, 1]), { seed: TOY_SEED, settings: SETTINGS });
const newcomers = [0, 1, 2].map((part) => {
  const rows = about(all, [2]);
  const kept = Array.from({ length: rows.records }, (_, i) => i).filter((i) => i % 3 === part);
  return selectRecords(rows, kept);
});

function joined(settings: object = {}): MlpModel {
  const more = { learningRate: 3e-3, rounds: 15, models: MODELS, ...settings };
  return runWithPreviousRouter('mlp-add-clients', before, more, newcomers);
}

function brier(model: MlpModel, data: Dataset): number {
  const predictor = createPredictor(model);
  const row = emptyPrediction(model.models.length);
  let [loss, observations] = [0, 0];
  for (let i = 0; i < data.records; i++) {
    predictor.predict(data.features.subarray(8 * i, 8 * i + 8), row);
    for (let o = data.offsets[i] ?? 0; o < (data.offsets[i + 1] ?? 0); o++) {
      loss += ((row.quality[data.model[o] ?? 0] ?? Number.NaN) - (data.quality[o] ?? 0)) ** 2;
      observations++;
    }
  }
  return loss / observations;
}

function total(counts: Float64Array): number {
  return counts.reduce((a, b) => a + b);
}

describe('newcomers to an MLP router', () => {
  const after = joined();

  it('teach it their queries', () => {
    const theirs = about(test, [2]);
    // Nobody gets below 0.17: a model is right in nine of ten on its own topic and in three of ten elsewhere.
    expect(brier(before, theirs)).toBeGreaterThan(0.25);
    expect(brier(after, theirs)).toBeLessThan(0.24);
  });

  it('leave it most of what it knew, and without distillation less', () => {
    const old = about(test, [0, 1]);
    const forgotten = (distillation: number): number =>
      brier(joined({ distillation }), old) - brier(before, old);
    expect(forgotten(0)).toBeGreaterThan(0.01);
    expect(forgotten(100)).toBeLessThan(0.9 * forgotten(0));
  });

  it('add their observations to the others’, and keep the scales of cost', () => {
    const added = newcomers.reduce((sum, { records }) => sum + records, 0);
    expect(total(after.observations)).toBe(total(before.observations) + added);
    expect(after.logCost).toEqual(before.logCost);
    expect(after.logCostDeviation).toEqual(before.logCostDeviation);
  });

  it('bring models that only they use', () => {
    const few = trainMlp(withoutCat(about(all, [0, 1], [0, 1])), { seed: TOY_SEED, settings: SETTINGS });
    const { models, observations } = runWithPreviousRouter(
      'mlp-add-clients',
      few,
      { models: MODELS, rounds: 2 },
      newcomers,
    );
    expect(models).toEqual(MODELS);
    expect(observations[2]).toBeGreaterThan(20);
  });

  it.each([
    ['models', ['bee', 'ant', 'cat']],
    ['models', ['ant', 'bee']],
    ['distillation', -1],
    ['dropout', 1],
    ['dimensions', 7],
  ])('do not begin with %s = %j', (field, value) => {
    const good = { router: previousRouterText(before), models: MODELS, dimensions: 8, seed: TOY_SEED };
    expect(() => startProgram('mlp-add-clients', { ...good, [field]: value })).toThrow(
      refusal('BAD_PARAMETERS', `parameters.${field} `),
    );
  });
});

function withoutCat(data: Dataset): Dataset {
  return { ...data, models: ['ant', 'bee'] };
}
