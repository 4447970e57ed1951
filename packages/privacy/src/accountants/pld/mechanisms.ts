/** The dominating pairs of the mechanisms that the PLD accountant knows, as losses in both directions. */
import { normalCdf, normalDensity } from '../normal-distribution.ts';
import type { LossAtom, LossDistribution } from './loss-distribution.ts';

/** The loss of P against Q and of Q against P; one object where the two are equal. */
export interface LossPair {
  readonly forward: LossDistribution;
  readonly backward: LossDistribution;
}

/** Beyond this many standard deviations a tail counts as infinite loss. */
const TAIL = 12;
const BOTH_TAILS = 2 * normalCdf(-TAIL);
/** Five quadrature nodes on a quarter of a standard deviation err by less than 1e-16. */
const GAUSSIAN_PANEL = 0.25;

function symmetric(distribution: LossDistribution): LossPair {
  return { forward: distribution, backward: distribution };
}

/** N(1, z^2) against N(0, z^2). @param z noise multiplier */
export function gaussianLoss(z: number): LossPair {
  return symmetric({
    atoms: [],
    infinite: BOTH_TAILS,
    continuous: {
      low: 1 - TAIL * z,
      high: 1 + TAIL * z,
      panel: GAUSSIAN_PANEL * z,
      density: (x) => normalDensity((x - 1) / z) / z,
      loss: (x) => (2 * x - 1) / (2 * z * z),
      position: (loss) => z * z * loss + 0.5,
    },
  });
}

/**
 * (1-q) N(0, z^2) + q N(1, z^2) against N(0, z^2): a record's presence in a Poisson sample (Mironov, Talwar, Zhang 2019), the same
 * pair under add/remove and zero-out. @param q in (0, 1)
 */
export function poissonGaussianLoss(q: number, z: number): LossPair {
  const loss = (x: number): number => logMixture(q, (2 * x - 1) / (2 * z * z));
  const position = (l: number): number => z * z * inverseLogMixture(q, l) + 0.5;
  const panel = Math.min(GAUSSIAN_PANEL * z, (z * z) / 2);
  const low = -TAIL * z;
  const high = 1 + TAIL * z;
  return {
    forward: {
      atoms: [],
      infinite: BOTH_TAILS,
      continuous: {
        low,
        high,
        panel,
        density: (x) => ((1 - q) * normalDensity(x / z) + q * normalDensity((x - 1) / z)) / z,
        loss,
        position,
      },
    },
    backward: {
      atoms: [],
      infinite: BOTH_TAILS,
      continuous: {
        low: -high,
        high: -low,
        panel,
        density: (x) => normalDensity(x / z) / z,
        loss: (x) => -loss(-x),
        position: (l) => -position(-l),
      },
    },
  };
}

/**
 * (1-q) N(0, z^2) + q N(1, z^2) against (1-q) N(0, z^2) + q N(-1, z^2): one record of a Poisson sample replaced by its opposite.
 * @param q in (0, 1] @param z relative to the sensitivity of one record's presence, not of its replacement
 */
export function poissonGaussianReplaceLoss(q: number, z: number): LossPair {
  const variance = z * z;
  const shrink = q * Math.exp(-1 / (2 * variance));
  const half = (x: number): number => logMixture(q, (2 * x - 1) / (2 * variance));
  const reach = 1 + TAIL * z;
  return symmetric({
    atoms: [],
    infinite: BOTH_TAILS,
    continuous: {
      low: -reach,
      high: reach,
      panel: Math.min(GAUSSIAN_PANEL * z, variance / 2),
      density: (x) => ((1 - q) * normalDensity(x / z) + q * normalDensity((x - 1) / z)) / z,
      loss: (x) => half(x) - half(-x),
      // With y = exp(x/z^2) the ratio is (1-q + shrink*y)/(1-q + shrink/y), a quadratic in y.
      position: (loss) => variance * (loss / 2 + Math.asinh(((1 - q) * Math.sinh(loss / 2)) / shrink)),
    },
  });
}

/** ln(1-q + q exp(u)), without overflow. */
function logMixture(q: number, u: number): number {
  return u > 30 ? u + Math.log(q + (1 - q) * Math.exp(-u)) : Math.log1p(q * Math.expm1(u));
}

/** The u with logMixture(q, u) = loss, for loss > ln(1-q). */
function inverseLogMixture(q: number, loss: number): number {
  return loss > 30
    ? loss - Math.log(q) + Math.log1p((q - 1) * Math.exp(-loss))
    : Math.log1p(Math.expm1(loss) / q);
}

/** Laplace noise around 0 against around 1. @param scale of the noise over L1 sensitivity */
export function laplaceLoss(scale: number): LossPair {
  const largest = 1 / scale;
  return symmetric({
    atoms: [
      { loss: largest, mass: 0.5 },
      { loss: -largest, mass: 0.5 * Math.exp(-largest) },
    ],
    atomSpacing: largest,
    infinite: 0,
    continuous: {
      // x is minus the outcome, so that the loss increases.
      low: -1,
      high: 0,
      panel: Math.min(1, scale) * GAUSSIAN_PANEL,
      density: (x) => (0.5 / scale) * Math.exp(x / scale),
      loss: (x) => (1 + 2 * x) / scale,
      position: (loss) => (loss * scale - 1) / 2,
    },
  });
}

/** Discrete Laplace noise, P(x) proportional to exp(-|x|/scale), around 0 against around `sensitivity`, an integer >= 1. */
export function discreteLaplaceLoss(scale: number, sensitivity: number): LossPair {
  const ratio = Math.exp(-1 / scale);
  // All outcomes up to 0 lose `sensitivity/scale`, all from the sensitivity on lose its opposite.
  const atoms: LossAtom[] = [
    { loss: sensitivity / scale, mass: 1 / (1 + ratio) },
    { loss: -sensitivity / scale, mass: Math.exp(-sensitivity / scale) / (1 + ratio) },
  ];
  const top = -Math.expm1(-1 / scale) / (1 + ratio);
  for (let x = 1; x < sensitivity; x++) {
    atoms.push({ loss: (sensitivity - 2 * x) / scale, mass: top * Math.exp(-x / scale) });
  }
  return symmetric({ atoms, atomSpacing: 1 / scale, infinite: 0 });
}

/** Discrete Gaussian noise around 0 against around `sensitivity`, an integer >= 1. */
export function discreteGaussianLoss(sigma: number, sensitivity: number): LossPair {
  const variance = sigma * sigma;
  const reach = Math.ceil(TAIL * sigma) + 1;
  const weights: number[] = [];
  let total = 0;
  for (let x = -reach; x <= reach; x++) {
    const weight = Math.exp((-x * x) / (2 * variance));
    weights.push(weight);
    total += weight;
  }
  const spacing = sensitivity / (2 * variance);
  const atoms = weights.map((weight, i) => ({
    loss: spacing * (sensitivity - 2 * (i - reach)),
    mass: weight / total,
  }));
  // Each tail is below a geometric series that starts at the last weight kept.
  const ratio = Math.exp(-(2 * reach + 1) / (2 * variance));
  const infinite = (((2 * (weights[0] ?? 0)) / total) * ratio) / (1 - ratio);
  return symmetric({ atoms, atomSpacing: spacing, infinite });
}
