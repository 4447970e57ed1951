/**
 * What "neighbouring" means. `zero_out`: one unit's contribution becomes zero, membership is public. `add_remove`: one unit comes or
 * goes. `replace_one`: one unit becomes any other, which moves a clipped sum twice as far.
 */
export type Adjacency = 'add_remove' | 'replace_one' | 'zero_out';

export const ADJACENCIES: readonly Adjacency[] = ['add_remove', 'replace_one', 'zero_out'];

/** Whose data one guarantee is about. */
export type PrivacyUnit = 'record' | 'end-user' | 'organisation';

export const PRIVACY_UNITS: readonly PrivacyUnit[] = ['record', 'end-user', 'organisation'];
