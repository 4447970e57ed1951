import type { TrainableNetwork } from './architecture.ts';

/** The decay rates of the running means that every kernel has built in. */
const BETA1 = 0.9;
const BETA2 = 0.999;

export interface AdamWOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; a longer one is shrunk to it. */
  readonly gradientClip: number;
}

/**
 * AdamW (Loshchilov and Hutter, 2019) with decoupled decay of every parameter, after clipping the gradient's norm.
 * @param step 1, 2, ...
 */
export function adamWStep(
  network: Pick<TrainableNetwork, 'parameters' | 'gradients' | 'moments' | 'squares' | 'adamW'>,
  { learningRate, weightDecay, gradientClip }: AdamWOptions,
  step: number,
): void {
  const { parameters, gradients, moments, squares } = network;
  const norm = euclideanNorm(gradients);
  network.adamW(
    { parameters, gradients, moments, squares },
    {
      shrink: norm > gradientClip ? gradientClip / norm : 1,
      decay: 1 - learningRate * weightDecay,
      rate: learningRate / (1 - BETA1 ** step),
      correction: 1 / Math.sqrt(1 - BETA2 ** step),
    },
  );
}

/** Four sums at once: one alone waits for each addition. */
function euclideanNorm(values: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const v0 = values[i] as number;
    const v1 = values[i + 1] as number;
    const v2 = values[i + 2] as number;
    const v3 = values[i + 3] as number;
    s0 += v0 * v0;
    s1 += v1 * v1;
    s2 += v2 * v2;
    s3 += v3 * v3;
  }
  for (let i = whole; i < values.length; i++) s0 += (values[i] as number) ** 2;
  return Math.sqrt(s0 + s1 + s2 + s3);
}
