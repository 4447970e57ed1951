/** The rounds that are written down, and where. */
import { completeGraphThresholds } from '@tributary/protocol';
import type { StoryChoice } from './story.ts';

export const STORIES: readonly (StoryChoice & { readonly file: string })[] = [
  {
    file: 'complete-graph.json',
    about: 'four members on the complete graph, t = 3, c = 1; member 2 is lost before its upload ends',
    members: 4,
    thresholds: completeGraphThresholds(4),
    seed: 1,
    dropout: 2,
  },
  {
    file: 'harary-graph.json',
    about:
      'nine members on a Harary graph of degree 6, t = 5, c = 1; member 4 is lost before its upload ends',
    members: 9,
    thresholds: {
      cohort: 9,
      graph: 'harary',
      organisationCap: 1,
      holders: 6,
      threshold: 5,
      colluders: 1,
      minCohort: 3,
      minSurvivors: 5,
    },
    seed: 2,
    dropout: 4,
  },
];
