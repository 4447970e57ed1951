/** A process that measures trials of an experiment, one at a time, as it is told their names. Argument: the options, as JSON. */
import { failureMessage, type ProcessFailure, tellParent } from '../processes/process-channel.ts';
import type { TrialOutcome } from '../results/measurement.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import { trialMeasurer } from './measure-trial.ts';

export type TrialMessage = { readonly kind: 'measured'; readonly outcome: TrialOutcome } | ProcessFailure;

const [options = ''] = process.argv.slice(2);
const measure = trialMeasurer(JSON.parse(options) as ExperimentOptions);

async function answer(name: string): Promise<void> {
  try {
    await tellParent({ kind: 'measured', outcome: await measure(name) });
  } catch (error) {
    await tellParent(failureMessage(error));
  }
}

process.on('message', (name: string) => void answer(name));
// A terminal interrupts all processes of a command; the one that started this one ends it.
process.on('SIGINT', () => {});
// Whoever started it is gone, or needs it no more.
process.on('disconnect', () => process.exit());
