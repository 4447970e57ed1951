/** Moments of a sum of independent losses, and what they say about its tails. */
import { goldenSection } from '../golden-section.ts';
import type { GridLoss } from './discretise.ts';
import { forEachLoss, type LossDistribution } from './loss-distribution.ts';

/** `count` independent losses of one law. */
export interface RepeatedLoss {
  readonly distribution: LossDistribution;
  readonly count: number;
}

/** ln E exp(s * loss) of a sum, over its finite losses. */
export type Cumulant = (s: number) => number;

/** Losses and their probabilities. */
interface Support {
  readonly losses: Float64Array;
  readonly masses: Float64Array;
}

function supportOf(distribution: LossDistribution): Support {
  const losses: number[] = [];
  const masses: number[] = [];
  forEachLoss(distribution, (loss, mass) => {
    losses.push(loss);
    masses.push(mass);
  });
  return { losses: Float64Array.from(losses), masses: Float64Array.from(masses) };
}

function cumulantOf({ losses, masses }: Support, s: number): number {
  let largest = -Infinity;
  for (let i = 0; i < losses.length; i++) {
    if ((masses[i] as number) > 0) largest = Math.max(largest, s * (losses[i] as number));
  }
  let sum = 0;
  for (let i = 0; i < losses.length; i++) {
    const mass = masses[i] as number;
    if (mass > 0) sum += mass * Math.exp(s * (losses[i] as number) - largest);
  }
  return largest + Math.log(sum);
}

/** The cumulant function and the standard deviation of the sum, which is kept above 1e-12 to divide by. */
export function momentsOf(parts: readonly RepeatedLoss[]): { cumulant: Cumulant; deviation: number } {
  const supports = parts.map(({ distribution }) => supportOf(distribution));
  const cumulant = (s: number): number =>
    parts.reduce((sum, { count }, i) => sum + count * cumulantOf(supports[i] as Support, s), 0);
  const variance = parts.reduce((sum, { count }, i) => sum + count * varianceOf(supports[i] as Support), 0);
  return { cumulant, deviation: Math.max(1e-12, Math.sqrt(variance)) };
}

function varianceOf({ losses, masses }: Support): number {
  let mean = 0;
  for (let i = 0; i < losses.length; i++) mean += (masses[i] as number) * (losses[i] as number);
  let variance = 0;
  for (let i = 0; i < losses.length; i++) {
    variance += (masses[i] as number) * ((losses[i] as number) - mean) ** 2;
  }
  return variance;
}

/** The cumulant function of losses on a grid. */
export function gridCumulant(grid: GridLoss, s: number): number {
  return cumulantOf({ losses: gridLosses(grid), masses: grid.mass }, s);
}

function gridLosses({ first, step, mass }: GridLoss): Float64Array {
  const losses = new Float64Array(mass.length);
  for (let i = 0; i < losses.length; i++) losses[i] = (first + i) * step;
  return losses;
}

/**
 * The s > 0 at which Chernoff's bound P(sum >= x) <= exp(cumulant(s) - s x) reaches exp(logProbability) at the smallest x. Every s is
 * sound; the search only looks for a tight one, on the scale of the standard deviation and on that of rare losses near 1.
 */
export function chernoffExponent(cumulant: Cumulant, deviation: number, logProbability: number): number {
  const end = (logS: number): number => chernoffEnd(cumulant, Math.exp(logS), logProbability);
  const low = Math.log(1e-3 * Math.min(1, 1 / deviation));
  const high = Math.log(1e4 * Math.max(1, 1 / deviation));
  return Math.exp(goldenSection(end, low, high, 1e-2));
}

/** The x above which the sum lies with probability at most exp(logProbability), by Chernoff's bound at s. */
export function chernoffEnd(cumulant: Cumulant, s: number, logProbability: number): number {
  return (cumulant(s) - logProbability) / s;
}
