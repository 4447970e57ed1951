import { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import type { Program, ProgramStep, RecordVector, SumPlan } from '../../program.ts';
import { checkSum } from '../check-sum.ts';
import type { FrontierEstimate } from './estimate.ts';
import {
  appendOffPolicyParameters,
  checkOffPolicyParameters,
  type OffPolicyParameters,
} from './parameters.ts';
import { contributeToPropensities, propensitiesPlan, propensityTable } from './propensities.ts';
import { contributeToValues, type PolicyValues, policyValues, valuesPlan } from './values.ts';
import { budgetEstimates, contributeToVariances, variancesPlan } from './variances.ts';

interface PropensitiesState {
  readonly phase: 'propensities';
  readonly parameters: OffPolicyParameters;
  readonly strata: NonNullable<OffPolicyParameters['strata']>;
}

interface ValuesState {
  readonly phase: 'values';
  readonly parameters: OffPolicyParameters;
  /** Propensities per (stratum, model), where they are estimated. */
  readonly table: Float64Array | undefined;
}

interface VariancesState extends Omit<ValuesState, 'phase'> {
  readonly phase: 'variances';
  readonly known: PolicyValues;
}

export type OffPolicyState = PropensitiesState | ValuesState | VariancesState;

/**
 * What a router would reach for which budget, from logs of other policies, one model per query, that stay where they are: the frontier with standard
 * errors, by three estimators.
 *
 * Sums: where propensities are estimated, how often each model was chosen in each stratum; what the policies achieve; and how much each
 * record has to say in that.
 */
export const offPolicyProgram: Program<OffPolicyParameters, OffPolicyState, FrontierEstimate> = {
  name: 'off-policy',
  parameters: checkOffPolicyParameters,
  start(parameters) {
    const { strata } = parameters;
    return strata === undefined
      ? askFor({ phase: 'values', parameters, table: undefined })
      : askFor({ phase: 'propensities', parameters, strata });
  },
  next(state, sum): ProgramStep<OffPolicyState, FrontierEstimate> {
    checkSum(sum, planOf(state));
    const { parameters } = state;
    switch (state.phase) {
      case 'propensities':
        return askFor({ phase: 'values', parameters, table: propensityTable(sum, parameters.models.length) });
      case 'values':
        return askFor({ ...state, phase: 'variances', known: policyValues(parameters, sum) });
      case 'variances': {
        const { records, policies } = state.known;
        const budgets = budgetEstimates(parameters, state.known, sum);
        return { kind: 'finished', model: { kind: 'off-policy', records, policies, budgets } };
      }
    }
  },
  contribute(state, data: Dataset): Iterable<RecordVector> {
    const { parameters } = state;
    checkDataset(data, parameters.models, parameters.dimensions);
    switch (state.phase) {
      case 'propensities':
        return contributeToPropensities(parameters, state.strata, data);
      case 'values':
        return contributeToValues(parameters, state.table, data);
      case 'variances':
        return contributeToVariances(parameters, state.table, state.known, data);
    }
  },
  stateBytes(state) {
    const bytes = new CanonicalBytes().text('tributary off-policy state 1').text(state.phase);
    appendOffPolicyParameters(bytes, state.parameters);
    if (state.phase === 'propensities') return bytes.finish();
    bytes.float64s(state.table ?? new Float64Array());
    if (state.phase === 'values') return bytes.finish();
    const { records, policies } = state.known;
    bytes.float64(records);
    for (const { meanWeight, direct, ips, doublyRobust } of policies) {
      bytes.float64s(Float64Array.of(meanWeight, ...[direct, ips, doublyRobust].flatMap(numbersOf)));
    }
    return bytes.finish();
  },
};

function numbersOf({ quality, costUsd }: { quality: number; costUsd: number }): number[] {
  return [quality, costUsd];
}

function askFor(state: OffPolicyState): ProgramStep<OffPolicyState, FrontierEstimate> {
  return { kind: 'sum', plan: planOf(state), state };
}

function planOf(state: OffPolicyState): SumPlan {
  switch (state.phase) {
    case 'propensities':
      return propensitiesPlan(state.parameters, state.strata);
    case 'values':
      return valuesPlan(state.parameters);
    case 'variances':
      return variancesPlan(state.parameters);
  }
}
