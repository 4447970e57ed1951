import { describe, expect, it } from 'vitest';
import { emptyPrediction } from '../../artifact/prediction.ts';
import { createPredictor } from '../../artifact/predictor.ts';
import type { MlpModel } from '../../artifact/model.ts';
import type { Dataset } from '../../dataset.ts';
import { selectRecords } from '../../select-records.ts';
import { localSeedOf, runWithPreviousRouter } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { trainMlp } from '../mlp/train-mlp.ts';
import { previousRouterText } from '../previous-router.ts';
import { startProgram } from '../registry.ts';

const MODELS = ['ant', 'bee', 'cat'];
const data = toyDataset('add models', { records: 900, models: MODELS });
const test = toyDataset('add models, test', { records: 60, models: MODELS });

function only(models: readonly string[]): Dataset {
  const names = data.models;
  const rows = Array.from({ length: data.records }, (_, i) => i);
  const kept = selectRecords(
    data,
    rows.filter((i) => models.includes(names[data.model[i] ?? 0] ?? '')),
  );
  return { ...kept, models, model: kept.model.map((m) => models.indexOf(names[m] ?? '')) };
}

const before = trainMlp(only(['ant', 'bee']), {
  seed: TOY_SEED,
  settings: { hidden: [16, 12], rounds: 20, learningRate: 3e-3 },
});
const news = only(['cat']);
const halves = [0, 1].map((half) =>
  selectRecords(
    news,
    Array.from({ length: news.records }, (_, i) => i).filter((i) => i % 2 === half),
  ),
);

function withCat(settings: object = {}): MlpModel {
  return runWithPreviousRouter('mlp-add-models', before, { models: ['cat'], ...settings }, halves);
}

/** What is expected of a model on every test query. */
function expectedOf(model: MlpModel, name: string): number[] {
  const predictor = createPredictor(model);
  const row = emptyPrediction(model.models.length);
  return Array.from({ length: test.records }, (_, i) => {
    predictor.predict(test.features.subarray(8 * i, 8 * i + 8), row);
    return row.quality[model.models.indexOf(name)] ?? Number.NaN;
  });
}

describe('adding a model to an MLP router', () => {
  const after = withCat({ learningRate: 0.02, rounds: 12 });

  it('teaches it to the router on a trunk that never saw it', () => {
    expect(after.models).toEqual(MODELS);
    const isOwn = (i: number): boolean => (test.features[8 * i + 2] ?? 0) > 0.4;
    const right = expectedOf(after, 'cat').filter((quality, i) => quality > 0.6 === isOwn(i));
    expect(right.length / test.records).toBeGreaterThan(0.85);
  });

  it('changes nothing for the others', () => {
    for (const name of ['ant', 'bee']) expect(expectedOf(after, name)).toEqual(expectedOf(before, name));
    expect([...after.observations.subarray(0, 2)]).toEqual([...before.observations]);
    expect(after.observations[2]).toBe(news.records);
  });

  it('asks for sums over heads alone', () => {
    const run = startProgram('mlp-add-models', {
      router: previousRouterText(before),
      models: ['cat'],
      dimensions: 8,
      seed: TOY_SEED,
    });
    if (run.kind !== 'sum') throw new Error('a run starts with a sum');
    const next = run.next(new Float64Array(run.plan.dimension).fill(3));
    // Two heads of twelve weights and a bias, the weight of the records and that of the model.
    expect(next.kind === 'sum' && next.plan.dimension).toBe(2 * 13 + 2);
    expect(next.kind === 'sum' && next.plan.unit).toBe('organisation');
    expect(next.kind === 'sum' && Array.from(next.contribute(news, localSeedOf(0)))).toHaveLength(1);
  });

  it.each([
    ['models', ['bee']],
    ['models', []],
    ['dimensions', 9],
    ['costMaxUsd', 2],
    ['router', previousRouterText(before).replace('"kind":"mlp"', '"kind":"kmeans"')],
    ['rounds', 0],
  ])('refuses %s = %j', (field, value) => {
    const good = { router: previousRouterText(before), models: ['cat'], dimensions: 8, seed: TOY_SEED };
    expect(() => startProgram('mlp-add-models', { ...good, [field]: value })).toThrow(
      refusal('BAD_PARAMETERS', `parameters.${field} `),
    );
  });
});
