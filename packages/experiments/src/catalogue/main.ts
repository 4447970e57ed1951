import { comparisonSections } from '../report/experiment/comparison-sections.ts';
import { comparisonTrials } from './comparison.ts';
import type { Experiment } from './experiment.ts';

/** The paper's comparison: routers at their standard settings, trained by sums, on pooled rows, and by each client alone. */
export const mainExperiment: Experiment = {
  name: 'main',
  description: 'federated, centralised, local and static routers at standard settings',
  takesBudget: true,
  trials: (plan) => comparisonTrials(plan, 'standard'),
  sections: comparisonSections,
};
