import { checkDataset, type Dataset } from '../../dataset.ts';
import type { Program, ProgramStep, RecordVector, ScheduledSum, SumPlan } from '../../program.ts';
import { checkSum } from '../check-sum.ts';
import { layoutOf } from './layout.ts';
import { mlpModelOf } from './model.ts';
import { checkDpSgdParameters, type DpSgdParameters } from './parameters.ts';
import { type DpSgdState, dpSgdStateBytes } from './state.ts';
import { contributeToStatistics, modelMeans, statisticsPlan } from './statistics.ts';
import { afterStep, averagedSteps, contributeToStep, stepPlan } from './step.ts';

/**
 * An MLP router within a privacy budget: DP-SGD (Abadi et al., 2016) by secure sums. The first sum tells what each model does on average, with
 * noise; the steps learn what the query adds, from clipped gradients of single records, or from clipped changes of whole organisations.
 *
 * What is made of a noisy sum costs nothing more: momentum, the mean over the last steps, the pull of means towards each other.
 */
export const dpSgdProgram: Program<DpSgdParameters, DpSgdState> = {
  name: 'dp-sgd',
  parameters: checkDpSgdParameters,
  start(parameters: DpSgdParameters): ProgramStep<DpSgdState> {
    return askFor({ phase: 'statistics', parameters });
  },
  schedule({ steps, sampling, statisticsShare }: DpSgdParameters): readonly ScheduledSum[] {
    const share = { weight: 100 - statisticsShare, ...(sampling < 1 ? { sampling } : {}) };
    return [
      { step: 'statistics', weight: statisticsShare * steps },
      ...Array.from({ length: steps }, (_, i) => ({ step: `step ${i + 1}`, ...share })),
    ];
  },
  next(state: DpSgdState, sum: Float64Array, noiseDeviation = 0): ProgramStep<DpSgdState> {
    checkSum(sum, planOf(state));
    const { parameters } = state;
    if (state.phase === 'statistics') {
      const means = modelMeans(state, sum, noiseDeviation);
      const { length } = layoutOf(parameters);
      const zeros = (): Float64Array => new Float64Array(length);
      return askFor({
        phase: 'step',
        parameters,
        means,
        step: 1,
        trained: zeros(),
        velocity: zeros(),
        total: zeros(),
      });
    }
    const after = afterStep(state, sum);
    if (after.step <= parameters.steps) return askFor({ phase: 'step', ...after });
    const count = averagedSteps(parameters.steps, parameters.averaged);
    return {
      kind: 'finished',
      model: mlpModelOf(
        parameters,
        after.means,
        after.total.map((value) => value / count),
      ),
    };
  },
  contribute(state: DpSgdState, data: Dataset, localSeed?: Uint8Array): Iterable<RecordVector> {
    const { parameters } = state;
    checkDataset(data, parameters.models, parameters.dimensions);
    return state.phase === 'statistics'
      ? contributeToStatistics(state, data)
      : contributeToStep(state, data, localSeed);
  },
  stateBytes: dpSgdStateBytes,
};

function askFor(state: DpSgdState): ProgramStep<DpSgdState> {
  return { kind: 'sum', plan: planOf(state), state };
}

function planOf(state: DpSgdState): SumPlan {
  return state.phase === 'statistics' ? statisticsPlan(state) : stepPlan(state);
}
