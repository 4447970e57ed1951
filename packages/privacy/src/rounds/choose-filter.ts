import { PrivacyError } from '../privacy-error.ts';
import type { FilterRule } from '../zcdp/budget.ts';
import { compareRational, ZERO, type Rational } from '../zcdp/rational.ts';
import { type DeclarationRequest, declarePrivacy } from './declaration.ts';

/** Above it, an order serves only epsilons far below 1. */
const HIGHEST_ORDER = 64;

/**
 * The filter with which a schedule needs the least noise: `zcdp` where every sum sees all records, and where some see samples the integer
 * order that leaves these the largest rho. Public arithmetic on what a run declares; done before it starts, because a filter at one order is
 * valid only if the order was fixed in advance (Feldman, Zrnic 2021).
 * @throws PrivacyError `BAD_PARAMETER`, `UNSUPPORTED` as `declarePrivacy`
 */
export function chooseFilter(request: Omit<DeclarationRequest, 'filter'>): FilterRule {
  const sampled = request.schedule.findIndex(({ sampling = 1 }) => sampling < 1);
  if (sampled < 0) return { kind: 'zcdp' };
  let best: { readonly filter: FilterRule; readonly rho: Rational } = { filter: { kind: 'zcdp' }, rho: ZERO };
  for (let order = 2; order <= HIGHEST_ORDER; order++) {
    const filter = { kind: 'rdp', order } as const;
    const rho = rhoWith({ ...request, filter }, sampled);
    if (compareRational(rho, best.rho) > 0) best = { filter, rho };
  }
  return best.filter;
}

/** 0 where the order proves nothing at this epsilon. */
function rhoWith(request: DeclarationRequest, round: number): Rational {
  try {
    return declarePrivacy(request).rounds[round]?.rho ?? ZERO;
  } catch (error) {
    if (error instanceof PrivacyError && error.message.includes('proves no epsilon')) return ZERO;
    throw error;
  }
}
