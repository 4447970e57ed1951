/** How likely a round fails for want of members, phase by phase. */
import type { Phase } from '../../coordinator/state.ts';
import { binomial } from '../tails.ts';
import type { Thresholds } from '../thresholds.ts';
import { exceedance, exceedanceBound } from './circle.ts';
import { checkDropoutRates, type DropoutRates, lostByPhase, PHASES } from './dropout-rates.ts';

export interface AbortProbability {
  /** That the losses of this phase end the round. */
  readonly byPhase: Readonly<Record<Phase, number>>;
  /** Their sum. */
  readonly total: number;
  /** What `total` cannot exceed: itself on the complete graph, a union bound on the Harary graph. */
  readonly atMost: number;
}

/**
 * P(abort) of one round with its setup, if members are lost independently.
 *
 * On the complete graph this is exact: U_min members must be left after each phase up to masked-input, t
 * after consistency and unmask. On the Harary graph every participant must also keep t of its k neighbours to
 * the end. Neighbourhoods overlap, so `total` is an approximation (`exceedance`), and n times the binomial
 * tail of one neighbourhood is the bound; and a lost member of the committee, taken to be of c + 1 members,
 * voids the setup.
 * @throws ProtocolError BAD_PARAMETERS
 */
export function abortProbability(thresholds: Thresholds, rates: DropoutRates): AbortProbability {
  checkDropoutRates(rates);
  return thresholds.graph === 'complete'
    ? completeGraphAbort(thresholds, rates)
    : hararyAbort(thresholds, rates);
}

function floorOf(phase: Phase, { threshold, minSurvivors }: Thresholds): number {
  return phase === 'consistency' || phase === 'unmask' ? threshold : minSurvivors;
}

function completeGraphAbort(thresholds: Thresholds, rates: DropoutRates): AbortProbability {
  const byPhase = noAborts();
  // Probabilities that the round goes on with so many members.
  let going = new Float64Array(thresholds.cohort + 1);
  going[thresholds.cohort] = 1;
  for (const phase of PHASES) {
    const floor = floorOf(phase, thresholds);
    const next = new Float64Array(going.length);
    for (const [members, probability] of going.entries()) {
      if (probability === 0) continue;
      const losses = binomial(members, rates[phase]);
      byPhase[phase] += probability * losses.above(members - floor);
      for (let left = floor; left <= members; left++) {
        next[left] = (next[left] as number) + probability * losses.probability(members - left);
      }
    }
    going = next;
  }
  const total = sumOf(byPhase);
  return { byPhase, total, atMost: total };
}

function hararyAbort(thresholds: Thresholds, rates: DropoutRates): AbortProbability {
  const { cohort, holders: degree, threshold, colluders } = thresholds;
  const byPhase = noAborts();
  const lost = lostByPhase(rates);
  const voidDraw = 1 - (1 - rates.setup) ** (colluders + 1);
  let before = 0;
  let atMost = 0;
  for (const phase of PHASES) {
    const lonely = { cohort, degree, lost: lost[phase], spare: degree - threshold };
    const tooFew = binomial(cohort, lost[phase]).above(cohort - floorOf(phase, thresholds));
    // Both become likelier with every phase: what is new belongs to this one.
    const byNow = oneOf(voidDraw, tooFew, exceedance(lonely));
    byPhase[phase] = Math.max(0, byNow - before);
    before = Math.max(before, byNow);
    atMost = Math.max(atMost, Math.min(1, voidDraw + tooFew + exceedanceBound(lonely)));
  }
  return { byPhase, total: before, atMost };
}

/** Probability that one of independent events happens; adds up where all are small. */
function oneOf(...probabilities: readonly number[]): number {
  return probabilities.reduce((any, each) => any + (1 - any) * each, 0);
}

function noAborts(): Record<Phase, number> {
  return { setup: 0, ready: 0, 'masked-input': 0, consistency: 0, unmask: 0 };
}

function sumOf(byPhase: Readonly<Record<Phase, number>>): number {
  return PHASES.reduce((sum, phase) => sum + byPhase[phase], 0);
}
