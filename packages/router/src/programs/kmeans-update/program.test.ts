import { describe, expect, it } from 'vitest';
import type { KMeansModel } from '../../artifact/model.ts';
import type { Dataset } from '../../dataset.ts';
import { selectRecords } from '../../select-records.ts';
import { localSeedOf } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { routerFromCentres } from '../kmeans/from-centres.ts';
import { previousRouterText } from '../previous-router.ts';
import { startProgram } from '../registry.ts';
import { sumInDoubles } from '../sum-in-doubles.ts';

const MODELS = ['ant', 'bee', 'cat'];
const data = toyDataset('update', { records: 400, models: MODELS });
/** At the topics of the toy data. */
const CENTRES = Float64Array.from({ length: 24 }, (_, j) => (j % 8 === Math.floor(j / 8) ? 0.7 : 0));

const rows = (of: Dataset, wanted: (record: number) => boolean): Dataset =>
  selectRecords(of, Array.from({ length: of.records }, (_, i) => i).filter(wanted));

/** The observations of some models, under these models' own list. */
function only(of: Dataset, models: readonly string[]): Dataset {
  const kept = rows(of, (i) => models.includes(of.models[of.model[i] ?? 0] ?? ''));
  return { ...kept, models, model: kept.model.map((m) => models.indexOf(of.models[m] ?? '')) };
}

function updated(router: KMeansModel, news: Dataset, settings: object = {}): KMeansModel {
  const { models, dimensions } = news;
  const parameters = { router: previousRouterText(router), models, dimensions, seed: TOY_SEED, ...settings };
  const run = startProgram('kmeans-update', parameters);
  if (run.kind !== 'sum') throw new Error('an update is one sum');
  const end = run.next(sumInDoubles(run.contribute(news, localSeedOf(0)), run.plan.dimension));
  if (end.kind !== 'finished' || end.model.kind !== 'kmeans') throw new Error('an update is one sum');
  return end.model;
}

/** Largest difference of two tables. */
const gap = (a: Float64Array, b: Float64Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

describe('an update of a K-means router', () => {
  it('with new observations of known models counts them as if they had been there, but for what was expected', () => {
    const [first, second] = [0, 1].map((half) => rows(data, (i) => i % 2 === half)) as [Dataset, Dataset];
    const whole = routerFromCentres(data, CENTRES, { kappa: 0 });
    const after = updated(routerFromCentres(first, CENTRES, { kappa: 0 }), second);
    expect(after.observations).toEqual(whole.observations);
    expect(gap(after.quality, whole.quality)).toBeLessThan(1e-12);
    expect(gap(after.logCost, whole.logCost)).toBeLessThan(1e-12);
    expect(gap(after.logCostVariance, whole.logCostVariance)).toBeLessThan(2e-4);
    const shrunk = updated(routerFromCentres(first, CENTRES, { kappa: 50 }), second);
    // What was expected at first keeps its weight of 50 observations in every cell.
    expect(gap(shrunk.quality, routerFromCentres(data, CENTRES, { kappa: 50 }).quality)).toBeLessThan(0.06);
  });

  it('appends a model that the router does not know, and leaves its others as they are', () => {
    const before = routerFromCentres(only(data, ['ant', 'bee']), CENTRES, { kappa: 5 });
    const after = updated(before, only(data, ['cat']));
    expect(after.models).toEqual(MODELS);
    for (let k = 0; k < 3; k++) {
      for (const table of ['quality', 'logCost', 'observations'] as const) {
        expect([...after[table].subarray(3 * k, 3 * k + 2)]).toEqual([
          ...before[table].subarray(2 * k, 2 * k + 2),
        ]);
      }
    }
    // Cat answers topic 2 well, and the others badly; the estimate of kappa sees as much.
    const cat = [2, 5, 8].map((cell) => after.quality[cell] ?? Number.NaN);
    expect(cat[0]).toBeLessThan(0.45);
    expect(cat[1]).toBeLessThan(0.45);
    expect(cat[2]).toBeGreaterThan(0.75);
    expect(after.logCostVariance[2]).toBeGreaterThan(0);
  });

  it('expects of a new model that it finds hard what the others find hard', () => {
    const many = toyDataset('hard', { records: 300, models: MODELS, topics: 2 });
    // Whatever the model, topic 0 is easy and topic 1 hard.
    const topic = (i: number): number => ((many.features[8 * i] ?? 0) > 0.5 ? 0 : 1);
    const graded = { ...many, quality: many.quality.map((_, i) => (topic(i) === 0 ? 0.9 : 0.1)) };
    const before = routerFromCentres(only(graded, ['ant', 'bee']), CENTRES.slice(0, 16), { kappa: 5 });
    // Cat was seen on easy queries alone.
    const seen = rows(only(graded, ['cat']), (i) => i % 3 === 0);
    const easy = rows(seen, (i) => (seen.features[8 * i] ?? 0) > 0.5);
    const after = updated(before, easy, { kappa: 20 });
    expect(after.quality[2]).toBeGreaterThan(0.85);
    expect(after.quality[5]).toBeLessThan(0.3);
  });

  it('fills the column of a model that nobody had observed', () => {
    const before = routerFromCentres({ ...only(data, ['ant', 'bee']), models: MODELS }, CENTRES, {
      kappa: 5,
    });
    const after = updated(before, only(data, ['cat']));
    expect(after.models).toEqual(MODELS);
    expect(after.quality[8]).toBeGreaterThan(0.75);
  });

  it('needs an observation', () => {
    const router = routerFromCentres(data, CENTRES);
    expect(() =>
      updated(
        router,
        rows(data, () => false),
      ),
    ).toThrow(refusal('NO_OBSERVATIONS', 'no survivor'));
  });
});

function bytesOf(parameters: object): Uint8Array {
  const run = startProgram('kmeans-update', parameters);
  if (run.kind !== 'sum') throw new Error('an update is one sum');
  return run.stateBytes();
}

describe('the parameters of an update', () => {
  const router = previousRouterText(routerFromCentres(data, CENTRES));
  const good = { router, models: MODELS, dimensions: 8, seed: TOY_SEED };

  it.each([
    ['router', '{}'],
    ['router', 'no artifact'],
    ['router', router.replace('"kind":"kmeans"', '"kind":"mlp"')],
    ['models', []],
    ['dimensions', 7],
    ['seed', 'ab'],
    ['kappa', -1],
    ['maxEvaluationsPerQuery', 4],
  ])('refuse %s = %j and name it', (field, value) => {
    expect(() => startProgram('kmeans-update', { ...good, [field]: value })).toThrow(
      refusal('BAD_PARAMETERS', `parameters.${field} `),
    );
  });

  it('are part of what every client compares', () => {
    const other = previousRouterText(routerFromCentres(data, CENTRES, { kappa: 3 }));
    for (const change of [{ router: other }, { models: ['ant'] }, { kappa: 7 }, { seed: '00'.repeat(32) }]) {
      expect(bytesOf({ ...good, ...change })).not.toEqual(bytesOf(good));
    }
    expect(bytesOf({ ...good })).toEqual(bytesOf(good));
  });
});
