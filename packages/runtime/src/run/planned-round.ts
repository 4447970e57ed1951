/** From a program's plan to the public numbers of a round, and from its opened sum back. Coordinator and clients compute both alike. */
import type { CryptoBackend } from '@tributary/crypto';
import {
  chooseEncoding,
  decodeSum,
  type Encoding,
  openPrivateSum,
  planPrivateRound,
  PrivacyError,
  type PrivacyDeclaration,
  type RoundPrivacy,
} from '@tributary/privacy';
import { CanonicalWriter, DOMAIN, type ExpectedRound } from '@tributary/protocol';

/** What a program says of the sum it asks for; the router's `SumPlan`. */
export interface PlannedSum {
  readonly step: string;
  readonly dimension: number;
  readonly recordNorm: number;
  readonly recordMax: number;
  readonly recordSupport: number;
  /** What the bounds hold for: one record, which is the default, or the whole vector of an organisation. */
  readonly unit?: 'record' | 'organisation';
  /** Probability with which each record is in the sum; left out where all are. */
  readonly sampling?: number;
}

export interface RoundContextOfRun {
  readonly round: number;
  readonly logHead: Uint8Array;
  /** From the manifest. */
  readonly contributors: number;
  readonly maxRecords: number;
  readonly privacy: 'none' | PrivacyDeclaration;
}

export interface PlannedRound {
  /** What the terms of the round have to say. */
  readonly expected: ExpectedRound;
  /** The noise that every contribution carries; undefined where the run has no privacy budget. */
  readonly noise: RoundPrivacy | undefined;
}

/**
 * @param stateBytes the program's canonical public state
 * @throws PrivacyError RING_OVERFLOW where no ring holds the sum; UNSUPPORTED, BAD_PARAMETER where the declaration has no such round
 */
export function planRound(
  crypto: CryptoBackend,
  plan: PlannedSum,
  stateBytes: Uint8Array,
  { round, logHead, contributors, maxRecords, privacy }: RoundContextOfRun,
): PlannedRound {
  const { noise, ...numbers } =
    privacy === 'none'
      ? exactRound(plan, contributors, maxRecords)
      : planPrivateRound(privacy, round, plan, { contributors, maxRecords });
  return {
    expected: {
      round,
      planHash: planHash(crypto, plan, numbers.encoding),
      modelHash: modelHash(crypto, stateBytes),
      ...numbers,
      logHead,
    },
    noise,
  };
}

type RoundNumbers = Omit<ExpectedRound, 'round' | 'planHash' | 'modelHash' | 'logHead'> & {
  readonly noise: undefined;
};

function exactRound(plan: PlannedSum, contributors: number, maxRecords: number): RoundNumbers {
  const units = plan.unit === 'organisation' ? 1 : maxRecords;
  const { encoding, bits } = chooseEncoding({ ...plan, contributors, maxRecords: units });
  return {
    encoding,
    bits,
    dimension: plan.dimension,
    inputBound: encoding.maxRecords * encoding.coordinateBound,
    noiseMargin: 0,
    privacy: new Uint8Array(0),
    noise: undefined,
  };
}

/** An opened sum in the units of its program. */
export interface ReadSum {
  readonly sum: Float64Array;
  /** Standard deviation of the noise on each of its values; 0 without noise. */
  readonly noiseDeviation: number;
}

/**
 * @param words the lifted sum, `expected.dimension` words
 * @param survivors over whose vectors it is
 * @throws PrivacyError NOISE_MISSING where its witnesses show that noise is missing or wrong: nothing may be made of such a sum;
 *   BAD_PARAMETER where it has another length, or too few survivors
 */
export function readSum({ expected, noise }: PlannedRound, words: Int32Array, survivors: number): ReadSum {
  if (noise === undefined) return { sum: decodeSum(words, expected.encoding), noiseDeviation: 0 };
  const { sum, noiseDeviation, witnesses } = openPrivateSum(words, { ...expected, noise }, survivors);
  if (!witnesses.ok) {
    throw new PrivacyError(
      'NOISE_MISSING',
      `the witnesses of round ${expected.round} do not open to the noise of ${survivors} shares: ${witnesses.fault}`,
    );
  }
  return { sum, noiseDeviation };
}

function planHash(crypto: CryptoBackend, plan: PlannedSum, encoding: Encoding): Uint8Array {
  const bounds = new DataView(new ArrayBuffer(16));
  bounds.setFloat64(0, plan.recordNorm);
  bounds.setFloat64(8, plan.recordMax);
  const writer = new CanonicalWriter()
    .text(`${DOMAIN}/plan`)
    .text(plan.step)
    .integer(plan.dimension)
    .integer(plan.recordSupport)
    .text(plan.unit ?? 'record')
    .bytes(new Uint8Array(bounds.buffer))
    .integer(encoding.scale);
  return crypto.sha256(writer.finish());
}

export function modelHash(crypto: CryptoBackend, stateBytes: Uint8Array): Uint8Array {
  return crypto.sha256(new CanonicalWriter().text(`${DOMAIN}/model`).bytes(stateBytes).finish());
}
