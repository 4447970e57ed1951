import { comparisonSections } from '../report/experiment/comparison-sections.ts';
import { kindsSection } from '../report/experiment/kinds-section.ts';
import { comparisonTrials } from './comparison.ts';
import type { Experiment } from './experiment.ts';

/**
 * Kinds of router against each other: matrix factorisation and weighted K-means on the same footing as those of the paper, each tuned on its own grid by the loss
 * on the same held-out rows. The paper chose the settings of its matrix factorisation on the test.
 */
export const mfExperiment: Experiment = {
  name: 'mf',
  description: 'matrix factorisation and weighted K-means beside the other kinds of router, all tuned alike',
  trials: (plan) => comparisonTrials(plan, 'tuned'),
  sections: (outcome) => [kindsSection(outcome), ...comparisonSections(outcome)],
};
