import { requireDelta } from '../parameters.ts';
import { PrivacyError } from '../privacy-error.ts';
import { convertRho } from '../zcdp/conversion.ts';
import type { PrivacyEvent } from './events.ts';
import { parseEvents } from './parse-events.ts';
import { pldEpsilon } from './pld/pld-accountant.ts';
import { epsilonFromRdp } from './rdp/conversion.ts';
import { rdpOf } from './rdp/rdp-accountant.ts';
import { rhoOf } from './zcdp-accountant.ts';

export type Accountant = 'zcdp' | 'rdp' | 'pld';

export const ACCOUNTANTS: readonly Accountant[] = ['zcdp', 'rdp', 'pld'];

export interface Accounted {
  readonly epsilon: number;
  readonly delta: number;
  readonly accountant: Accountant;
  /** The Renyi order that proved epsilon; absent for pld. */
  readonly order?: number;
}

/**
 * What a composition of releases costs at `delta`, rounded up. `zcdp` minimises over all orders, `rdp` over the list `RDP_ORDERS`, `pld`
 * is the tightest and knows the fewest mechanisms.
 * @throws PrivacyError `BAD_PARAMETER` on delta or the accountant's name, `BAD_EVENT` and `UNSUPPORTED` as `parseEvents` and the
 *   accountant say
 */
export function account(events: readonly PrivacyEvent[], delta: number, accountant: Accountant): Accounted {
  requireDelta(delta);
  const checked = parseEvents(events);
  switch (accountant) {
    case 'zcdp':
      return { ...convertRho(rhoOf(checked), delta), delta, accountant };
    case 'rdp':
      return { ...epsilonFromRdp(rdpOf(checked), delta), delta, accountant };
    case 'pld':
      return { epsilon: pldEpsilon(checked, delta), delta, accountant };
    default:
      throw new PrivacyError(
        'BAD_PARAMETER',
        `accountant must be zcdp, rdp or pld, not ${String(accountant)}`,
      );
  }
}
