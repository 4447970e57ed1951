/** The budgets that the experiment `privacy` sweeps over, and their names. */
import type { PrivacyUnit } from '@tributary/privacy';
import { type PrivacyBudget, RECORDS_PER_USER } from './budget.ts';

const DELTA = 1e-5;

export interface SweepStep {
  readonly budget: PrivacyBudget;
  /** Undefined for as many as the experiment is run with. */
  readonly clients?: number;
  /** Families that are trained with it. */
  readonly routers: readonly string[];
}

const BOTH: readonly string[] = ['kmeans', 'mlp'];
/** The K-means program bounds what a record adds, so it states nothing about organisations. */
const MLP: readonly string[] = ['mlp'];

function budgetOf(
  unit: PrivacyUnit,
  epsilon: number,
  noise: PrivacyBudget['noise'] = 'shared',
): PrivacyBudget {
  return { unit, epsilon, delta: DELTA, recordsPerUnit: unit === 'end-user' ? RECORDS_PER_USER : 1, noise };
}

export const SWEEP: readonly SweepStep[] = [
  ...[1, 3, 8].map((epsilon) => ({ budget: budgetOf('record', epsilon), routers: BOTH })),
  { budget: budgetOf('record', 3), clients: 30, routers: BOTH },
  ...[3, 8].map((epsilon) => ({ budget: budgetOf('record', epsilon, 'local'), routers: MLP })),
  ...[3, 8].map((epsilon) => ({ budget: budgetOf('end-user', epsilon), routers: BOTH })),
  { budget: budgetOf('organisation', 8), routers: MLP },
  { budget: budgetOf('organisation', 8), clients: 40, routers: MLP },
];

/** The point of what is measured without noise. */
export const NO_NOISE = 'no noise';

export function sweepPoint({ budget, clients }: SweepStep, standardClients: number): string {
  const { unit, epsilon, noise } = budget;
  const who = noise === 'local' ? ', each its own noise' : '';
  return `${unit}, ε ${epsilon}, ${clients ?? standardClients} clients${who}`;
}
