/** A mean with the interval that holds the true mean in 95 of 100 repetitions; without bounds where there is but one value. */
export interface Interval {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Two-sided 95 % quantiles of Student's t distribution for 1, 2, … 19 degrees of freedom. */
const STUDENT: readonly number[] = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093,
];

/** Most values that `meanInterval` takes. */
export const MOST_SEEDS: number = STUDENT.length + 1;

/**
 * @param values of independent draws, one or more and at most `MOST_SEEDS`
 * @returns Student's interval, for values that are close to normal
 */
export function meanInterval(values: readonly number[]): Interval {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const quantile = STUDENT[values.length - 2];
  if (quantile === undefined) return { mean, low: null, high: null };
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (values.length - 1) / values.length);
  return { mean, low: mean - quantile * error, high: mean + quantile * error };
}
