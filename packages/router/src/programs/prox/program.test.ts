import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArtifact } from '../../artifact/artifact.ts';
import { decodeArtifact, encodeArtifact } from '../../artifact/file.ts';
import type { ProxModel } from '../../artifact/model.ts';
import { emptyPrediction, type Prediction } from '../../artifact/prediction.ts';
import { createPredictor } from '../../artifact/predictor.ts';
import { selectRecords } from '../../select-records.ts';
import { isInside } from '../../testing/inside-plan.ts';
import { runPlainly } from '../../testing/plain-run.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { TOY_MODEL } from '../../testing/toy-model.ts';
import { proxFromKMeans } from './distances.ts';
import { checkProxParameters } from './parameters.ts';
import { proxProgram } from './program.ts';

const data = toyDataset('prox', { records: 300 });
const PARAMETERS = { models: data.models, dimensions: data.dimensions, seed: TOY_SEED, clusters: 4 };

function predicted(model: ProxModel, embedding: Float32Array): Prediction {
  const prediction = emptyPrediction(model.models.length);
  createPredictor(model).predict(embedding, prediction);
  return prediction;
}

/** The toy router with weights: 30 records in the first cluster, 10 in the second, half as far. */
const WEIGHTED: ProxModel = {
  ...TOY_MODEL,
  kind: 'prox',
  records: Float64Array.of(30, 10),
  distance: Float64Array.of(0.4, 0.2),
  sharpness: 3,
};

describe('weighted inference', () => {
  it('is a mean of clusters by size, tightness and nearness', () => {
    const query = Float32Array.of(0.8, 0.6);
    // At cosine distances 0.2 and 0.4.
    const [first, second] = [(30 / 0.4) * Math.exp(-0.6), (10 / 0.2) * Math.exp(-1.2)];
    const { quality, costUsd } = predicted(WEIGHTED, query);
    expect(quality[2]).toBeCloseTo((0.1 * first + 0.9 * second) / (first + second), 6);
    expect(quality[0]).toBeCloseTo(0.5, 12);
    expect(costUsd[1]).toBeCloseTo(1e-3, 12);
    expect([quality[3], costUsd[3]]).toEqual([Number.NaN, Number.NaN]);
  });

  it('is the nearest cluster where it is sharp, and the prior where it is not', () => {
    const query = Float32Array.of(0.8, 0.6);
    expect(predicted({ ...WEIGHTED, sharpness: 1e4 }, query).quality[2]).toBeCloseTo(0.1, 12);
    expect(predicted({ ...WEIGHTED, sharpness: 0 }, query).quality[2]).toBeCloseTo(
      (0.1 * 75 + 0.9 * 50) / 125,
      12,
    );
    // An empty cluster has nothing to say, however near.
    const alone = { ...WEIGHTED, sharpness: 1e4, records: Float64Array.of(0, 10) };
    expect(predicted(alone, query).quality[2]).toBeCloseTo(0.9, 12);
  });

  it('takes a query of length 0, and refuses one that is none', () => {
    expect(predicted(WEIGHTED, new Float32Array(2)).quality[2]).toBeCloseTo((0.1 * 75 + 0.9 * 50) / 125, 12);
    expect(() => predicted(WEIGHTED, new Float32Array(3))).toThrow(refusal('BAD_EMBEDDING', '2 values'));
    expect(() => predicted(WEIGHTED, Float32Array.of(Number.NaN, 0))).toThrow(
      refusal('BAD_EMBEDDING', 'finite'),
    );
  });
});

function bad(field: string, value: unknown): () => unknown {
  return () => checkProxParameters({ ...PARAMETERS, [field]: value });
}

describe('the program prox', () => {
  it('asks for the sums of K-means, then for distances', () => {
    const { model, plans } = runPlainly('prox', PARAMETERS, [data]);
    const { model: kmeans, plans: before } = runPlainly('kmeans', PARAMETERS, [data]);
    expect(plans.slice(0, -1)).toEqual(before);
    expect(plans.at(-1)?.step).toBe('distances');
    const { kind: _, records, distance, sharpness, ...tables } = model;
    expect({ ...tables, kind: 'kmeans' }).toEqual(kmeans);
    expect(sharpness).toBe(20);
    expect(records.reduce((a, b) => a + b)).toBe(300);
    const alone = proxFromKMeans(data, kmeans, 20);
    alone.distance.forEach((value, k) => expect(distance[k]).toBeCloseTo(value, 3));
  });

  it('keeps every vector inside the declared bounds, whatever the dataset holds', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1e-30, -1, 1e10), fc.string(), (scale, name) => {
        const tame = toyDataset(name, { records: 20 });
        const wild = { ...tame, features: tame.features.map((x, j) => (j < 80 ? x * scale : x)) };
        const outside: string[] = [];
        runPlainly('prox', PARAMETERS, [wild], (vector, plan) => {
          if (!isInside(vector, plan)) outside.push(plan.step);
        });
        expect(outside).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('has other bytes at every step, and of another sharpness', () => {
    const bytes: string[] = [];
    for (const sharpness of [20, 21]) {
      let step = proxProgram.start(checkProxParameters({ ...PARAMETERS, sharpness }));
      while (step.kind === 'sum') {
        bytes.push(Buffer.from(proxProgram.stateBytes(step.state)).toString('hex'));
        step = proxProgram.next(step.state, new Float64Array(step.plan.dimension).fill(1));
      }
    }
    expect(new Set(bytes).size).toBe(bytes.length);
  });

  it('needs records, and refuses what K-means refuses', () => {
    expect(() => runPlainly('prox', PARAMETERS, [selectRecords(data, [])])).toThrow(
      refusal('NO_RECORDS', 'no records'),
    );
    expect(bad('sharpness', -1)).toThrow(refusal('BAD_PARAMETERS', 'sharpness'));
    expect(bad('clusters', 0)).toThrow(refusal('BAD_PARAMETERS', 'clusters'));
    expect(bad('sums', 'noisy')).toThrow(refusal('BAD_PARAMETERS', 'sums'));
    expect(bad('weights', 1)).toThrow(refusal('BAD_PARAMETERS', 'weights'));
    expect(() => checkProxParameters(7)).toThrow(refusal('BAD_PARAMETERS', 'object'));
  });
});

describe('an artifact of a weighted router', () => {
  const artifact = createArtifact(WEIGHTED, 'my-encoder');

  it('survives a file exactly', () => {
    expect(decodeArtifact(encodeArtifact(artifact))).toEqual(artifact);
  });

  it.each([
    ['sharpness', -1],
    ['records', [0, 0]],
    ['records', [1]],
    ['distance', [0, 1]],
    ['distance', [1, 3]],
    ['kmeans', {}],
    ['colour', 'red'],
  ])('is refused where its %s is %s', (field, value) => {
    const document = JSON.parse(encodeArtifact(artifact)) as { prox: Record<string, unknown> };
    document.prox[field] = value;
    expect(() => decodeArtifact(JSON.stringify(document))).toThrow(refusal('BAD_ARTIFACT', field));
  });
});
