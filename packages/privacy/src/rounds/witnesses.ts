/**
 * Witness coordinates: places of every sum at which all contribute 0 and their noise. They open to noise alone, so whoever sees the sum
 * can test that the shares were there, of the declared variance, and fresh. Noise is independent per coordinate, so they cost no privacy.
 *
 * They do not catch a member that cheats at the other coordinates only, and one round notices a fifth of the noise missing with probability
 * about one half, ten rounds almost surely.
 */

/** Coordinates per sum: 4 KiB on the wire. */
export const WITNESSES = 1024;

/** Each side of each test fails an honest sum with probability below 10^-6. */
const DEVIATIONS = 4.9;
/** Of a Gaussian beyond one standard deviation. */
const BEYOND_ONE = 0.31731;

export interface WitnessFinding {
  /** Whether all tests passed. */
  readonly ok: boolean;
  /** Realised over declared variance: 1 up to chance. */
  readonly varianceRatio: number;
  /** What failed, for people; empty where nothing did. */
  readonly fault: string;
}

/**
 * Tests variance and shape against |survivors| * variance.
 * @param words the opened witnesses, lifted
 */
export function checkWitnesses(words: Int32Array, survivors: number, variance: bigint): WitnessFinding {
  const expected = survivors * Number(variance);
  let [squares, beyond, total] = [0, 0, 0];
  for (const word of words) {
    squares += word * word;
    total += word;
    if (word * word > expected) beyond++;
  }
  const count = words.length;
  const varianceRatio = squares / count / expected;
  const [low, high] = varianceRange(count);
  const beyondDeviation = Math.sqrt(count * BEYOND_ONE * (1 - BEYOND_ONE));
  let fault = '';
  if (varianceRatio < low || varianceRatio > high) {
    fault = `variance is ${varianceRatio.toFixed(3)} of what ${survivors} shares have`;
  } else if (Math.abs(total) > DEVIATIONS * Math.sqrt(count * expected)) {
    fault = 'the mean is not 0';
  } else if (Math.abs(beyond - count * BEYOND_ONE) > DEVIATIONS * beyondDeviation) {
    fault = 'the distribution is not that of a sum of noise shares';
  }
  return { ok: fault === '', varianceRatio, fault };
}

/** Quantiles of a mean of squares of Gaussians (Wilson and Hilferty 1931). */
function varianceRange(count: number): readonly [number, number] {
  const spread = 2 / (9 * count);
  const quantile = (deviations: number): number => {
    const root = 1 - spread + deviations * Math.sqrt(spread);
    return root * root * root;
  };
  return [quantile(-DEVIATIONS), quantile(DEVIATIONS)];
}

/** Whether the witnesses of two sums are unrelated; those of reused noise are not. */
export function independentWitnesses(first: Int32Array, second: Int32Array): boolean {
  let [product, ofFirst, ofSecond] = [0, 0, 0];
  for (let j = 0; j < first.length; j++) {
    const [a, b] = [first[j] as number, second[j] ?? 0];
    product += a * b;
    ofFirst += a * a;
    ofSecond += b * b;
  }
  const correlation = product / Math.sqrt(ofFirst * ofSecond);
  return Math.abs(correlation) <= DEVIATIONS / Math.sqrt(first.length);
}
