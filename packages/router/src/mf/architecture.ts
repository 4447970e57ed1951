/** The network of matrix factorisation over a batch: outputs are bilinear in a projection of the query and the vector of a model. */
import type { ProductShape, Workspace } from '../linalg/matrix/kernel.ts';
import type { Architecture, Network } from '../network/architecture.ts';
import type { SeededGenerator } from '../random/generator.ts';
import { initialMfWeights } from './initial-weights.ts';
import { fillFactors, type MfShape, mfParameterCount, type MfTensors, mfTensorsIn } from './shape.ts';

type InferenceArray = 'parameters' | 'inputs' | 'queries' | 'factors' | 'predictions';
type TrainingArray =
  | InferenceArray
  | 'gradients'
  | 'moments'
  | 'squares'
  | 'factorGradients'
  | 'queryGradients';

interface Products {
  readonly queries: ProductShape;
  readonly predictions: ProductShape;
  readonly factorGradients: ProductShape;
  readonly queryGradients: ProductShape;
  readonly projectionGradients: ProductShape;
}

/** @param noise standard deviation of what training adds to each value of a query's vector */
export function mfArchitecture(shape: MfShape, noise = 0): Architecture {
  const { inputs, rank, models } = shape;
  const count = mfParameterCount(shape);
  const first = count - models * rank;
  return {
    inputs,
    models,
    parameterCount: count,
    ofModels: Array.from({ length: models }, (_, model) => ({
      model,
      start: first + model * rank,
      end: first + (model + 1) * rank,
    })),
    initialWeights: (generator) => initialMfWeights(shape, generator),
    predict(kernel, batch, use) {
      const { queries, predictions } = productsFor(shape, batch);
      return kernel.withWorkspace(inferenceLengths(shape, batch), [queries, predictions], (workspace) =>
        use(networkIn(workspace, shape, noise)),
      );
    },
    train(kernel, batch, use) {
      const lengths: Record<TrainingArray, number> = {
        ...inferenceLengths(shape, batch),
        gradients: count,
        moments: count,
        squares: count,
        factorGradients: 2 * models * rank,
        queryGradients: rank * batch,
      };
      return kernel.withWorkspace(lengths, Object.values(productsFor(shape, batch)), (workspace) => {
        const { gradients, moments, squares } = workspace.arrays;
        return use({
          ...networkIn(workspace, shape, noise),
          gradients,
          moments,
          squares,
          adamW: workspace.adamW,
          backward: backwardIn(workspace, shape),
        });
      });
    },
  };
}

function inferenceLengths({ inputs, rank, models }: MfShape, batch: number): Record<InferenceArray, number> {
  return {
    parameters: mfParameterCount({ inputs, rank, models }),
    inputs: inputs * batch,
    queries: rank * batch,
    factors: 2 * models * rank,
    predictions: 2 * models * batch,
  };
}

function productsFor({ inputs, rank, models }: MfShape, records: number): Products {
  return {
    queries: { m: records, k: inputs, n: rank },
    predictions: { m: records, k: rank, n: 2 * models },
    factorGradients: { m: 2 * models, k: records, n: rank },
    queryGradients: { m: records, k: 2 * models, n: rank },
    projectionGradients: { m: rank, k: records, n: inputs },
  };
}

function networkIn(workspace: Workspace<InferenceArray>, shape: MfShape, noise: number): Network {
  const { parameters, inputs, queries, factors, predictions } = workspace.arrays;
  const { rank } = shape;
  const tensors = mfTensorsIn(parameters, shape);
  return {
    parameters,
    inputs,
    predictions,
    forward(records: number, generator?: SeededGenerator): void {
      const products = productsFor(shape, records);
      workspace.multiplyTransposedB(inputs, tensors.projection, queries, products.queries);
      addToRows(queries, tensors.projectionBiases, records * rank);
      if (generator !== undefined && noise > 0) addNoise(queries, records * rank, noise, generator);
      fillFactors(factors, tensors, rank);
      workspace.multiplyTransposedB(queries, factors, predictions, products.predictions);
      addToRows(predictions, tensors.headBiases, records * 2 * shape.models);
    },
  };
}

/** Adds the values of `row`, again and again, to the first `count` values. */
function addToRows(values: Float32Array, row: Float32Array, count: number): void {
  for (let at = 0; at < count; at++) values[at] = (values[at] as number) + (row[at % row.length] as number);
}

/** Adds normal draws (Box and Muller, 1958), two at a time. */
function addNoise(values: Float32Array, count: number, deviation: number, generator: SeededGenerator): void {
  for (let at = 0; at < count; at += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log((generator.nextUint32() + 1) * 2 ** -32));
    const angle = 2 * Math.PI * generator.nextUint32() * 2 ** -32;
    values[at] = (values[at] as number) + radius * Math.cos(angle);
    if (at + 1 < count) values[at + 1] = (values[at + 1] as number) + radius * Math.sin(angle);
  }
}

function backwardIn(workspace: Workspace<TrainingArray>, shape: MfShape): (records: number) => void {
  const { parameters, gradients, inputs, queries, factors, predictions, factorGradients, queryGradients } =
    workspace.arrays;
  const { rank } = shape;
  const tensors = mfTensorsIn(parameters, shape);
  const into = mfTensorsIn(gradients, shape);
  return (records) => {
    const products = productsFor(shape, records);
    sumRows(predictions, records * 2 * shape.models, into.headBiases);
    workspace.multiplyTransposedA(predictions, queries, factorGradients, products.factorGradients);
    divideFactorGradients(factorGradients, tensors, into, rank);
    workspace.multiply(predictions, factors, queryGradients, products.queryGradients);
    sumRows(queryGradients, records * rank, into.projectionBiases);
    workspace.multiplyTransposedA(queryGradients, inputs, into.projection, products.projectionGradients);
  };
}

/** Value j of `sums` is the sum of the first `count` values at j, j + n, j + 2n, ... for its length n. */
function sumRows(values: Float32Array, count: number, sums: Float32Array): void {
  sums.fill(0);
  for (let at = 0; at < count; at++) {
    const j = at % sums.length;
    sums[j] = (sums[j] as number) + (values[at] as number);
  }
}

/** From the derivatives by the factors to those by the models' vectors and the heads that they are products of. */
function divideFactorGradients(
  factorGradients: Float32Array,
  { models, heads }: MfTensors,
  into: MfTensors,
  rank: number,
): void {
  into.heads.fill(0);
  for (let at = 0; at < models.length; at++) {
    const m = Math.floor(at / rank);
    const j = at % rank;
    const byQuality = factorGradients[2 * m * rank + j] as number;
    const byCost = factorGradients[(2 * m + 1) * rank + j] as number;
    const value = models[at] as number;
    into.models[at] = byQuality * (heads[j] as number) + byCost * (heads[rank + j] as number);
    into.heads[j] = (into.heads[j] as number) + byQuality * value;
    into.heads[rank + j] = (into.heads[rank + j] as number) + byCost * value;
  }
}
