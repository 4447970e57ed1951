/** Ring sizes: arithmetic is mod 2^32, the wire carries the low `bits` bits. */
export const MIN_RING_BITS = 13;
export const MAX_RING_BITS = 32;

/** The largest |coordinate| that one member's vector and one sum may reach. */
export interface SumBounds {
  readonly bits: number;
  /** Largest |coordinate| of one member's vector before noise. */
  readonly inputBound: number;
  /** How far the noise of the whole sum may reach, by the bound of the noise mechanism; 0 without noise. */
  readonly noiseMargin: number;
}

/**
 * Why a sum over `contributors` vectors could wrap around, or undefined where it cannot: contributors *
 * inputBound + noiseMargin < 2^(bits - 1). A wrapped sum would be wrong without a trace, so this is refused
 * before the round.
 */
export function overflowRisk(contributors: number, bounds: SumBounds): string | undefined {
  const { bits, inputBound, noiseMargin } = bounds;
  if (bits < MIN_RING_BITS || bits > MAX_RING_BITS) {
    return `ring of ${bits} bits is outside ${MIN_RING_BITS}..${MAX_RING_BITS}`;
  }
  const reach = contributors * inputBound + noiseMargin;
  const limit = 2 ** (bits - 1);
  if (reach < limit) return undefined;
  return `${contributors} vectors of at most ${inputBound} and noise of at most ${noiseMargin} reach ${reach}, a ring of ${bits} bits holds less than ${limit}`;
}
