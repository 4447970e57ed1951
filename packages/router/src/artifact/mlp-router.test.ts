import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float32sToBase64 } from '../bytes/float32-base64.ts';
import { LAMBDA_GRID } from '../evaluation/lambda-grid.ts';
import { routerCurve } from '../evaluation/curve.ts';
import { testSetOf } from '../evaluation/test-set.ts';
import { matrixKernel } from '../linalg/matrix/select-kernel.ts';
import { costScalerOf } from '../network/cost-scaler.ts';
import { examplesOf } from '../network/examples.ts';
import { mlpArchitecture } from '../mlp/architecture.ts';
import { predictObservations } from '../network/predict-observations.ts';
import { trainMlp } from '../programs/mlp/train-mlp.ts';
import { createGenerator } from '../random/generator.ts';
import { refusal } from '../testing/refusal.ts';
import { seedOf, TOY_SEED, toyDataset } from '../testing/toy-dataset.ts';
import { TOY_MLP } from '../testing/toy-mlp.ts';
import { createArtifact } from './artifact.ts';
import { decodeArtifact, encodeArtifact } from './file.ts';
import { emptyPrediction } from './prediction.ts';
import { createPredictor } from './predictor.ts';
import { createRouter } from './router.ts';

const ARTIFACT = createArtifact(TOY_MLP, 'my-encoder');
const router = createRouter(ARTIFACT);
const FIRST = Float32Array.of(1, 0);
const SECOND = Float32Array.of(0, 1);

function changed(field: string, value: unknown): string {
  const document = JSON.parse(encodeArtifact(ARTIFACT)) as { mlp: Record<string, unknown> };
  document.mlp[field] = value;
  return JSON.stringify(document);
}

describe('routing by an MLP', () => {
  it('predicts by the query', () => {
    expect(router.route(FIRST, 0).model).toBe('bee');
    expect(router.route(FIRST, 0).quality).toBeGreaterThan(0.9);
    expect(router.route(SECOND, 0).model).toBe('ant');
    expect(router.route(FIRST, 1e6).model).toBe('ant');
  });

  it('turns scaled costs into USD', () => {
    expect(router.route(SECOND, 0).costUsd).toBeCloseTo(1e-4, 9);
    // 1.5 standard deviations of 0.02, of six decades.
    expect(router.route(FIRST, 0).costUsd).toBeCloseTo(1e-3 * 10 ** (6 * 1.5 * 0.02), 7);
    const wild = { ...TOY_MLP, weights: TOY_MLP.weights.map((weight) => weight * 1e3) };
    const { costUsd } = createRouter(createArtifact(wild, 'e')).route(FIRST, 0);
    expect(costUsd).toBeCloseTo(1e-3 * 10 ** (6 * 3 * 0.02), 7);
  });

  it('never chooses a model that nobody observed', () => {
    for (const lambda of [0, 1, 1e9]) {
      expect(router.route(FIRST, lambda).model).not.toBe('cat');
      expect(router.rank(FIRST, lambda)).toHaveLength(2);
    }
  });

  it('takes a query of any length as one of length 1', () => {
    expect(router.route(Float32Array.of(70, 20), 5)).toEqual(
      router.route(Float32Array.of(70 / Math.hypot(70, 20), 20 / Math.hypot(70, 20)), 5),
    );
  });

  it('refuses an embedding that is none', () => {
    expect(() => router.route(new Float32Array(3))).toThrow(refusal('BAD_EMBEDDING', '2 values'));
    expect(() => router.route(Float32Array.of(Number.NaN, 0))).toThrow(refusal('BAD_EMBEDDING', 'finite'));
  });

  it('has by default the lambda that keeps its best model until the means of another do', () => {
    // Ant is at 0.5 of 0.6 on average, so bee must stay: below 0.1 / 0.0009.
    expect(router.defaultLambda).toBeLessThan(0.1 / 0.0009);
    expect(router.defaultLambda * 1.24).toBeGreaterThan(0.1 / 0.0009);
  });

  it('predicts one query as training predicts many', () => {
    const data = toyDataset('many', { records: 40 });
    const model = trainMlp(data, { seed: TOY_SEED, settings: { hidden: [9, 7], rounds: 3 } });
    const { observations, logCost, logCostDeviation } = model;
    const scaler = costScalerOf(
      observations,
      logCost,
      logCostDeviation.map((sd) => sd * sd),
    );
    const generator = createGenerator(seedOf('unused'));
    const examples = examplesOf(data, { bounds: model, scaler, maxEvaluationsPerQuery: 1, generator });
    const shape = { inputs: 8, hidden: model.hidden, models: 3 };
    const { quality } = predictObservations(matrixKernel, mlpArchitecture(shape), model.weights, examples);
    const prediction = emptyPrediction(3);
    for (let i = 0; i < 40; i++) {
      createPredictor(model).predict(data.features.subarray(8 * i, 8 * i + 8), prediction);
      expect(prediction.quality[data.model[i] ?? 0]).toBeCloseTo(quality[i] ?? 0, 5);
    }
  });

  it('has a frontier like any router', () => {
    const data = toyDataset('frontier', { records: 60 });
    const model = trainMlp(data, { seed: TOY_SEED, settings: { hidden: [9, 7], rounds: 10 } });
    const everyModel = {
      offsets: Uint32Array.from({ length: 61 }, (_, i) => 3 * i),
      quality: new Float64Array(180),
    };
    const test = testSetOf({
      ...data,
      ...everyModel,
      model: Uint16Array.from({ length: 180 }, (_, i) => i % 3),
      costUsd: Float64Array.from({ length: 180 }, (_, i) => 10 ** ((i % 3) - 5)),
    });
    const curve = routerCurve(createPredictor(model), test, LAMBDA_GRID);
    expect(curve.at(-1)?.costUsd).toBeCloseTo(1e-5, 12);
    expect(curve[0]?.costUsd).toBeGreaterThan(1e-5);
  });
});

describe('the artifact of an MLP', () => {
  it('survives its file exactly', () => {
    expect(decodeArtifact(encodeArtifact(ARTIFACT))).toEqual(ARTIFACT);
    const { heldOutLoss: _, ...last } = TOY_MLP;
    const bare = createArtifact(last, 'my-encoder');
    expect(decodeArtifact(encodeArtifact(bare))).toEqual(bare);
  });

  it('takes four thirds of the bytes of its weights', () => {
    const weights = new Float32Array(100_000).fill(Math.PI);
    expect(float32sToBase64(weights)).toHaveLength(4 * Math.ceil(400_000 / 3));
  });

  it.each([
    ['hidden', [2]],
    ['hidden', [2, 3]],
    ['hidden', [0, 2]],
    ['weights', 'AAAA'],
    ['weights', '*'],
    ['weights', float32sToBase64(TOY_MLP.weights.with(3, Number.NaN))],
    ['weights', float32sToBase64(TOY_MLP.weights.with(3, Number.POSITIVE_INFINITY))],
    ['observations', [0, 0, 0]],
    ['observations', [1, 1]],
    ['quality', [0, 0, 1.5]],
    ['logCost', [0, 0, '1']],
    ['logCostDeviation', [0, 1, 1]],
    ['logCostVariance', [0, 0, -1]],
    ['costMaxUsd', 1e-7],
    ['rounds', -1],
    ['rounds', undefined],
    ['heldOutLoss', -1],
    ['heldOutLoss', null],
    ['centres', 'AAAA'],
  ])('is refused where %s is %j', (field, value) => {
    expect(() => decodeArtifact(changed(field, value))).toThrow(refusal('BAD_ARTIFACT', 'artifact.mlp'));
  });

  it('is refused where it holds the section of another kind', () => {
    const text = encodeArtifact(ARTIFACT).replace('"kind":"mlp"', '"kind":"kmeans"');
    expect(() => decodeArtifact(text)).toThrow(refusal('BAD_ARTIFACT', 'artifact.kmeans'));
  });

  it('never makes decoding fail in another way', () => {
    const text = encodeArtifact(ARTIFACT);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, spliced) => {
        let name = '';
        try {
          decodeArtifact(text.slice(0, at) + spliced + text.slice(at + 1));
        } catch (error) {
          name = error instanceof Error ? error.name : 'no error';
        }
        expect(name).toMatch(/^(RouterError)?$/);
      }),
    );
  });
});
