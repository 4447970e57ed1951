/** The narrowest ring in which a sum cannot wrap around. */
import { ProtocolError } from '../../errors.ts';
import { MAX_RING_BITS, MIN_RING_BITS, overflowRisk } from '../ring.ts';

export interface SumEncoding {
  /** B: largest |coordinate| of one record, in units. */
  readonly coordinateBound: number;
  /** M: records of one member that enter a sum at most. */
  readonly maxRecords: number;
  /** Standard deviation of the noise of one member per coordinate, in units; 0 without noise. */
  readonly noiseDeviation: number;
}

export interface RingSize {
  /** b, 13..32 */
  readonly bits: number;
  /** Largest |coordinate| that the sum may reach: n * M * B + 10 * sqrt(n) * s. */
  readonly reach: number;
  /** How many times over the reach fits below 2^(b - 1), in bits. */
  readonly headroomBits: number;
}

/** How many standard deviations of noise must fit: beyond lies 2^-75 of a Gaussian. */
const NOISE_DEVIATIONS = 10;

/** @throws ProtocolError BAD_PARAMETERS where 32 bits are too few, or a number of the encoding is out of range */
export function ringFor(contributors: number, encoding: SumEncoding): RingSize {
  const { coordinateBound, maxRecords, noiseDeviation } = encoding;
  requireAbove('coordinateBound', coordinateBound, 1);
  requireAbove('maxRecords', maxRecords, 1);
  requireAbove('noiseDeviation', noiseDeviation, 0);
  const inputBound = maxRecords * coordinateBound;
  const noiseMargin = NOISE_DEVIATIONS * Math.sqrt(contributors) * noiseDeviation;
  for (let bits = MIN_RING_BITS; bits <= MAX_RING_BITS; bits++) {
    if (overflowRisk(contributors, { bits, inputBound, noiseMargin }) === undefined) {
      const reach = contributors * inputBound + noiseMargin;
      return { bits, reach, headroomBits: bits - 1 - Math.log2(reach) };
    }
  }
  throw new ProtocolError(
    'BAD_PARAMETERS',
    `sums reach ${contributors * inputBound + noiseMargin}, a ring of ${MAX_RING_BITS} bits holds less than ${2 ** (MAX_RING_BITS - 1)}`,
    'lower the records of one member, or the bound on a coordinate',
  );
}

function requireAbove(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new ProtocolError('BAD_PARAMETERS', `${name} ${value} is no number of ${least} or more`);
}
