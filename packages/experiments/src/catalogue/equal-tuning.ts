import { comparisonSections } from '../report/experiment/comparison-sections.ts';
import { comparisonTrials } from './comparison.ts';
import type { Experiment } from './experiment.ts';

/**
 * The same comparison with the same right to tune: federated, centralised and local routers choose from one grid by the loss on the same
 * held-out rows, the federation by a sum of losses.
 */
export const equalTuningExperiment: Experiment = {
  name: 'equal-tuning',
  description: 'federated, centralised and local routers, tuned on the same grid and the same held-out rows',
  trials: (plan) => comparisonTrials(plan, 'tuned'),
  sections: comparisonSections,
};
