/** From a run's declaration and a program's plan to the public numbers of one private round. */
import { type CryptoBackend, utf8 } from '@tributary/crypto';
import { chooseEncoding } from '../encoding/choose-encoding.ts';
import { decodeSum } from '../encoding/decode.ts';
import { encodeRecord, type SparseRecord } from '../encoding/encode.ts';
import { checkEncoding, MAX_NORM_BOUND, type Encoding } from '../encoding/encoding.ts';
import { PrivacyError } from '../privacy-error.ts';
import { requireInteger } from '../parameters.ts';
import { integerSquareRoot } from '../sampler/integer-square-root.ts';
import { drawNoiseShare } from '../sampler/noise-share.ts';
import type { FilterRule } from '../zcdp/budget.ts';
import { chargeOf } from '../zcdp/charge.ts';
import { planNoise } from '../zcdp/plan-noise.ts';
import { formatRational, type Rational } from '../zcdp/rational.ts';
import { releaseCharge } from '../zcdp/sampled-charge.ts';
import { type DeclaredRound, formatFilter, type PrivacyDeclaration } from './declaration.ts';
import { checkWitnesses, type WitnessFinding, WITNESSES } from './witnesses.ts';

/** What a program says of the sum it asks for. */
export interface PlannedVector {
  readonly step: string;
  readonly dimension: number;
  readonly recordNorm: number;
  readonly recordMax: number;
  readonly recordSupport: number;
  /** What the bounds hold for: one record, the default, or the whole vector of an organisation. */
  readonly unit?: 'record' | 'organisation';
  /** Probability with which each record is in the sum, by a secret coin of its own; left out where all are. */
  readonly sampling?: number;
}

export interface RunSize {
  /** Members that may contribute to a sum at most. */
  readonly contributors: number;
  /** Records of one organisation that enter a sum at most. */
  readonly maxRecords: number;
}

/** The noise of one round: what is fixed before anybody uploads. */
export interface RoundPrivacy {
  readonly unit: PrivacyDeclaration['unit'];
  readonly filter: FilterRule;
  /** Exact bound on the L2 norm of what one unit adds, in integer units: that of a record times the records of one unit. */
  readonly normBound: number;
  /** s2, the integer variance of each contributor's share. */
  readonly variance: bigint;
  /** U_min */
  readonly minSurvivors: number;
  /** c */
  readonly colluders: number;
  /** rho if only U_min survive, to a unit all of whose records are in the sum. */
  readonly rho: Rational;
  /** Records of one unit at most. */
  readonly recordsPerUnit: number;
  /** As the plan says; left out where all records are in the sum. */
  readonly sampling?: number;
}

export interface PrivateRound {
  readonly encoding: Encoding;
  /** Width of a ring element, 13 .. 32. */
  readonly bits: number;
  /** Length of the vector that travels: the program's, then the witnesses. */
  readonly dimension: number;
  /** Largest |coordinate| of one contribution before noise. */
  readonly inputBound: number;
  /** How far the noise of all contributors together may reach: 10 standard deviations, rounded down to an integer. */
  readonly noiseMargin: number;
  readonly noise: RoundPrivacy;
  /** `noise` as the bytes that round terms carry and signatures cover. */
  readonly privacy: Uint8Array;
}

/**
 * @param round number of the sum in the run, from 1
 * @throws PrivacyError `UNSUPPORTED` where the plan's vectors are not of the declared unit; `BAD_PARAMETER` where the run declares no such
 *   round, or another step; `RING_OVERFLOW` where no ring of 32 bits holds sum and noise
 */
export function planPrivateRound(
  declaration: PrivacyDeclaration,
  round: number,
  plan: PlannedVector,
  size: RunSize,
): PrivateRound {
  requireInteger('contributors', size.contributors, declaration.minSurvivors);
  const declared = declaredRound(declaration, round, plan);
  const vectorUnit = plan.unit ?? 'record';
  if ((vectorUnit === 'organisation') !== (declaration.unit === 'organisation')) {
    throw new PrivacyError(
      'UNSUPPORTED',
      `step ${plan.step} bounds what one ${vectorUnit} adds: that gives no guarantee for the unit ${declaration.unit}`,
    );
  }
  const { contributors } = size;
  const maxRecords = vectorUnit === 'organisation' ? 1 : size.maxRecords;
  const noiseOf = (encoding: Encoding): RoundPrivacy => noiseFor(declaration, declared, encoding);
  const { encoding, bits } = chooseEncoding({
    ...plan,
    contributors,
    maxRecords,
    maxScale: finestScale(plan, declaration.recordsPerUnit),
    noiseVariance: (candidate) => noiseOf(candidate).variance,
  });
  const noise = noiseOf(encoding);
  return {
    encoding,
    bits,
    dimension: plan.dimension + WITNESSES,
    inputBound: encoding.maxRecords * encoding.coordinateBound,
    noiseMargin: Number(integerSquareRoot(100n * BigInt(contributors) * noise.variance)),
    noise,
    privacy: privacyBytes(declaration, noise),
  };
}

function declaredRound(
  { rounds }: PrivacyDeclaration,
  round: number,
  { step, sampling = 1 }: PlannedVector,
): DeclaredRound {
  const declared = rounds[round - 1];
  if (declared === undefined) {
    throw new PrivacyError('BAD_PARAMETER', `the run declares ${rounds.length} rounds, not a round ${round}`);
  }
  if (declared.step !== step) {
    throw new PrivacyError(
      'BAD_PARAMETER',
      `round ${round} is declared as ${declared.step}, the program asks for ${step}`,
    );
  }
  if ((declared.sampling ?? 1) !== sampling) {
    throw new PrivacyError(
      'BAD_PARAMETER',
      `round ${round} is declared for samples of ${declared.sampling ?? 1}, the program takes ${sampling}`,
    );
  }
  return declared;
}

/** 4096 where nothing speaks against it; less where all records of one end user would otherwise leave the range of exact norms. */
function finestScale({ recordNorm, recordSupport }: PlannedVector, recordsPerUnit: number): number {
  let scale = 4096;
  const tooLong = (): boolean =>
    recordsPerUnit * (Math.ceil(scale * recordNorm + Math.sqrt(recordSupport) / 2) + 1) > MAX_NORM_BOUND;
  while (scale > 1 && tooLong()) scale /= 2;
  return scale;
}

function noiseFor(
  declaration: PrivacyDeclaration,
  { rho, sampling }: DeclaredRound,
  encoding: Encoding,
): RoundPrivacy {
  const { unit, filter, minSurvivors, colluders, recordsPerUnit } = declaration;
  const normBound = recordsPerUnit * encoding.normBound;
  const { variance, reserve } = planNoise({ rho, normBound, minSurvivors, colluders });
  return {
    unit,
    filter,
    normBound,
    variance,
    minSurvivors,
    colluders,
    rho: reserve,
    recordsPerUnit,
    ...(sampling === undefined ? {} : { sampling }),
  };
}

/** Canonical JSON (RFC 8785: fields sorted, text and integers alone), so that people can read what was signed. */
function privacyBytes({ adjacency, delta }: PrivacyDeclaration, noise: RoundPrivacy): Uint8Array {
  const { unit, filter, normBound, variance, minSurvivors, colluders, rho, sampling } = noise;
  return utf8(
    JSON.stringify({
      adjacency,
      // Each attempt draws fresh noise and is charged for itself.
      attempts: 'each charged',
      colluders,
      delta: String(delta),
      filter: formatFilter(filter),
      mechanism: 'discrete gaussian',
      minSurvivors,
      normBound,
      rho: formatRational(rho),
      ...(sampling === undefined ? {} : { sampling: String(sampling) }),
      unit,
      variance: String(variance),
      witnesses: WITNESSES,
    }),
  );
}

/** What an attempt reserves before anybody uploads, in the unit of the run's filter. */
export function reservedCharge(noise: RoundPrivacy): Rational {
  return releaseCharge(noise.filter, noise.rho, noise, noise.recordsPerUnit);
}

/**
 * What an attempt is charged once it is opened over U survivors: their noise less that of the colluders, in the unit of the run's filter.
 * @throws PrivacyError `BAD_PARAMETER` with fewer than U_min
 */
export function settledCharge(noise: RoundPrivacy, survivors: number): Rational {
  requireInteger('survivors', survivors, noise.minSurvivors);
  const { normBound, variance, colluders, filter, recordsPerUnit } = noise;
  const rho = chargeOf({ normBound, variance, honest: survivors - colluders });
  return releaseCharge(filter, rho, noise, recordsPerUnit);
}

export interface Contribution {
  readonly backend: CryptoBackend;
  /** 32 fresh random bytes for this attempt; wipe them after the call. */
  readonly key: Uint8Array;
  readonly records: Iterable<SparseRecord>;
  readonly round: Pick<PrivateRound, 'encoding' | 'dimension' | 'noise'>;
}

/**
 * One organisation's vector for a private round: its records' integers and its share of the noise, then witnesses that carry its noise
 * alone. The whole share is drawn before the first record is looked at, so how long it takes says nothing about data plus noise.
 * @throws PrivacyError `BAD_PARAMETER` on a short key, `TOO_MANY_RECORDS`, `BAD_RECORD`, `NOT_FINITE`
 */
export function noisyContribution({ backend, key, records, round }: Contribution): Int32Array {
  const { encoding, dimension, noise } = round;
  const refusal = checkEncoding(encoding);
  if (refusal !== undefined) throw new PrivacyError(refusal.code, refusal.message);
  const vector = drawNoiseShare(backend, key, noise.variance, dimension);
  const body = vector.subarray(0, dimension - WITNESSES);
  let count = 0;
  for (const record of records) {
    if (count === encoding.maxRecords) {
      throw new PrivacyError(
        'TOO_MANY_RECORDS',
        `the plan takes at most ${encoding.maxRecords} records per organisation; contribute a random subset`,
      );
    }
    encodeRecord(record, encoding, body);
    count++;
  }
  return vector;
}

export interface OpenedPrivateSum {
  /** In the units of the program, without the witnesses. */
  readonly sum: Float64Array;
  /** Standard deviation of the noise on each of its values, in the same units. */
  readonly noiseDeviation: number;
  readonly witnesses: WitnessFinding;
}

/**
 * Takes an opened sum apart.
 * @param words the lifted sum, `round.dimension` words
 * @param survivors U
 * @throws PrivacyError `BAD_PARAMETER` where the sum has another length or fewer survivors than U_min
 */
export function openPrivateSum(
  words: Int32Array,
  round: Pick<PrivateRound, 'encoding' | 'dimension' | 'noise'>,
  survivors: number,
): OpenedPrivateSum {
  const { encoding, dimension, noise } = round;
  requireInteger('survivors', survivors, noise.minSurvivors);
  if (words.length !== dimension) {
    throw new PrivacyError('BAD_PARAMETER', `the sum must hold ${dimension} words, not ${words.length}`);
  }
  const body = dimension - WITNESSES;
  return {
    sum: decodeSum(words.subarray(0, body), encoding),
    noiseDeviation: Math.sqrt(survivors * Number(noise.variance)) / encoding.scale,
    witnesses: checkWitnesses(words.subarray(body), survivors, noise.variance),
  };
}
