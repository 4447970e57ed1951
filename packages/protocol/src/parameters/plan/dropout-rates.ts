/** How likely each member is lost, phase by phase. */
import type { Phase } from '../../coordinator/state.ts';
import { ProtocolError } from '../../errors.ts';

/** In the order of a round; the first once for each batch. */
export const PHASES: readonly Phase[] = ['setup', 'ready', 'masked-input', 'consistency', 'unmask'];

/** For each phase the probability, 0..1, that a member who was still there is lost in it, each on its own. */
export type DropoutRates = Readonly<Record<Phase, number>>;

/**
 * The rates of a round that loses each member with probability `rate`, the same in each of its four phases;
 * nobody is lost in the setup.
 * @throws ProtocolError BAD_PARAMETERS where the rate is outside 0..1
 */
export function evenDropoutRates(rate: number): DropoutRates {
  if (!(rate >= 0 && rate < 1)) refuse(`dropout rate ${rate} is outside 0..1`);
  const each = 1 - (1 - rate) ** (1 / 4);
  return { setup: 0, ready: each, 'masked-input': each, consistency: each, unmask: each };
}

/** Probability that a member is lost by the end of each phase. */
export function lostByPhase(rates: DropoutRates): DropoutRates {
  let left = 1;
  const lost = (phase: Phase): number => {
    left *= 1 - rates[phase];
    return 1 - left;
  };
  return {
    setup: lost('setup'),
    ready: lost('ready'),
    'masked-input': lost('masked-input'),
    consistency: lost('consistency'),
    unmask: lost('unmask'),
  };
}

/** @throws ProtocolError BAD_PARAMETERS naming the phase */
export function checkDropoutRates(rates: DropoutRates): void {
  for (const phase of PHASES) {
    const rate = rates[phase];
    if (!(rate >= 0 && rate < 1)) refuse(`dropout rate ${rate} of ${phase} is outside 0..1`);
  }
}

function refuse(message: string): never {
  throw new ProtocolError('BAD_PARAMETERS', message, 'give the share of members that is lost, below 1');
}
