/** What a federation of n members will need and bear, before it runs. */
import { ProtocolError } from '../../errors.ts';
import { MAX_DIMENSION, MAX_KEY_COUNT } from '../../messages/terms.ts';
import { MAX_MEMBERS } from '../../roster.ts';
import { chosenCutProbability, colludingHolders, membersOfRate } from '../sparse-graph.ts';
import { DEFAULT_KEY_COUNT, SPARSE_KEY_COUNT } from '../terms.ts';
import {
  completeGraphThresholds,
  MAX_COMPLETE_GRAPH,
  raisedTo,
  type SparseOverrides,
  SPARSE_PRESETS,
  type ThresholdPreset,
  type Thresholds,
  thresholdsFor,
} from '../thresholds.ts';
import { type AbortProbability, abortProbability } from './abort.ts';
import { type CpuMilliseconds, cpuMilliseconds } from './cpu.ts';
import { type DropoutRates, evenDropoutRates, lostByPhase } from './dropout-rates.ts';
import { type RingSize, ringFor, type SumEncoding } from './ring-size.ts';
import { roundTraffic, setupTraffic, type Traffic } from './traffic.ts';

export interface PlanChoice {
  /** n */
  readonly cohort: number;
  readonly preset: ThresholdPreset;
  /** Share of the cohort that collude; the preset's where left out. */
  readonly corruptionRate?: number;
  /** By phase; a round that loses the preset's share of the cohort evenly where left out. */
  readonly dropoutRates?: DropoutRates;
  /** Of the Harary graph. */
  readonly sparse?: Pick<SparseOverrides, 'organisationCap' | 'colludingMembers' | 'abortBits' | 'cutBits'>;
  /** U_min that the noise of a run is sized for, where it is above what the graph asks for. */
  readonly minSurvivors?: number;
  /** B; 16 on the complete graph and 1 on the Harary graph where left out. */
  readonly keyCount?: number;
  /** d */
  readonly dimension: number;
  readonly encoding: SumEncoding;
}

export interface Plan {
  readonly thresholds: Thresholds;
  /** X, colluders among the holders of one secret at most. */
  readonly colludingHolders: number;
  /** A bound on the probability that a coordinator can cut the graph; 0 on the complete graph. */
  readonly cutProbability: number;
  /** Members that may be lost from the setup to the end of a round: all that certainly leave it whole. */
  readonly tolerableLosses: number;
  readonly dropoutRates: DropoutRates;
  readonly abort: AbortProbability;
  readonly keyCount: number;
  readonly ring: RingSize;
  /** Of one member. */
  readonly traffic: { readonly setup: Traffic; readonly round: Traffic };
  readonly cpu: CpuMilliseconds;
}

/** @throws ProtocolError BAD_PARAMETERS where nothing meets the rules, or a choice is out of range */
export function planFederation(choice: PlanChoice): Plan {
  const { cohort, preset, dimension, encoding } = choice;
  if (cohort > MAX_MEMBERS) {
    throw new ProtocolError('BAD_PARAMETERS', `${cohort} members are above ${MAX_MEMBERS}`);
  }
  const dropoutRates = choice.dropoutRates ?? evenDropoutRates(SPARSE_PRESETS[preset].dropoutRate);
  const dropoutRate = lostByPhase(dropoutRates).unmask;
  const withoutNoise = plannedThresholds(choice, dropoutRate);
  const { colluders } = withoutNoise;
  const { minSurvivors = withoutNoise.minSurvivors } = choice;
  requireCount('minSurvivors', minSurvivors, cohort);
  const thresholds = raisedTo(withoutNoise, { colluders, minSurvivors });
  const byDefault = thresholds.graph === 'complete' ? DEFAULT_KEY_COUNT : SPARSE_KEY_COUNT;
  const keyCount = choice.keyCount ?? byDefault;
  requireCount('keyCount', keyCount, MAX_KEY_COUNT);
  requireCount('dimension', dimension, MAX_DIMENSION);
  const ring = ringFor(cohort, encoding);
  const vectors = { thresholds, keyCount, dimension, bits: ring.bits };
  return {
    thresholds,
    ...collusion(thresholds, choice.sparse?.colludingMembers),
    tolerableLosses: Math.min(thresholds.holders - thresholds.threshold, cohort - thresholds.minSurvivors),
    dropoutRates,
    abort: abortProbability(thresholds, dropoutRates),
    keyCount,
    ring,
    traffic: { setup: setupTraffic(vectors), round: roundTraffic(vectors) },
    cpu: cpuMilliseconds({ ...vectors, dropoutRate }),
  };
}

function plannedThresholds(choice: PlanChoice, dropoutRate: number): Thresholds {
  const { cohort, preset, corruptionRate } = choice;
  if (corruptionRate !== undefined && !(corruptionRate >= 0 && corruptionRate < 1)) {
    throw new ProtocolError('BAD_PARAMETERS', `corruption rate ${corruptionRate} is outside 0..1`);
  }
  const colluders =
    corruptionRate === undefined ? undefined : Math.max(1, membersOfRate(cohort, corruptionRate));
  if (!(cohort > MAX_COMPLETE_GRAPH)) {
    const thresholds = completeGraphThresholds(cohort, preset);
    if (colluders !== undefined && colluders > thresholds.colluders) {
      throw new ProtocolError(
        'BAD_PARAMETERS',
        `${colluders} of ${cohort} members may collude, the preset ${preset} tolerates ${thresholds.colluders}`,
        preset === 'security' ? 'no preset tolerates more' : `the preset 'security' tolerates more`,
      );
    }
    return thresholds;
  }
  return thresholdsFor(cohort, preset, {
    ...choice.sparse,
    dropoutRate,
    ...(colluders === undefined ? {} : { colluders }),
  });
}

function collusion(
  thresholds: Thresholds,
  colludingMembers: number = thresholds.colluders,
): Pick<Plan, 'colludingHolders' | 'cutProbability'> {
  const { graph, cohort, holders: degree, threshold, colluders, organisationCap } = thresholds;
  if (graph === 'complete') return { colludingHolders: colluders, cutProbability: 0 };
  const circle = { cohort, degree, colluders, colludingMembers, organisationCap };
  return {
    colludingHolders: colludingHolders(circle),
    cutProbability: chosenCutProbability({ ...circle, threshold }),
  };
}

function requireCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new ProtocolError('BAD_PARAMETERS', `${name} ${value} is outside 1..${most}`);
}
