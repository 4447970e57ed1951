/**
 * Upper tails of the two distributions that dropouts and colluders follow. Every weight is relative to the
 * mode's and follows from its neighbour by one ratio, so nothing overflows and only IEEE addition,
 * multiplication and division are used: every client computes the same bits, which logarithms and gamma
 * functions of the platform do not promise. Relative error is about 1e-13; tails below 2^-1000 come out as 0.
 */
import { ProtocolError } from '../errors.ts';

/** A distribution on whole numbers. */
export interface Distribution {
  /** P[X = x] */
  probability(x: number): number;
  /** P[X > x] */
  above(x: number): number;
}

/**
 * Successes in `trials` independent trials.
 * @param probability of one success, 0..1
 * @throws ProtocolError BAD_PARAMETERS
 */
export function binomial(trials: number, probability: number): Distribution {
  requireCount('trials', trials);
  if (!(probability >= 0 && probability <= 1)) {
    throw new ProtocolError('BAD_PARAMETERS', `probability ${probability} is outside 0..1`);
  }
  const odds = probability / (1 - probability);
  return fromRatios(0, trials, (x) => ((trials - x) / (x + 1)) * odds);
}

/**
 * Marked members among `draws` members drawn without replacement out of `population`.
 * @throws ProtocolError BAD_PARAMETERS where more are marked or drawn than there are
 */
export function hypergeometric(population: number, marked: number, draws: number): Distribution {
  requireCount('population', population);
  requireCount('marked', marked, population);
  requireCount('draws', draws, population);
  const unmarkedLeft = population - marked - draws;
  const least = Math.max(0, -unmarkedLeft);
  return fromRatios(
    least,
    Math.min(marked, draws),
    (x) => ((marked - x) * (draws - x)) / ((x + 1) * (unmarkedLeft + x + 1)),
  );
}

/** @param ratio P[X = x + 1] / P[X = x] for least <= x < most, falling in x */
function fromRatios(least: number, most: number, ratio: (x: number) => number): Distribution {
  const weights = new Float64Array(most - least + 1);
  let mode = least;
  while (mode < most && ratio(mode) > 1) mode++;
  weights[mode - least] = 1;
  for (let x = mode; x < most; x++) {
    weights[x + 1 - least] = (weights[x - least] as number) * ratio(x);
  }
  for (let x = mode; x > least; x--) {
    weights[x - 1 - least] = (weights[x - least] as number) / ratio(x - 1);
  }
  // From the far end: on the tail that is asked for, small weights are added first.
  const tails = new Float64Array(weights.length);
  let total = 0;
  for (let i = weights.length - 1; i >= 0; i--) {
    tails[i] = total;
    total += weights[i] as number;
  }
  return {
    probability: (x) => (weights[x - least] ?? 0) / total,
    above: (x) => (x < least ? 1 : (tails[x - least] ?? 0) / total),
  };
}

function requireCount(name: string, count: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(count) && count >= 0 && count <= most) return;
  const limit = most === Number.MAX_SAFE_INTEGER ? 'no count' : `outside 0..${most}`;
  throw new ProtocolError('BAD_PARAMETERS', `${name} ${count} is ${limit}`);
}
