/** Matrix factorisation after EmbedLLM (Zhuang et al., 2024): its tensors, and where each stands in one flat vector of parameters. */

export interface MfShape {
  /** Length of an embedding. */
  readonly inputs: number;
  /** Length of the vectors that stand for a query and for a model. */
  readonly rank: number;
  /** Number of models. */
  readonly models: number;
}

/**
 * The tensors in their order, row-major. Row 0 of `heads`, and entry 0 of their biases, is for quality, 1 for cost; `models` has a row for each
 * model, and is all that belongs to one model alone.
 */
export const MF_TENSORS = ['projection', 'projectionBiases', 'heads', 'headBiases', 'models'] as const;

export type MfTensors = Readonly<Record<(typeof MF_TENSORS)[number], Float32Array>>;

/** Longest vectors that files and runs may ask for. */
export const MAX_RANK = 8192;

function lengthsOf({ inputs, rank, models }: MfShape): Record<keyof MfTensors, number> {
  return {
    projection: rank * inputs,
    projectionBiases: rank,
    heads: 2 * rank,
    headBiases: 2,
    models: models * rank,
  };
}

/** 50,050 for 768 inputs, rank 64 and 11 models. */
export function mfParameterCount(shape: MfShape): number {
  const lengths = lengthsOf(shape);
  return MF_TENSORS.reduce((total, name) => total + lengths[name], 0);
}

/** Views of the tensors in a flat vector of `mfParameterCount(shape)` values. */
export function mfTensorsIn(flat: Float32Array, shape: MfShape): MfTensors {
  const lengths = lengthsOf(shape);
  let start = 0;
  const views = MF_TENSORS.map((name) => {
    const view = flat.subarray(start, start + lengths[name]);
    start += lengths[name];
    return [name, view] as const;
  });
  return Object.fromEntries(views) as Record<keyof MfTensors, Float32Array>;
}

/**
 * What multiplies a query's vector to give all outputs: rows 2m and 2m + 1 are model m's vector times the heads for quality and for cost,
 * element by element.
 */
export function fillFactors(factors: Float32Array, { models, heads }: MfTensors, rank: number): void {
  for (let at = 0; at < models.length; at++) {
    const m = Math.floor(at / rank);
    const j = at % rank;
    const value = models[at] as number;
    factors[2 * m * rank + j] = value * (heads[j] as number);
    factors[(2 * m + 1) * rank + j] = value * (heads[rank + j] as number);
  }
}
