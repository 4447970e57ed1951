/** How well the common weights do, as one sum: on held-out records after every round, or on training records after the last. */
import type { Dataset } from '../../dataset.ts';
import { matrixKernel } from '../../linalg/matrix/select-kernel.ts';
import { clippedDeviations, MOST_DEVIATIONS } from '../../network/cost-scaler.ts';
import { smoothL1 } from '../../network/losses.ts';
import type { Architecture } from '../../network/architecture.ts';
import { predictObservations } from '../../network/predict-observations.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { scalerOf } from './costs.ts';
import { localExamples } from './local-data.ts';
import type { AveragingParameters } from './parameters.ts';
import type { Candidate, EvaluationState } from './state.ts';

/** Values per model: number of observations, loss, squared error of the scaled cost; the last two as shares of their largest value. */
const CELL = 3;
/** Targets and predictions of the scaled cost lie in +-3. */
const LARGEST_ERROR = 2 * MOST_DEVIATIONS;
/** Brier score 1, smooth L1 loss 5.5. */
const LARGEST_LOSS = 1 + LARGEST_ERROR - 0.5;
/** Observations that the variance of a model's costs itself counts for, beside what was seen of their prediction. */
const PRIOR_OBSERVATIONS = 20;

export function evaluationPlan({ parameters, round }: EvaluationState): SumPlan {
  const support = CELL * parameters.maxEvaluationsPerQuery;
  return {
    step: `evaluation ${round}`,
    dimension: CELL * parameters.models.length,
    recordNorm: Math.sqrt(support),
    recordMax: 1,
    recordSupport: support,
  };
}

export function* contributeToEvaluation(
  { parameters, means, weights }: Pick<EvaluationState, 'parameters' | 'means' | 'weights'>,
  architecture: Architecture,
  data: Dataset,
): Generator<RecordVector> {
  const examples = localExamples(data, parameters, means);
  const predicted = predictObservations(matrixKernel, architecture, weights, examples);
  const indices = new Uint32Array(CELL * parameters.maxEvaluationsPerQuery);
  const values = new Float64Array(indices.length);
  for (let i = 0; i < examples.records; i++) {
    let length = 0;
    for (let o = examples.offsets[i] as number; o < (examples.offsets[i + 1] as number); o++) {
      const cell = CELL * (examples.model[o] as number);
      const brier = ((predicted.quality[o] as number) - (examples.quality[o] as number)) ** 2;
      const error = clippedDeviations(predicted.cost[o] as number) - (examples.cost[o] as number);
      for (let field = 0; field < CELL; field++) indices[length + field] = cell + field;
      values[length] = 1;
      values[length + 1] = (brier + smoothL1(error)) / LARGEST_LOSS;
      values[length + 2] = (error / LARGEST_ERROR) ** 2;
      length += CELL;
    }
    yield { length, indices, values };
  }
}

/**
 * What the evaluation of a round found.
 * @param heldOut whether it went over records that were held out, so that its loss means something
 */
export function candidateOf(
  { means, weights, round }: EvaluationState,
  sum: Float64Array,
  heldOut: boolean,
): Candidate {
  const { deviation } = scalerOf(means);
  let [observations, loss] = [0, 0];
  const logCostVariance = means.logCostVariance.map((_, m) => {
    const n = Math.max(0, sum[CELL * m] as number);
    observations += n;
    loss += sum[CELL * m + 1] as number;
    const squares = LARGEST_ERROR * LARGEST_ERROR * Math.max(0, sum[CELL * m + 2] as number);
    const share = (squares + PRIOR_OBSERVATIONS) / (n + PRIOR_OBSERVATIONS);
    const unit = deviation[m] as number;
    return Math.min(1, share * unit * unit);
  });
  const measured = heldOut && observations >= 0.5;
  const heldOutLoss = measured ? (LARGEST_LOSS * Math.max(0, loss)) / observations : undefined;
  return { weights, round, heldOutLoss, logCostVariance };
}

/** The candidate of less loss, the earlier on ties; the later where there is no loss to compare. */
export function betterOf(before: Candidate | undefined, after: Candidate): Candidate {
  if (before?.heldOutLoss === undefined || after.heldOutLoss === undefined) return after;
  return after.heldOutLoss < before.heldOutLoss ? after : before;
}

/** The records of a client that are evaluated. */
export function evaluatedRecords(
  { holdOut }: AveragingParameters,
  { training, heldOut }: { readonly training: Dataset; readonly heldOut: Dataset },
): Dataset {
  return holdOut > 0 ? heldOut : training;
}
