/** Composition of many releases: the distribution of a sum of independent losses, by Fourier transforms under an exponential tilt. */
import { discretise, type GridLoss, type LossWindow } from './discretise.ts';
import { lossRange } from './loss-distribution.ts';
import {
  chernoffEnd,
  chernoffExponent,
  gridCumulant,
  momentsOf,
  type Cumulant,
  type RepeatedLoss,
} from './moments.ts';
import {
  fromRealSpectrum,
  multiplySpectra,
  raiseSpectrum,
  realFourierPlan,
  type RealSpectrum,
  toRealSpectrum,
} from './real-spectrum.ts';

/** The tilted probability that may lie above the window, and below it. */
const LOG_OUTSIDE = Math.log(1e-12);
/** A tilt of more standard deviations than this would be for probabilities below 1e-32. */
const MAX_TILT = 12;
/** Relative rounding of the transforms, and of each factor of a power, with room. */
const TRANSFORM_ROUNDING = 1e-8;
const FACTOR_ROUNDING = 1e-12;
/** Halving the grid distance goes on until epsilon moves by less: the error falls fourfold, so what is left is a third of the last move. */
const TOLERANCE = 3e-4;
const RELATIVE_TOLERANCE = 1e-7;
const FIRST_GRID = 2 ** 13;
const FINEST_GRID = 2 ** 22;

/**
 * The epsilon of the composition at `delta`, never below the true one for these losses. Infinity where infinite losses alone
 * exceed delta.
 *
 * The tilt exp(tilt * loss) moves the bulk of the distribution to where epsilon lies, so that the rounding of the transforms is
 * relative to the probabilities that matter, however small delta is.
 */
export function composedEpsilon(parts: readonly RepeatedLoss[], delta: number): number {
  const frame = frameOf(parts, delta);
  const exact = commonSpacing(parts);
  if (exact !== undefined && exact >= frame.finestStep) return epsilonAtStep(parts, delta, frame, exact);
  let step = firstStep(parts, frame);
  let epsilon = epsilonAtStep(parts, delta, frame, step);
  while (step / 2 >= frame.finestStep) {
    step /= 2;
    const finer = epsilonAtStep(parts, delta, frame, step);
    const settled = !(epsilon - finer > Math.max(TOLERANCE, RELATIVE_TOLERANCE * finer));
    epsilon = Math.min(epsilon, finer);
    if (settled) break;
  }
  return epsilon;
}

/** The grid distance on which all losses lie, where there is one. */
function commonSpacing(parts: readonly RepeatedLoss[]): number | undefined {
  const spacing = parts[0]?.distribution.atomSpacing;
  const onGrid = ({ distribution }: RepeatedLoss): boolean =>
    distribution.continuous === undefined && distribution.atomSpacing === spacing;
  return parts.every(onGrid) ? spacing : undefined;
}

/** A whole fraction of the widest spacing of atoms, so that those at least lie on the grid. */
function firstStep(parts: readonly RepeatedLoss[], { finestStep }: Frame): number {
  const wanted = (finestStep * FINEST_GRID) / FIRST_GRID;
  const spacing = Math.max(0, ...parts.map(({ distribution }) => distribution.atomSpacing ?? 0));
  return spacing > wanted ? spacing / Math.ceil(spacing / wanted) : wanted;
}

/** Where the tilted sum lives, found before any grid is chosen. */
interface Frame {
  readonly tilt: number;
  /** Exponents of Chernoff's bounds on the two tails of the tilted sum. */
  readonly up: number;
  readonly down: number;
  /** What matters of one loss. */
  readonly window: LossWindow;
  /** The grid distance at which the sum, or one loss, fills the finest grid. */
  readonly finestStep: number;
}

function frameOf(parts: readonly RepeatedLoss[], delta: number): Frame {
  const { cumulant, deviation } = momentsOf(parts);
  const tilt = Math.min(MAX_TILT / deviation, chernoffExponent(cumulant, deviation, Math.log(delta)));
  const { above, below } = tiltedBy(cumulant, tilt);
  const up = chernoffExponent(above, deviation, LOG_OUTSIDE);
  const down = chernoffExponent(below, deviation, LOG_OUTSIDE);
  const high = Math.max(deviation, chernoffEnd(above, up, LOG_OUTSIDE));
  const low = -chernoffEnd(below, down, LOG_OUTSIDE);
  // A single loss below -high cannot be made up for, and one above the cap takes the sum beyond the window.
  const window = { floor: -high, cap: high + deviation };
  let range = high - low;
  for (const { distribution } of parts) {
    const { smallest, largest } = lossRange(distribution);
    range = Math.max(range, Math.min(window.cap, largest) - Math.max(window.floor, smallest));
  }
  return { tilt, up, down, window, finestStep: range / FINEST_GRID };
}

/** The cumulant functions of the tilted sum and of its negative. */
function tiltedBy(cumulant: Cumulant, tilt: number): { above: Cumulant; below: Cumulant } {
  const scale = cumulant(tilt);
  return { above: (s) => cumulant(tilt + s) - scale, below: (s) => cumulant(tilt - s) - scale };
}

function epsilonAtStep(parts: readonly RepeatedLoss[], delta: number, frame: Frame, step: number): number {
  const { tilt, up, down, window } = frame;
  const grids = parts.map(({ distribution, count }) => ({
    grid: discretise(distribution, step, window),
    count,
  }));
  // The window is found again on the grid, whose losses are a little larger.
  const cumulant = (s: number): number =>
    grids.reduce((sum, { grid, count }) => sum + count * gridCumulant(grid, s), 0);
  const { above, below } = tiltedBy(cumulant, tilt);
  const last = Math.ceil(chernoffEnd(above, up, LOG_OUTSIDE) / step);
  const first = Math.floor(-chernoffEnd(below, down, LOG_OUTSIDE) / step);
  const length = 2 ** Math.ceil(Math.log2(Math.max(4, last - first + 1)));
  const logScale = cumulant(tilt);
  const outside = Math.exp(logScale - tilt * last * step + LOG_OUTSIDE);
  const releases = parts.reduce((sum, { count }) => sum + count, 0);
  const rounding = TRANSFORM_ROUNDING + FACTOR_ROUNDING * releases;
  const finiteDelta = (delta - infiniteMass(grids) - outside) / (1 + rounding);
  if (finiteDelta <= 0) return Infinity;
  return epsilonOf({ first, step, mass: tiltedSum(grids, tilt, first, length), tilt, logScale }, finiteDelta);
}

/** `count` independent losses on one grid. */
interface RepeatedGrid {
  readonly grid: GridLoss;
  readonly count: number;
}

function infiniteMass(grids: readonly RepeatedGrid[]): number {
  let logFinite = 0;
  for (const { grid, count } of grids) logFinite += count * Math.log1p(-grid.infinite);
  return -Math.expm1(logFinite);
}

/** The tilted distribution of the sum on `length` grid points from `first` on; what lies outside is folded in. */
function tiltedSum(
  grids: readonly RepeatedGrid[],
  tilt: number,
  first: number,
  length: number,
): Float64Array {
  const plan = realFourierPlan(length);
  let product: RealSpectrum | undefined;
  for (const { grid, count } of grids) {
    const power = toRealSpectrum(plan, tiltedGrid(grid, tilt, length));
    raiseSpectrum(power, count);
    if (product === undefined) product = power;
    else multiplySpectra(product, power);
  }
  const sum = new Float64Array(length);
  if (product === undefined) return sum;
  const folded = fromRealSpectrum(plan, product);
  const offset = modulo(first, length);
  sum.set(folded.subarray(offset));
  sum.set(folded.subarray(0, offset), length - offset);
  // Rounding can leave a probability just below zero.
  for (let i = 0; i < length; i++) sum[i] = Math.max(0, (2 * (sum[i] as number)) / length);
  return sum;
}

function tiltedGrid(grid: GridLoss, tilt: number, length: number): Float64Array {
  const tilted = new Float64Array(length);
  const logTotal = gridCumulant(grid, tilt);
  grid.mass.forEach((probability, i) => {
    const k = grid.first + i;
    const place = modulo(k, length);
    tilted[place] = (tilted[place] as number) + probability * Math.exp(tilt * k * grid.step - logTotal);
  });
  return tilted;
}

function modulo(k: number, length: number): number {
  return ((k % length) + length) % length;
}

interface TiltedGrid {
  readonly first: number;
  readonly step: number;
  readonly mass: Float64Array;
  readonly tilt: number;
  /** Probability = mass * exp(logScale - tilt * loss). */
  readonly logScale: number;
}

/** The smallest epsilon >= 0 with E max(0, 1 - exp(epsilon - loss)) <= delta, from the largest loss down. */
function epsilonOf({ first, step, mass, tilt, logScale }: TiltedGrid, delta: number): number {
  const shrink = Math.exp(-step);
  // Over the losses above the current grid point: their probability, and the same weighted by exp(point - loss).
  let above = 0;
  let discounted = 0;
  for (let i = mass.length - 2; i >= 0; i--) {
    const k = first + i;
    if (k + 1 <= 0) return 0;
    const next = (mass[i + 1] as number) * Math.exp(logScale - tilt * (k + 1) * step);
    above += next;
    discounted = shrink * (discounted + next);
    // Between two grid points delta is linear in exp(epsilon).
    if (above - discounted > delta) return Math.max(0, k * step + Math.log((above - delta) / discounted));
  }
  return Math.max(0, first * step);
}
