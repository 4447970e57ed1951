/** The MLP of Federate the Router (Askin et al., 2026): its tensors, and where each stands in one flat vector of parameters. */

export interface MlpShape {
  /** Length of an embedding. */
  readonly inputs: number;
  /** Widths of the two hidden layers. */
  readonly hidden: readonly [number, number];
  /** Number of models: each has one head for quality and one for cost. */
  readonly models: number;
}

/**
 * The tensors in their order. Weights are row-major, one row per output; rows 2m and 2m + 1 of `heads` are model m's heads for
 * quality and for cost.
 */
export const TENSORS = [
  'weights1',
  'biases1',
  'scales1',
  'shifts1',
  'weights2',
  'biases2',
  'scales2',
  'shifts2',
  'heads',
  'headBiases',
] as const;

export type TensorName = (typeof TENSORS)[number];
export type Tensors = Readonly<Record<TensorName, Float32Array>>;

/** Widest hidden layer that files and runs may ask for. */
export const MAX_HIDDEN = 8192;

/** Lengths of the tensors. */
export function tensorLengths({
  inputs,
  hidden: [first, second],
  models,
}: MlpShape): Record<TensorName, number> {
  return {
    weights1: first * inputs,
    biases1: first,
    scales1: first,
    shifts1: first,
    weights2: second * first,
    biases2: second,
    scales2: second,
    shifts2: second,
    heads: 2 * models * second,
    headBiases: 2 * models,
  };
}

/** 669,718 for 768 inputs, two layers of 512 and 11 models. */
export function parameterCount(shape: MlpShape): number {
  const lengths = tensorLengths(shape);
  return TENSORS.reduce((total, name) => total + lengths[name], 0);
}

/** Number of parameters of the trunk, which all models share: those before `heads`. */
export function trunkLength(shape: MlpShape): number {
  return parameterCount(shape) - 2 * shape.models * (shape.hidden[1] + 1);
}

/** Views of the tensors in a flat vector of `parameterCount(shape)` values. */
export function tensorsIn(flat: Float32Array, shape: MlpShape): Tensors {
  const lengths = tensorLengths(shape);
  let start = 0;
  const views = TENSORS.map((name) => {
    const view = flat.subarray(start, start + lengths[name]);
    start += lengths[name];
    return [name, view] as const;
  });
  return Object.fromEntries(views) as Record<TensorName, Float32Array>;
}

/** What a hidden layer holds beside its weights. */
export interface LayerTensors {
  readonly biases: Float32Array;
  readonly scales: Float32Array;
  readonly shifts: Float32Array;
}

export function layerTensors(tensors: Tensors, layer: 1 | 2): LayerTensors {
  return layer === 1
    ? { biases: tensors.biases1, scales: tensors.scales1, shifts: tensors.shifts1 }
    : { biases: tensors.biases2, scales: tensors.scales2, shifts: tensors.shifts2 };
}
