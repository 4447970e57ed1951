import type { MlpModel } from '../../artifact/model.ts';
import { mlpShapeOf } from '../../artifact/mlp-predictor.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { mlpArchitecture } from '../../mlp/architecture.ts';
import { headsLength, placeHeads, withMoreModels } from '../../mlp/heads.ts';
import type { MlpShape } from '../../mlp/shape.ts';
import type { Architecture } from '../../network/architecture.ts';
import type { Program } from '../../program.ts';
import type { SeededGenerator } from '../../random/generator.ts';
import { scalerOf } from '../averaging/costs.ts';
import { type AveragingParameters, readAveragingParameters } from '../averaging/parameters.ts';
import { type AveragedRouter, averagingProgram } from '../averaging/program.ts';
import type { AveragingState, ModelMeans } from '../averaging/state.ts';
import { appendPreviousRouter, readPreviousRouter, unionOfModels } from '../previous-router.ts';

/**
 * What newcomers do with an MLP router, public and the same at every one of them. The learning rate is by default 5e-4, `rounds` 2;
 * `models` are all of the router's, in its order, and behind them those that only the newcomers use.
 */
export interface MlpAddClientsParameters extends AveragingParameters {
  /** Where training starts, and what it is not to stray from. */
  readonly router: MlpModel;
  /** Weight of the distance from the router's predictions, beside 1 for the loss on observations. 0 .. 1000, by default 1. */
  readonly distillation: number;
  /** Share of the hidden layers' outputs that a step leaves out. 0 .. 0.9, by default 0.1. */
  readonly dropout: number;
}

const ROUTER: AveragedRouter<MlpAddClientsParameters, MlpModel> = {
  name: 'mlp-add-clients',
  parameters: checkMlpAddClientsParameters,
  appendOwn(bytes, { router, distillation, dropout }): void {
    appendPreviousRouter(bytes, router);
    bytes.float64(distillation).float64(dropout);
  },
  architecture,
  means: meansOfAll,
  reference: ({ router, models, distillation }) => ({
    weights: withMoreModels(router.weights, mlpShapeOf(router), models.length),
    known: models.map((_, m) => isKnown(router, m)),
    weight: distillation,
  }),
  model({ router, models }, means, { weights, logCostVariance, round }): MlpModel {
    const { heldOutLoss: _, ...rest } = router;
    return {
      ...rest,
      models,
      weights,
      observations: means.observations,
      quality: means.quality,
      logCost: means.logCost,
      logCostDeviation: scalerOf(means).deviation,
      logCostVariance: logCostVariance.map((variance, m) => {
        const [before, all] = [router.observations[m] ?? 0, means.observations[m] as number];
        if (all < 0.5) return variance;
        return ((router.logCostVariance[m] ?? 0) * before + variance * (all - before)) / all;
      }),
      rounds: router.rounds + round,
    };
  },
};

export type MlpAddClientsState = AveragingState<MlpAddClientsParameters>;

/**
 * Newcomers go on with an MLP router without those who trained it, by federated averaging among themselves. The predictions of the router
 * that they were given, for every model on their own queries, keep the network from forgetting what they know nothing of.
 */
export const mlpAddClientsProgram: Program<MlpAddClientsParameters, MlpAddClientsState> =
  averagingProgram(ROUTER);

function architecture({ router, models, dropout }: MlpAddClientsParameters): Architecture {
  const shape: MlpShape = { ...mlpShapeOf(router), models: models.length };
  return {
    ...mlpArchitecture(shape, dropout),
    initialWeights: (generator) => startingPoint(router, shape, generator),
  };
}

/** The router; heads of models that it never saw are drawn. */
function startingPoint(router: MlpModel, shape: MlpShape, generator: SeededGenerator): Float32Array {
  const weights = withMoreModels(router.weights, mlpShapeOf(router), shape.models);
  const places = Array.from({ length: shape.models }, (_, m) => m).filter((m) => !isKnown(router, m));
  const drawn = mlpArchitecture({ ...shape, models: Math.max(1, places.length) }).initialWeights(generator);
  const heads = drawn.subarray(drawn.length - places.length * headsLength(shape));
  placeHeads(weights, shape, { heads, places });
  return weights;
}

/** Scales of cost stay as the router's heads know them; of its other models the newcomers' are all there is. */
function meansOfAll({ router, models }: MlpAddClientsParameters, observed: ModelMeans): ModelMeans {
  const known = models.map((_, m) => isKnown(router, m));
  const either = (before: Float64Array, now: Float64Array): Float64Array =>
    now.map((value, m) => (known[m] === true ? (before[m] as number) : value));
  const observations = observed.observations.map(
    (n, m) => n + (known[m] === true ? (router.observations[m] as number) : 0),
  );
  return {
    observations,
    quality: observed.quality.map((quality, m) => {
      const all = observations[m] as number;
      if (known[m] !== true || all < 0.5) return quality;
      const before = router.observations[m] as number;
      return ((router.quality[m] as number) * before + quality * (all - before)) / all;
    }),
    logCost: either(router.logCost, observed.logCost),
    logCostVariance: either(
      router.logCostDeviation.map((deviation) => deviation * deviation),
      observed.logCostVariance,
    ),
  };
}

function isKnown({ observations }: MlpModel, model: number): boolean {
  return (observations[model] ?? 0) >= 0.5;
}

/** @throws RouterError `BAD_PARAMETERS` */
export function checkMlpAddClientsParameters(untrusted: unknown): MlpAddClientsParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const router = readPreviousRouter(fields, 'mlp');
  const parameters: MlpAddClientsParameters = {
    ...readAveragingParameters(fields, { learningRate: 5e-4, rounds: 2 }, router),
    router,
    distillation: fields.number('distillation', { least: 0, most: 1000, otherwise: 1 }),
    dropout: fields.number('dropout', { least: 0, most: 0.9, otherwise: 0.1 }),
  };
  fields.end();
  const { models } = parameters;
  if (unionOfModels(router, models).some((name, m) => name !== models[m])) {
    fields.fail('models', 'the models of the router in its order, then others', models);
  }
  return parameters;
}
