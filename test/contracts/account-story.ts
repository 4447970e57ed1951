/** Noise of a wanted price, for tests of accounts. */
import {
  chargeOf,
  filterLimit,
  type FilterRule,
  multiplyRational,
  planNoise,
  type PrivacyPolicy,
  type Rational,
  rational,
  type RoundPrivacy,
} from '@tributary/privacy';

const ZCDP: FilterRule = { kind: 'zcdp' };
const POLICY: PrivacyPolicy = { maxEpsilon: 3, delta: 1e-5, unit: 'record', minCohort: 3, maxRounds: 100 };

export const SPENDING: { readonly policy: PrivacyPolicy; readonly filter: FilterRule } = {
  policy: POLICY,
  filter: ZCDP,
};

export const LIMIT: Rational = filterLimit({ epsilon: 3, delta: 1e-5, filter: ZCDP });

/** @param share of the limit that an attempt costs, in millionths */
export function roundNoise(share: number): {
  readonly noise: RoundPrivacy;
  readonly terms: { readonly runLimit: Rational; readonly minSurvivors: number };
} {
  const [normBound, minSurvivors, colluders] = [1 << 20, 4, 1];
  const rho = multiplyRational(LIMIT, rational(BigInt(share), 1_000_000n));
  const { variance } = planNoise({ rho, normBound, minSurvivors, colluders });
  const noise: RoundPrivacy = {
    unit: 'record',
    filter: ZCDP,
    normBound,
    variance,
    minSurvivors,
    colluders,
    recordsPerUnit: 1,
    rho: chargeOf({ normBound, variance, honest: minSurvivors - colluders }),
  };
  return { noise, terms: { runLimit: LIMIT, minSurvivors } };
}
