import { closest, RuntimeError } from '@tributary/runtime';
import { addClientsExperiment } from './add-clients.ts';
import { addModelsExperiment } from './add-models.ts';
import { equalTuningExperiment } from './equal-tuning.ts';
import type { Experiment } from './experiment.ts';
import { extremeHeterogeneityExperiment } from './extreme-heterogeneity.ts';
import { mainExperiment } from './main.ts';
import { privacyExperiment } from './privacy.ts';
import { mfExperiment } from './mf.ts';
import { offPolicyExperiment } from './off-policy.ts';
import { scaleExperiment } from './scale.ts';

/** One more experiment is one more line here. */
export const EXPERIMENTS: readonly Experiment[] = [
  mainExperiment,
  equalTuningExperiment,
  scaleExperiment,
  addModelsExperiment,
  addClientsExperiment,
  extremeHeterogeneityExperiment,
  privacyExperiment,
  mfExperiment,
  offPolicyExperiment,
];

/** @throws RuntimeError `BAD_ARGUMENT` */
export function experimentNamed(name: string): Experiment {
  const experiment = EXPERIMENTS.find((known) => known.name === name);
  if (experiment === undefined) {
    const names = EXPERIMENTS.map((known) => known.name);
    const near = closest(name, names);
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `there is no experiment ${JSON.stringify(name)}`,
      near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
    );
  }
  return experiment;
}
