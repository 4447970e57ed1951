import type { CryptoBackend } from '@tributary/crypto';
import { PrivacyError } from '../privacy-error.ts';
import { requireInteger } from '../parameters.ts';
import { sampleDiscreteGaussian } from './discrete-gaussian.ts';
import { bitsOf } from './random-bits.ts';

/**
 * Below this variance per share, the sum of discrete Gaussians is measurably not a discrete Gaussian. From here on the
 * correction of Kairouz, Liu, Steinke 2021 (arXiv 2102.06387, proposition 14) is under 1e-270.
 */
export const MIN_NOISE_VARIANCE: bigint = 64n;

/**
 * One organisation's share of the noise of a sum: independent discrete Gaussians from the AES-256-CTR expansion of `key`. Draw it
 * before the data is touched, use it once, and never store or log it.
 * @param key 32 fresh random bytes for this (organisation, round, attempt); wipe them after the call
 * @param variance s2 >= 64 in squared units
 * @param dimension length of the vector
 * @throws PrivacyError `BAD_PARAMETER` on a short key or a variance below 64
 */
export function drawNoiseShare(
  backend: CryptoBackend,
  key: Uint8Array,
  variance: bigint,
  dimension: number,
): Int32Array {
  requireInteger('dimension', dimension, 1, 2 ** 31 - 1);
  if (key.length !== 32) {
    throw new PrivacyError('BAD_PARAMETER', `a noise key has 32 bytes, not ${key.length}`);
  }
  if (variance < MIN_NOISE_VARIANCE) {
    throw new PrivacyError(
      'BAD_PARAMETER',
      `noise variance must be at least 64 units^2, not ${variance}; use a finer scale`,
    );
  }
  const share = new Int32Array(dimension);
  sampleDiscreteGaussian(bitsOf(backend.keystream(key)), variance, share);
  return share;
}
