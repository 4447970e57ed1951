/**
 * What every policy would have achieved, as one sum of bounded vectors. A record adds 1; for each policy the predicted quality of what the policy
 * chooses and, if that is what was logged, its weight w, w * quality and w * (quality - predicted quality), all over the largest weight;
 * and for each policy the same of costs at the model that it chooses, in units of the model's cap: in one unit for all, cheap models'
 * costs would vanish between two integers.
 */
import type { Dataset } from '../../dataset.ts';
import { RouterError } from '../../errors.ts';
import type { CostQuality } from '../../evaluation/curve.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import type { PolicyEstimate } from './estimate.ts';
import { judgedRecords } from './judged-records.ts';
import type { OffPolicyParameters } from './parameters.ts';

/** Predicted quality, weight, weighed quality, weighed error of quality. */
const OF_POLICY = 4;
/** Predicted cost, weighed cost, weighed error of cost. */
const OF_MODEL = 3;

export function valuesPlan({ lambdas, models }: OffPolicyParameters): SumPlan {
  const support = 1 + lambdas.length * (OF_POLICY + OF_MODEL);
  return {
    step: 'values',
    dimension: 1 + lambdas.length * (OF_POLICY + OF_MODEL * models.length),
    recordNorm: Math.sqrt(support),
    recordMax: 1,
    recordSupport: support,
  };
}

export function* contributeToValues(
  parameters: OffPolicyParameters,
  table: Float64Array | undefined,
  data: Dataset,
): Generator<RecordVector> {
  const { lambdas, models, costCapsUsd, mostWeight } = parameters;
  const { recordSupport } = valuesPlan(parameters);
  const indices = new Uint32Array(recordSupport);
  const values = new Float64Array(recordSupport);
  const costs = 1 + lambdas.length * OF_POLICY;
  for (const { model, quality, costUsd, weight, chosen, predicted } of judgedRecords(
    parameters,
    table,
    data,
  )) {
    let length = 0;
    const add = (start: number, numbers: readonly number[]): void => {
      for (const number of numbers) {
        indices[length] = start++;
        values[length++] = number;
      }
    };
    const share = weight / mostWeight;
    add(0, [1]);
    for (let j = 0; j < lambdas.length; j++) {
      const m = chosen[j] as number;
      const expected = predicted.quality[m] as number;
      add(
        1 + j * OF_POLICY,
        m === model ? [expected, share, share * quality, share * (quality - expected)] : [expected],
      );
    }
    for (let j = 0; j < lambdas.length; j++) {
      const m = chosen[j] as number;
      const cap = costCapsUsd[m] as number;
      const expected = (predicted.costUsd[m] as number) / cap;
      const cost = costUsd / cap;
      add(
        costs + (j * models.length + m) * OF_MODEL,
        m === model ? [expected, share * cost, share * (cost - expected)] : [expected],
      );
    }
    yield { length, indices, values };
  }
}

export interface PolicyValues {
  readonly records: number;
  readonly policies: readonly PolicyEstimate[];
}

/** @throws RouterError `NO_OBSERVATIONS` */
export function policyValues(parameters: OffPolicyParameters, sum: Float64Array): PolicyValues {
  const { lambdas, models, costCapsUsd, mostWeight } = parameters;
  const records = sum[0] as number;
  if (records < 0.5) {
    throw new RouterError('NO_OBSERVATIONS', 'no survivor has a record with an observation to judge by');
  }
  const policies = lambdas.map((lambda, j): PolicyEstimate => {
    const at = 1 + j * OF_POLICY;
    const [quality, weight, weighed, error] = [0, 1, 2, 3].map((field) => sum[at + field] as number) as [
      number,
      number,
      number,
      number,
    ];
    const costs: CostOf = { predicted: 0, weighed: 0, error: 0 };
    costCapsUsd.forEach((cap, m) => {
      const cell = 1 + lambdas.length * OF_POLICY + (j * models.length + m) * OF_MODEL;
      costs.predicted += cap * (sum[cell] as number);
      costs.weighed += cap * (sum[cell + 1] as number);
      costs.error += cap * (sum[cell + 2] as number);
    });
    const told = weight > 0;
    const ips: CostQuality = told
      ? { quality: weighed / weight, costUsd: costs.weighed / weight }
      : { quality: Number.NaN, costUsd: Number.NaN };
    return {
      lambda,
      meanWeight: (mostWeight * weight) / records,
      direct: { quality: quality / records, costUsd: costs.predicted / records },
      ips,
      doublyRobust: {
        quality: (quality + mostWeight * error) / records,
        costUsd: (costs.predicted + mostWeight * costs.error) / records,
      },
    };
  });
  return { records, policies };
}

interface CostOf {
  predicted: number;
  weighed: number;
  error: number;
}
