import { chooseModel } from '../artifact/choose.ts';
import { emptyPrediction, type Predictor } from '../artifact/prediction.ts';
import { RouterError } from '../errors.ts';
import type { TestSet } from './test-set.ts';

/** What a policy achieves on a test set: means over its queries. */
export interface CostQuality {
  readonly costUsd: number;
  readonly quality: number;
}

/** What a router achieves at one lambda. */
export interface CurvePoint extends CostQuality {
  readonly lambda: number;
}

/**
 * The router's choices at each lambda, scored by what truly happened.
 * @param lambdas quality per USD
 * @returns one point per lambda, in their order
 * @throws RouterError `BAD_TEST_SET` where the router is for other models or dimensions, `NO_OBSERVATIONS` where it predicts nothing
 */
export function routerCurve(router: Predictor, test: TestSet, lambdas: readonly number[]): CurvePoint[] {
  const { quality, costUsd } = predictAll(router, test);
  const models = test.models.length;
  return lambdas.map((lambda) => {
    let [totalQuality, totalCost] = [0, 0];
    for (let start = 0; start < quality.length; start += models) {
      const model = chooseModel(quality, costUsd, start, models, lambda);
      if (model < 0) throw new RouterError('NO_OBSERVATIONS', 'the router has predictions for no model');
      const chosen = start + model;
      totalQuality += test.quality[chosen] as number;
      totalCost += test.costUsd[chosen] as number;
    }
    return { lambda, costUsd: totalCost / test.queries, quality: totalQuality / test.queries };
  });
}

function predictAll(router: Predictor, test: TestSet): { quality: Float64Array; costUsd: Float64Array } {
  const models = test.models.length;
  if (router.models.length !== models || router.models.some((name, m) => name !== test.models[m])) {
    throw new RouterError(
      'BAD_TEST_SET',
      `the router is for ${router.models.join(', ')}, not ${test.models.join(', ')}`,
    );
  }
  if (router.dimensions !== test.dimensions) {
    throw new RouterError(
      'BAD_TEST_SET',
      `the router takes ${router.dimensions} dimensions, the test set has ${test.dimensions}`,
    );
  }
  const prediction = emptyPrediction(models);
  const quality = new Float64Array(test.queries * models);
  const costUsd = new Float64Array(test.queries * models);
  for (let i = 0; i < test.queries; i++) {
    router.predict(test.features.subarray(i * test.dimensions, (i + 1) * test.dimensions), prediction);
    quality.set(prediction.quality, i * models);
    costUsd.set(prediction.costUsd, i * models);
  }
  return { quality, costUsd };
}
