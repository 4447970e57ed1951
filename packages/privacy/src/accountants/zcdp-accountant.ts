import { PrivacyError } from '../privacy-error.ts';
import {
  addRational,
  divideRational,
  multiplyRational,
  rational,
  rationalFromNumber,
  ZERO,
  type Rational,
} from '../zcdp/rational.ts';
import type { PrivacyEvent } from './events.ts';

/**
 * The rho of a composition as an exact fraction of the given doubles. Sampling is refused, because zCDP has no amplification.
 * @throws PrivacyError `UNSUPPORTED`
 */
export function rhoOf(events: readonly PrivacyEvent[]): Rational {
  return events.reduce(
    (sum, event) => addRational(sum, multiplyRational(rational(BigInt(event.count ?? 1)), oneRho(event))),
    ZERO,
  );
}

function oneRho(event: PrivacyEvent): Rational {
  switch (event.type) {
    case 'gaussian':
      return halfSquare(rational(1n), rationalFromNumber(event.noiseMultiplier));
    case 'discrete_gaussian':
      return halfSquare(rationalFromNumber(event.sensitivity), rationalFromNumber(event.sigma));
    // Pure epsilon-DP is epsilon^2/2-zCDP (Bun, Steinke 2016, proposition 1.4).
    case 'laplace':
      return halfSquare(rational(1n), rationalFromNumber(event.scale));
    case 'discrete_laplace':
      return halfSquare(rationalFromNumber(event.sensitivity), rationalFromNumber(event.scale));
    case 'zcdp':
      return rationalFromNumber(event.rho);
    case 'poisson_gaussian':
    case 'sampled_without_replacement_gaussian':
      throw new PrivacyError(
        'UNSUPPORTED',
        `zcdp does not support ${event.type}: it knows no amplification by sampling; use rdp or pld`,
      );
  }
}

/** (a/b)^2 / 2 */
function halfSquare(a: Rational, b: Rational): Rational {
  const ratio = divideRational(a, b);
  return multiplyRational(multiplyRational(ratio, ratio), rational(1n, 2n));
}
