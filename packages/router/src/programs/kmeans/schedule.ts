import type { ScheduledSum } from '../../program.ts';
import type { KMeansParameters } from './parameters.ts';

/** Of a privacy budget all sums that place centres have 3 parts together, the statistics have 7. */
const FOR_CENTRES = 3;
const FOR_STATISTICS = 7;

/** Noisy sums never end a clustering early, so they are known from the start; how many exact ones are asked for depends on the sums. */
export function scheduleOf(parameters: KMeansParameters): readonly ScheduledSum[] | undefined {
  if (parameters.sums === 'exact') return undefined;
  const steps = clusteringSteps(parameters);
  return [
    ...steps.map((step) => ({ step, weight: FOR_CENTRES })),
    { step: 'statistics', weight: FOR_STATISTICS * Math.max(1, steps.length) },
  ];
}

function clusteringSteps({ clusters, splitIterations, lloydIterations }: KMeansParameters): string[] {
  if (clusters === 1) return [];
  const steps = ['mean'];
  for (let centres = 2; centres < clusters; centres *= 2) {
    for (let i = 0; i < splitIterations; i++) steps.push(`split ${steps.length}`);
  }
  for (let i = 1; i <= lloydIterations; i++) steps.push(`lloyd ${i}`);
  return steps;
}
