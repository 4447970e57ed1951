/** Every code a `PrivacyError` or a `Refusal` can carry, with its meaning. Codes are stable; messages are not. */
export const PRIVACY_ERROR_CODES = {
  BAD_PARAMETER: 'an argument is out of its range',
  BAD_ENCODING:
    'an encoding breaks its own rules: a scale that is no power of two, a bound that is no integer',
  BAD_RECORD: 'the indices of a record are not ascending, not unique or outside the vector',
  NOT_FINITE: 'a record holds NaN or an infinity',
  TOO_MANY_RECORDS: 'more records than the public maxRecords of the plan',
  RING_OVERFLOW: 'the sum could wrap around the ring',
  POLICY_REFUSED: 'the policy of an organisation does not allow what a run declares',
  BUDGET_EXCEEDED: 'a charge would take a budget above its limit',
  NOISE_MISSING: 'the witness coordinates of an opened sum do not open to the noise that its survivors owe',
  RESERVATION_CONFLICT:
    'an attempt is reserved, settled or voided in a way that contradicts what was recorded of it',
  BAD_EVENT: 'an event of an accounting request is malformed; the message names the position and the field',
  UNSUPPORTED: 'no sound formula is implemented for this combination of mechanism, adjacency and accountant',
} as const;

export type PrivacyErrorCode = keyof typeof PRIVACY_ERROR_CODES;

/** The one error that this package throws; the message names the argument and the fix. */
export class PrivacyError extends Error {
  override readonly name = 'PrivacyError';
  readonly code: PrivacyErrorCode;

  constructor(code: PrivacyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A refusal as data, for what a peer proposed: not an exception, because a peer must not be able to cause one. */
export interface Refusal {
  readonly code: PrivacyErrorCode;
  readonly message: string;
}
