import { PrivacyError } from '../privacy-error.ts';
import { requireInteger, requirePositive } from '../parameters.ts';
import { isPowerOfTwo, MAX_COORDINATE, MAX_NORM_BOUND, type Encoding } from './encoding.ts';
import { ringBits } from './headroom.ts';

/** What is public about a sum before its encoding is chosen; values in the units of the program. */
export interface EncodingRequest {
  /** U, the largest number of organisations that may contribute. */
  readonly contributors: number;
  /** M, the most records that one organisation adds. */
  readonly maxRecords: number;
  /** Largest Euclidean norm of one record. */
  readonly recordNorm: number;
  /** Largest absolute value of one coordinate of one record. */
  readonly recordMax: number;
  /** Largest number of non-zero coordinates of one record. */
  readonly recordSupport: number;
  /**
   * s2, the integer variance of one contributor's noise share in squared units, 0 by default. A function where it
   * follows from the bounds of the encoding, as it does when a noise multiplier is given.
   */
  readonly noiseVariance?: bigint | ((encoding: Encoding) => bigint);
  /** Power of two above which a finer scale buys nothing, 4096 by default. */
  readonly maxScale?: number;
}

export interface ChosenEncoding {
  readonly encoding: Encoding;
  /** Width of a ring element, 13 .. 32. */
  readonly bits: number;
}

/**
 * The finest encoding with which the sum cannot overflow a ring of 32 bits, and the smallest ring that holds it. Its bounds
 * are wide enough that rounding a record inside its declared bounds never makes it shrink.
 * @throws PrivacyError `RING_OVERFLOW` where the sum could overflow even at one unit per 1.0; `BAD_PARAMETER`
 */
export function chooseEncoding(request: EncodingRequest): ChosenEncoding {
  const { contributors, maxRecords, recordNorm, recordMax, recordSupport, maxScale = 4096 } = request;
  requireInteger('contributors', contributors, 1, MAX_COORDINATE);
  requireInteger('maxRecords', maxRecords, 1, MAX_COORDINATE);
  requirePositive('recordNorm', recordNorm);
  requirePositive('recordMax', recordMax);
  requireInteger('recordSupport', recordSupport, 1);
  if (!isPowerOfTwo(maxScale)) {
    throw new PrivacyError('BAD_PARAMETER', `maxScale must be a power of two in 1 .. 2^30, not ${maxScale}`);
  }
  for (let scale = maxScale; scale >= 1; scale /= 2) {
    const encoding = encodingAtScale(request, scale);
    if (encoding.normBound > MAX_NORM_BOUND || encoding.coordinateBound > MAX_COORDINATE) continue;
    const { noiseVariance = 0n } = request;
    const bits = ringBits({
      encoding,
      contributors,
      noiseVariance: typeof noiseVariance === 'function' ? noiseVariance(encoding) : noiseVariance,
    });
    if (typeof bits === 'number') return { encoding, bits };
    if (bits.code !== 'RING_OVERFLOW' || scale === 1) throw new PrivacyError(bits.code, bits.message);
  }
  throw new PrivacyError(
    'RING_OVERFLOW',
    `a record of norm ${recordNorm} and largest value ${recordMax} exceeds the integer range at one unit per 1.0; ` +
      `scale the values down (norms up to 2^26 are encoded)`,
  );
}

function encodingAtScale(request: EncodingRequest, scale: number): Encoding {
  const { maxRecords, recordNorm, recordMax, recordSupport } = request;
  const coordinateBound = Math.ceil(scale * Math.min(recordMax, recordNorm));
  // Rounding moves each of `recordSupport` coordinates by at most 1/2; the coordinate bound alone caps the norm as well.
  const rounded = Math.ceil(scale * recordNorm + Math.sqrt(recordSupport) / 2);
  const capped = Math.ceil(coordinateBound * Math.sqrt(recordSupport));
  return { scale, normBound: Math.min(rounded, capped), coordinateBound, maxRecords };
}
