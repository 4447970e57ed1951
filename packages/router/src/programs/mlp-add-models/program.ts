import type { MlpModel } from '../../artifact/model.ts';
import { mlpShapeOf } from '../../artifact/mlp-predictor.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { headsArchitecture, placeHeads, withMoreModels } from '../../mlp/heads.ts';
import type { MlpShape } from '../../mlp/shape.ts';
import type { Program } from '../../program.ts';
import { scalerOf } from '../averaging/costs.ts';
import { type AveragingParameters, readAveragingParameters } from '../averaging/parameters.ts';
import { type AveragedRouter, averagingProgram } from '../averaging/program.ts';
import type { AveragingState } from '../averaging/state.ts';
import { appendPreviousRouter, readPreviousRouter, unionOfModels } from '../previous-router.ts';

/**
 * New models for an MLP router, public and the same at every client. `models` are those that get heads: none of which the router has
 * observations of. The learning rate is by default 1e-3, `rounds` 10.
 */
export interface MlpAddModelsParameters extends AveragingParameters {
  /** Its trunk and its other heads stay as they are. */
  readonly router: MlpModel;
}

const ROUTER: AveragedRouter<MlpAddModelsParameters, MlpModel> = {
  name: 'mlp-add-models',
  parameters: checkMlpAddModelsParameters,
  appendOwn: (bytes, { router }) => appendPreviousRouter(bytes, router),
  architecture: ({ router, models }) => headsArchitecture(router.weights, shapeFor(router, models.length)),
  model(parameters, means, { weights, logCostVariance, round }): MlpModel {
    const { router, models } = parameters;
    const names = unionOfModels(router, models);
    const places = models.map((name) => names.indexOf(name));
    const wide = withMoreModels(router.weights, mlpShapeOf(router), names.length);
    placeHeads(wide, shapeFor(router, names.length), { heads: weights, places });
    const merged = (before: Float64Array, added: Float64Array, otherwise: number): Float64Array => {
      const values = Float64Array.from(names, (_, m) => before[m] ?? otherwise);
      places.forEach((place, i) => (values[place] = added[i] as number));
      return values;
    };
    const { heldOutLoss: _, ...rest } = router;
    return {
      ...rest,
      models: names,
      weights: wide,
      observations: merged(router.observations, means.observations, 0),
      quality: merged(router.quality, means.quality, 0),
      logCost: merged(router.logCost, means.logCost, 0),
      logCostDeviation: merged(router.logCostDeviation, scalerOf(means).deviation, 1),
      logCostVariance: merged(router.logCostVariance, logCostVariance, 0),
      rounds: router.rounds + round,
    };
  },
};

export type MlpAddModelsState = AveragingState<MlpAddModelsParameters>;

/**
 * Heads for new models on the trunk of an MLP router, by federated averaging of these heads alone: of queries that the new models have
 * answered, nothing of what is known about the others is learned again, or forgotten.
 */
export const mlpAddModelsProgram: Program<MlpAddModelsParameters, MlpAddModelsState> =
  averagingProgram(ROUTER);

function shapeFor(router: MlpModel, models: number): MlpShape {
  return { ...mlpShapeOf(router), models };
}

/** @throws RouterError `BAD_PARAMETERS` */
export function checkMlpAddModelsParameters(untrusted: unknown): MlpAddModelsParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const router = readPreviousRouter(fields, 'mlp');
  const parameters = {
    ...readAveragingParameters(fields, { learningRate: 1e-3, rounds: 10 }, router),
    router,
  };
  fields.end();
  const known = parameters.models.find(
    (name) => (router.observations[router.models.indexOf(name)] ?? 0) >= 0.5,
  );
  if (known !== undefined) {
    fields.fail('models', 'models that the router has no observations of', known);
  }
  return parameters;
}
