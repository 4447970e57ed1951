import { PrivacyError } from './privacy-error.ts';

/** @throws PrivacyError `BAD_PARAMETER` unless `value` is an integer in `minimum .. maximum` */
export function requireInteger(
  name: string,
  value: number,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    throw new PrivacyError(
      'BAD_PARAMETER',
      `${name} must be an integer in ${minimum} .. ${maximum}, not ${value}`,
    );
  }
}

/** @throws PrivacyError `BAD_PARAMETER` unless `value` is finite and above zero */
export function requirePositive(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0) {
    throw new PrivacyError('BAD_PARAMETER', `${name} must be a finite number above 0, not ${value}`);
  }
}

/** @throws PrivacyError `BAD_PARAMETER` unless 0 < delta < 1 */
export function requireDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) {
    throw new PrivacyError('BAD_PARAMETER', `delta must be a number above 0 and below 1, not ${delta}`);
  }
}
