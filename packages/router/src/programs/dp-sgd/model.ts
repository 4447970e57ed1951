import type { MlpModel } from '../../artifact/model.ts';
import { type MlpShape, parameterCount, tensorsIn } from '../../mlp/shape.ts';
import { baseWeights, layoutOf } from './layout.ts';
import { logit } from './logit.ts';
import { COMMON, outputScale, trunkAt } from './network.ts';
import type { DpSgdParameters } from './parameters.ts';
import type { ModelMeans } from './state.ts';

/** Least standard deviation of z that an MLP router takes. */
const LEAST_DEVIATION = 1e-3;

/**
 * The trained values as an MLP router: the projection becomes part of the first layer, the mean qualities and the shared head part of every
 * head. Costs are those of the models: their heads are 0.
 */
export function mlpModelOf(parameters: DpSgdParameters, means: ModelMeans, trained: Float64Array): MlpModel {
  const { models, dimensions, hidden, costMinUsd, costMaxUsd, steps } = parameters;
  const deviation = Math.max(LEAST_DEVIATION, Math.sqrt(means.logCostVariance));
  return {
    kind: 'mlp',
    models,
    dimensions,
    hidden,
    weights: foldedWeights(parameters, means, trained),
    observations: means.observations,
    quality: means.quality,
    logCost: means.logCost,
    logCostDeviation: new Float64Array(models.length).fill(deviation),
    logCostVariance: new Float64Array(models.length).fill(means.logCostVariance),
    costMinUsd,
    costMaxUsd,
    rounds: steps,
  };
}

function foldedWeights(parameters: DpSgdParameters, means: ModelMeans, trained: Float64Array): Float32Array {
  const { models, dimensions, projection, hidden, headScale } = parameters;
  const [first, second] = hidden;
  const shape: MlpShape = { inputs: dimensions, hidden, models: models.length };
  const flat = new Float32Array(parameterCount(shape));
  const tensors = tensorsIn(flat, shape);
  const base = baseWeights(parameters);
  const trunk = trunkAt(parameters, base, trained);
  const row = new Float64Array(dimensions);
  for (let i = 0; i < first; i++) {
    row.fill(0);
    for (let k = 0; k < projection; k++) {
      const weight = trunk.weights1[i * projection + k] as number;
      for (let j = 0; j < dimensions; j++) {
        row[j] = (row[j] as number) + weight * (base.projection[k * dimensions + j] as number);
      }
    }
    tensors.weights1.set(row, i * dimensions);
  }
  tensors.biases1.set(trunk.biases1);
  tensors.scales1.fill(1);
  tensors.weights2.set(trunk.weights2);
  tensors.biases2.set(trunk.biases2);
  tensors.scales2.fill(1);
  const { shared, heads, head } = layoutOf(parameters);
  const scale = outputScale(second);
  means.quality.forEach((quality, m) => {
    const own = heads + m * head;
    let bias = logit(quality) + headScale * (trained[own + second] as number);
    for (let j = 0; j < second; j++) {
      const weight = scale * ((trained[shared + j] as number) + headScale * (trained[own + j] as number));
      tensors.heads[2 * m * second + j] = weight;
      bias -= COMMON * weight;
    }
    tensors.headBiases[2 * m] = bias;
  });
  return flat;
}
