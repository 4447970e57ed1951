import type { RouterFamily } from '../families/router-family.ts';
import type { Measurement } from '../results/measurement.ts';
import { measurePrivate } from '../privacy/measure-private.ts';
import type { ExperimentPlan, Trial, TrialContext } from './experiment.ts';
import {
  measureCentralised,
  measureFederated,
  measureLocal,
  measureStatic,
  type Tuning,
} from './measures.ts';

type Measure = (context: TrialContext, family: RouterFamily) => Measurement;

/** For every seed all families in all settings, side by side. */
export function comparisonTrials({ families, clients, seeds }: ExperimentPlan, tuning: Tuning): Trial[] {
  return seeds.flatMap((seed): Trial[] => {
    const scene = { seed, clients };
    const trials = (setting: string, measure: Measure): Trial[] =>
      families.map((family) => ({
        name: `seed ${seed}, ${family.name}, ${setting}`,
        scene,
        measure: (context) => [measure(context, family)],
      }));
    return [
      // The longest first, so that no process waits for another in the end.
      ...trials('local', measureLocal),
      ...trials('federated', (context, family) =>
        context.privacy === undefined
          ? measureFederated(context, family, tuning)
          : measurePrivate(context, family, context.privacy),
      ),
      ...trials('centralised', (context, family) => measureCentralised(context, family, tuning)),
      { name: `seed ${seed}, static`, scene, measure: (context) => measureStatic(context, families) },
    ];
  });
}
