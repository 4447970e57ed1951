import { describe, expect, it } from 'vitest';
import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { mfArchitecture } from '../mf/architecture.ts';
import { costScalerOf } from '../network/cost-scaler.ts';
import { examplesOf } from '../network/examples.ts';
import { predictObservations } from '../network/predict-observations.ts';
import { trainMf } from '../programs/mf/train-mf.ts';
import { createGenerator } from '../random/generator.ts';
import { refusal } from '../testing/refusal.ts';
import { seedOf, TOY_SEED, toyDataset } from '../testing/toy-dataset.ts';
import { createArtifact } from './artifact.ts';
import { decodeArtifact, encodeArtifact } from './file.ts';
import { emptyPrediction } from './prediction.ts';
import { createPredictor } from './predictor.ts';
import { createRouter } from './router.ts';

const data = toyDataset('served', { records: 200 });
const settings = { rank: 6, rounds: 20, learningRate: 3e-2 };
const MODEL = trainMf(data, { seed: TOY_SEED, settings, heldOut: toyDataset('judge', { records: 40 }) });
const ARTIFACT = createArtifact(MODEL, 'my-encoder');

function changed(field: string, value: unknown): string {
  const document = JSON.parse(encodeArtifact(ARTIFACT)) as { mf: Record<string, unknown> };
  document.mf[field] = value;
  return JSON.stringify(document);
}

describe('routing by matrix factorisation', () => {
  it('predicts one query as training predicts many', () => {
    const { observations, logCost, logCostDeviation } = MODEL;
    const variances = logCostDeviation.map((deviation) => deviation * deviation);
    const examples = examplesOf(data, {
      bounds: MODEL,
      scaler: costScalerOf(observations, logCost, variances),
      maxEvaluationsPerQuery: 1,
      generator: createGenerator(seedOf('unused')),
    });
    const architecture = mfArchitecture({ inputs: 8, rank: 6, models: 3 });
    const { quality } = predictObservations(matrixKernel, architecture, MODEL.weights, examples);
    const predictor = createPredictor(MODEL);
    const prediction = emptyPrediction(3);
    for (let i = 0; i < data.records; i++) {
      predictor.predict(data.features.subarray(8 * i, 8 * i + 8), prediction);
      expect(prediction.quality[data.model[i] ?? 0]).toBeCloseTo(quality[i] ?? 0, 5);
    }
  });

  it('survives a file exactly', () => {
    const read = decodeArtifact(encodeArtifact(ARTIFACT));
    expect(read).toEqual(ARTIFACT);
    const query = Float32Array.of(0.7, 0, 0, 0, 0, 0, 0, 0);
    expect(createRouter(read).rank(query, 5)).toEqual(createRouter(ARTIFACT).rank(query, 5));
  });

  it('never chooses a model that nobody observed', () => {
    const without = { ...data, model: data.model.map((m) => m % 2) };
    const router = createRouter(createArtifact(trainMf(without, { seed: TOY_SEED, settings }), 'e'));
    for (const lambda of [0, 1, 1e9])
      expect(router.rank(data.features.subarray(0, 8), lambda)).toHaveLength(2);
  });

  it.each([
    ['rank', 7],
    ['rank', 0],
    ['weights', 'AAAA'],
    ['hidden', [4, 4]],
    ['logCostDeviation', [0, 0, 0]],
    ['observations', [0, 0, 0]],
  ])('refuses a file whose %s is %s', (field, value) => {
    expect(() => decodeArtifact(changed(field, value))).toThrow(
      refusal('BAD_ARTIFACT', field === 'rank' && value === 7 ? 'weights' : field),
    );
  });

  it('refuses an embedding that is none', () => {
    const router = createRouter(ARTIFACT);
    expect(() => router.route(new Float32Array(3))).toThrow(refusal('BAD_EMBEDDING', '8 values'));
    expect(() => router.route(new Float32Array(8).fill(Number.NaN))).toThrow(
      refusal('BAD_EMBEDDING', 'finite'),
    );
  });
});
