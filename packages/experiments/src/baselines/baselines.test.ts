import {
  createGenerator,
  type Dataset,
  type KMeansModel,
  RouterError,
  type SeededGenerator,
} from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { centralisedRouter } from './centralised.ts';
import { heldOutLoss } from './held-out-loss.ts';
import { lloydCentres } from './lloyd.ts';
import { localRouter } from './local.ts';
import { poolDatasets } from './pool-datasets.ts';
import { staticRouter } from './static.ts';

const MODELS = ['ant', 'bee'];

function generatorOf(test: number): SeededGenerator {
  return createGenerator(new Uint8Array(32).fill(test));
}

/** Two topics, on either side of 0 in the first coordinate: ant is right on the one, bee on the other, each in nine of ten. */
function topicsDataset(
  generator: SeededGenerator,
  records: number,
  models: readonly number[] = [0, 1],
): Dataset {
  const topics = Array.from({ length: records }, () => generator.nextInt(2));
  const observed = Array.from({ length: records }, () => models[generator.nextInt(models.length)] ?? 0);
  return {
    models: MODELS,
    dimensions: 2,
    records,
    features: Float32Array.from(
      topics.flatMap((topic) => [topic === 0 ? -0.6 : 0.6, 0.3 * (generator.nextDouble() - 0.5)]),
    ),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from(observed),
    quality: Float64Array.from(observed, (model, i) =>
      (model === topics[i]) === generator.nextDouble() < 0.9 ? 1 : 0,
    ),
    costUsd: new Float64Array(records).fill(1e-3),
  };
}

function totalObservations({ observations }: KMeansModel): number {
  return observations.reduce((a, b) => a + b);
}

describe('pooled datasets', () => {
  it('hold the records of all clients, one after the other', () => {
    const generator = generatorOf(1);
    const [first, second] = [topicsDataset(generator, 3), topicsDataset(generator, 2)];
    const pooled = poolDatasets([first, second]);
    expect(pooled.records).toBe(5);
    expect([...pooled.offsets]).toEqual([0, 1, 2, 3, 4, 5]);
    for (const field of ['features', 'model', 'quality', 'costUsd'] as const) {
      expect([...pooled[field]]).toEqual([...first[field], ...second[field]]);
    }
  });

  it('need a client', () => {
    expect(() => poolDatasets([])).toThrow(RouterError);
  });
});

describe('Lloyd iterations on data in one place', () => {
  it('find the means of well separated groups', () => {
    const data = topicsDataset(generatorOf(2), 60);
    const centres = lloydCentres(data, 2, generatorOf(3));
    const sides = [centres[0] ?? 0, centres[2] ?? 0].toSorted((a, b) => a - b);
    expect(sides[0]).toBeCloseTo(-0.6, 6);
    expect(sides[1]).toBeCloseTo(0.6, 6);
  });

  it('give as many centres as there are records, where asked to', () => {
    const data = topicsDataset(generatorOf(4), 5);
    expect(lloydCentres(data, 5, generatorOf(5))).toHaveLength(10);
    const same = { ...data, features: new Float32Array(10).fill(0.5) };
    expect(lloydCentres(same, 3, generatorOf(6)).every((x) => x === 0.5)).toBe(true);
  });
});

describe('the centralised router', () => {
  it('learns from all clients what none of them knows', () => {
    const generator = generatorOf(7);
    const clients = [topicsDataset(generator, 150, [0]), topicsDataset(generator, 150, [1])];
    const model = centralisedRouter(clients, generator, { clusters: 2, kappa: 1 });
    expect(totalObservations(model)).toBe(300);
    const left = (model.centres[0] ?? 0) < 0 ? 0 : 1;
    const [leftRow, rightRow] = [
      model.quality.slice(2 * left, 2 * left + 2),
      model.quality.slice(2 - 2 * left, 4 - 2 * left),
    ];
    expect(leftRow[0]).toBeGreaterThan((leftRow[1] ?? 0) + 0.5);
    expect(rightRow[1]).toBeGreaterThan((rightRow[0] ?? 0) + 0.5);
  });

  it('is the same for the same seed', () => {
    const clients = [topicsDataset(generatorOf(8), 40)];
    expect(centralisedRouter(clients, generatorOf(9))).toEqual(centralisedRouter(clients, generatorOf(9)));
  });

  it('makes do with fewer records than clusters', () => {
    expect(centralisedRouter([topicsDataset(generatorOf(10), 4)], generatorOf(11)).clusters).toBe(4);
  });
});

describe('the static router', () => {
  it('predicts the mean of each model, whatever the query', () => {
    const generator = generatorOf(12);
    const clients = [topicsDataset(generator, 30), topicsDataset(generator, 30)];
    const { clusters, quality, observations } = staticRouter(clients);
    const pooled = poolDatasets(clients);
    expect(clusters).toBe(1);
    for (const model of [0, 1]) {
      const rows = [...pooled.quality].filter((_, i) => pooled.model[i] === model);
      expect(observations[model]).toBe(rows.length);
      expect(quality[model]).toBeCloseTo(rows.reduce((a, b) => a + b) / rows.length, 12);
    }
  });
});

describe('the local router', () => {
  it('takes several clusters where that predicts better, and learns from all its rows', () => {
    const model = localRouter(topicsDataset(generatorOf(13), 400), generatorOf(14), { kappa: 5 });
    expect(model.clusters).toBeGreaterThan(1);
    expect(totalObservations(model)).toBe(400);
  });

  it('takes one cluster where more do not predict better', () => {
    const data = topicsDataset(generatorOf(15), 400);
    const alike = { ...data, quality: data.quality.map(() => 1), costUsd: new Float64Array(400) };
    expect(localRouter(alike, generatorOf(16)).clusters).toBe(1);
  });

  it('knows nothing of models that it never observed', () => {
    const model = localRouter(topicsDataset(generatorOf(17), 40, [1]), generatorOf(18));
    expect(model.observations.filter((_, cell) => cell % 2 === 0).every((n) => n === 0)).toBe(true);
  });

  it('works with too few rows to hold any out, and says so where there is none', () => {
    expect(localRouter(topicsDataset(generatorOf(19), 3), generatorOf(20)).clusters).toBe(1);
    expect(() => localRouter(topicsDataset(generatorOf(21), 0), generatorOf(22))).toThrow(RouterError);
  });
});

describe('the held-out loss', () => {
  const data = topicsDataset(generatorOf(23), 2, [0]);
  const model: KMeansModel = {
    ...staticRouter([data]),
    quality: Float64Array.of(0.75, 0),
    logCost: Float64Array.of(0.25, 0),
  };

  it('is the Brier score plus the squared error of the log cost', () => {
    const heldOut = { ...data, quality: Float64Array.of(1, 0), costUsd: Float64Array.of(1, 1e-6) };
    // Log costs of 1 and 0 under the default bounds.
    expect(heldOutLoss(model, heldOut)).toBeCloseTo((0.25 ** 2 + 0.75 ** 2 + 0.75 ** 2 + 0.25 ** 2) / 2, 12);
  });

  it('leaves out models without predictions', () => {
    expect(heldOutLoss(model, { ...data, model: Uint16Array.of(1, 1) })).toBe(0);
  });
});
