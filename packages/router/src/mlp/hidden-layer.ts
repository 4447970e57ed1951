/** What follows a hidden layer's matrix product: bias, layer norm (Ba et al., 2016), GELU, dropout; and the way back. */
import { type Normal, standardNormal } from './gelu.ts';
import type { LayerTensors } from './shape.ts';

const EPSILON = 1e-5;
/** Overwritten for every value: routing allocates nothing. */
const normal: Normal = { distribution: 0, density: 0 };

/** Row-major, one row of `width` values per record. */
export interface LayerValues {
  /** In: the matrix product. Out: the normalised values. */
  readonly normalised: Float32Array;
  /** Out: the layer's output. */
  readonly outputs: Float32Array;
  /** Out: derivative of each output by its scaled and shifted value. In training, it holds the dropout mask before. */
  readonly slopes: Float32Array;
  /** Out: 1 / standard deviation, one per record. */
  readonly inverseDeviations: Float32Array;
}

/**
 * @param masked whether `slopes` holds a dropout mask; without one nothing is dropped
 */
export function activate(
  { biases, scales, shifts }: LayerTensors,
  { normalised, outputs, slopes, inverseDeviations }: LayerValues,
  records: number,
  masked: boolean,
): void {
  const width = biases.length;
  for (let i = 0, start = 0; i < records; i++, start += width) {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const value = (normalised[start + j] as number) + (biases[j] as number);
      normalised[start + j] = value;
      sum += value;
    }
    const mean = sum / width;
    let squares = 0;
    for (let j = 0; j < width; j++) {
      const centred = (normalised[start + j] as number) - mean;
      squares += centred * centred;
    }
    const inverse = 1 / Math.sqrt(squares / width + EPSILON);
    inverseDeviations[i] = inverse;
    for (let j = 0; j < width; j++) {
      const at = start + j;
      const standard = ((normalised[at] as number) - mean) * inverse;
      normalised[at] = standard;
      const x = standard * (scales[j] as number) + (shifts[j] as number);
      standardNormal(x, normal);
      const kept = masked ? (slopes[at] as number) : 1;
      outputs[at] = kept * x * normal.distribution;
      slopes[at] = kept * (normal.distribution + x * normal.density);
    }
  }
}

/**
 * Turns derivatives of the loss by the layer's outputs, in place, into those by its matrix product.
 * @param derivatives in `outputs`' form
 * @param gradients receives the sums over the records
 */
export function backpropagate(
  { scales }: LayerTensors,
  { normalised, slopes, inverseDeviations }: LayerValues,
  derivatives: Float32Array,
  records: number,
  gradients: LayerTensors,
): void {
  const width = scales.length;
  gradients.biases.fill(0);
  gradients.scales.fill(0);
  gradients.shifts.fill(0);
  for (let i = 0, start = 0; i < records; i++, start += width) {
    let sum = 0;
    let product = 0;
    for (let j = 0; j < width; j++) {
      const at = start + j;
      const standard = normalised[at] as number;
      const byScaled = (derivatives[at] as number) * (slopes[at] as number);
      gradients.shifts[j] = (gradients.shifts[j] as number) + byScaled;
      gradients.scales[j] = (gradients.scales[j] as number) + byScaled * standard;
      const byStandard = byScaled * (scales[j] as number);
      derivatives[at] = byStandard;
      sum += byStandard;
      product += byStandard * standard;
    }
    const mean = sum / width;
    const correlation = product / width;
    const inverse = inverseDeviations[i] as number;
    for (let j = 0; j < width; j++) {
      const at = start + j;
      const byInput =
        inverse * ((derivatives[at] as number) - mean - (normalised[at] as number) * correlation);
      derivatives[at] = byInput;
      gradients.biases[j] = (gradients.biases[j] as number) + byInput;
    }
  }
}
