import type { Estimator } from '@tributary/router';
import type { Assumption } from './estimate-frontier.ts';

/** The point of a measurement by what was assumed of the logs. */
export const ASSUMPTION_POINTS: Readonly<Record<Assumption, string>> = {
  logged: 'propensities known',
  estimated: 'propensities estimated',
  uniform: 'propensities wrong',
};

/** Estimators in words. */
export const ESTIMATOR_TITLES: Readonly<Record<Estimator, string>> = {
  direct: 'direct',
  ips: 'IPS',
  doublyRobust: 'doubly robust',
};

/** Name of the figure: mean absolute difference to the true quality at the budgets. */
export function errorName(estimator: Estimator): string {
  return `${ESTIMATOR_TITLES[estimator]} error`;
}

/** Name of the figure: share of budgets whose 95 % interval holds the true quality. */
export function coverageName(estimator: Estimator): string {
  return `${ESTIMATOR_TITLES[estimator]} coverage`;
}
