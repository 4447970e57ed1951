/**
 * The network at some trained values, one record at a time: DP-SGD clips the gradient of each. Trunk of two layers with layer norm and GELU as in
 * the MLP router; a model's logit is that of its mean quality, plus what its head and the shared one make of the trunk's outputs.
 */
import { type Normal, standardNormal } from '../../mlp/gelu.ts';
import { type BaseWeights, type Layout, layoutOf } from './layout.ts';
import { logit } from './logit.ts';
import type { DpSgdParameters } from './parameters.ts';
import type { ModelMeans } from './state.ts';

const EPSILON = 1e-5;
/** Mean of GELU over a standard normal, 1 / (2 sqrt(pi)): what outputs of layer norm have in common, and what no head should pay its bound for. */
export const COMMON = 0.28209479177387814;

/** Outputs enter the heads times this, so that they have a norm of about 1 whatever the width. */
export function outputScale(width: number): number {
  return 2 / Math.sqrt(width);
}

/** The weights of the trunk at some trained values. */
export interface Trunk {
  readonly weights1: Float64Array;
  readonly biases1: Float64Array;
  readonly weights2: Float64Array;
  readonly biases2: Float64Array;
}

export function trunkAt(parameters: DpSgdParameters, base: BaseWeights, trained: Float64Array): Trunk {
  const { hidden, trunkScale } = parameters;
  const layout = layoutOf(parameters);
  if (layout.trunk === 0) {
    const { weights1, weights2 } = base;
    return { weights1, weights2, biases1: new Float64Array(hidden[0]), biases2: new Float64Array(hidden[1]) };
  }
  const scaled = (start: number, end: number): Float64Array =>
    trained.slice(start, end).map((value) => trunkScale * value);
  return {
    weights1: scaled(0, layout.biases1).map((value, j) => value + (base.weights1[j] as number)),
    biases1: scaled(layout.biases1, layout.weights2),
    weights2: scaled(layout.weights2, layout.biases2).map((value, j) => value + (base.weights2[j] as number)),
    biases2: scaled(layout.biases2, layout.shared),
  };
}

interface Layer {
  readonly normalised: Float64Array;
  readonly outputs: Float64Array;
  readonly slopes: Float64Array;
  /** In: derivatives by outputs. Out: by the layer's sums. */
  readonly derivatives: Float64Array;
  inverse: number;
}

function layerOf(width: number): Layer {
  return {
    normalised: new Float64Array(width),
    outputs: new Float64Array(width),
    slopes: new Float64Array(width),
    derivatives: new Float64Array(width),
    inverse: 0,
  };
}

export class RecordNetwork {
  readonly #parameters: DpSgdParameters;
  readonly #layout: Layout;
  readonly #base: BaseWeights;
  readonly #trained: Float64Array;
  readonly #trunk: Trunk;
  readonly #logits: Float64Array;
  readonly #inputs: Float64Array;
  readonly #first: Layer;
  readonly #second: Layer;
  readonly #scale: number;
  readonly #normal: Normal = { distribution: 0, density: 0 };

  constructor(parameters: DpSgdParameters, base: BaseWeights, means: ModelMeans, trained: Float64Array) {
    const { hidden, projection } = parameters;
    this.#parameters = parameters;
    this.#layout = layoutOf(parameters);
    this.#base = base;
    this.#trained = trained;
    this.#trunk = trunkAt(parameters, base, trained);
    this.#logits = means.quality.map(logit);
    this.#inputs = new Float64Array(projection);
    this.#first = layerOf(hidden[0]);
    this.#second = layerOf(hidden[1]);
    this.#scale = outputScale(hidden[1]);
  }

  /** Takes a record's features, from `start` on; all that follows is about it. */
  see(features: Float64Array): void {
    const { dimensions, projection } = this.#parameters;
    for (let i = 0; i < projection; i++) {
      let sum = 0;
      const row = i * dimensions;
      for (let j = 0; j < dimensions; j++)
        sum += (this.#base.projection[row + j] as number) * (features[j] as number);
      this.#inputs[i] = sum;
    }
    const { weights1, biases1, weights2, biases2 } = this.#trunk;
    this.#activate(this.#first, weights1, biases1, this.#inputs);
    this.#activate(this.#second, weights2, biases2, this.#first.outputs);
  }

  /** Predicted quality of a model on the record, in (0, 1). */
  quality(model: number): number {
    const { shared, heads, head } = this.#layout;
    const { headScale } = this.#parameters;
    const own = heads + model * head;
    const width = head - 1;
    let sum = (this.#logits[model] as number) + headScale * (this.#trained[own + width] as number);
    for (let j = 0; j < width; j++) {
      const weight = (this.#trained[shared + j] as number) + headScale * (this.#trained[own + j] as number);
      sum += weight * this.#centred(j);
    }
    return 1 / (1 + Math.exp(-sum));
  }

  /**
   * Adds the gradient of the log loss of one observation to `into`, dense, in the order of the layout.
   * @param error predicted minus observed quality
   */
  addGradient(model: number, error: number, into: Float64Array): void {
    const { trunk, shared, heads, head } = this.#layout;
    const { headScale, trunkScale } = this.#parameters;
    const own = heads + model * head;
    const width = head - 1;
    const { derivatives } = this.#second;
    for (let j = 0; j < width; j++) {
      const weight = (this.#trained[shared + j] as number) + headScale * (this.#trained[own + j] as number);
      derivatives[j] = error * weight * this.#scale;
      const value = error * this.#centred(j);
      into[shared + j] = (into[shared + j] as number) + value;
      into[own + j] = (into[own + j] as number) + headScale * value;
    }
    into[own + width] = (into[own + width] as number) + headScale * error;
    if (trunk > 0) this.#addTrunkGradient(trunkScale, into);
  }

  #centred(j: number): number {
    return this.#scale * ((this.#second.outputs[j] as number) - COMMON);
  }

  #activate(layer: Layer, weights: Float64Array, biases: Float64Array, inputs: Float64Array): void {
    const { normalised, outputs, slopes } = layer;
    const width = biases.length;
    let total = 0;
    for (let i = 0; i < width; i++) {
      let sum = biases[i] as number;
      const row = i * inputs.length;
      for (let j = 0; j < inputs.length; j++) sum += (weights[row + j] as number) * (inputs[j] as number);
      normalised[i] = sum;
      total += sum;
    }
    const mean = total / width;
    let squares = 0;
    for (let i = 0; i < width; i++) squares += ((normalised[i] as number) - mean) ** 2;
    layer.inverse = 1 / Math.sqrt(squares / width + EPSILON);
    for (let i = 0; i < width; i++) {
      const x = ((normalised[i] as number) - mean) * layer.inverse;
      normalised[i] = x;
      standardNormal(x, this.#normal);
      outputs[i] = x * this.#normal.distribution;
      slopes[i] = this.#normal.distribution + x * this.#normal.density;
    }
  }

  #addTrunkGradient(scale: number, into: Float64Array): void {
    const { biases1, weights2, biases2 } = this.#layout;
    const [first, second] = [this.#first, this.#second];
    throughNorm(second);
    addOuter(into, weights2, biases2, second.derivatives, first.outputs, scale);
    const width = first.outputs.length;
    first.derivatives.fill(0);
    second.derivatives.forEach((derivative, i) => {
      for (let j = 0; j < width; j++) {
        first.derivatives[j] =
          (first.derivatives[j] as number) + derivative * (this.#trunk.weights2[i * width + j] as number);
      }
    });
    throughNorm(first);
    addOuter(into, 0, biases1, first.derivatives, this.#inputs, scale);
  }
}

/** Derivatives by a layer's outputs become those by its sums. */
function throughNorm({ derivatives, slopes, normalised, inverse }: Layer): void {
  const width = derivatives.length;
  let [total, product] = [0, 0];
  for (let i = 0; i < width; i++) {
    const value = (derivatives[i] as number) * (slopes[i] as number);
    derivatives[i] = value;
    total += value;
    product += value * (normalised[i] as number);
  }
  const [mean, correlation] = [total / width, product / width];
  for (let i = 0; i < width; i++) {
    derivatives[i] = inverse * ((derivatives[i] as number) - mean - (normalised[i] as number) * correlation);
  }
}

function addOuter(
  into: Float64Array,
  weights: number,
  biases: number,
  derivatives: Float64Array,
  inputs: Float64Array,
  scale: number,
): void {
  derivatives.forEach((derivative, i) => {
    const value = scale * derivative;
    const row = weights + i * inputs.length;
    for (let j = 0; j < inputs.length; j++)
      into[row + j] = (into[row + j] as number) + value * (inputs[j] as number);
    into[biases + i] = (into[biases + i] as number) + value;
  });
}
