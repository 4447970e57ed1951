/** From a program's plan to the public numbers of a round. Coordinator and clients compute it alike and compare. */
import type { CryptoBackend } from '@tributary/crypto';
import { chooseEncoding, type Encoding } from '@tributary/privacy';
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
}

export interface RoundContextOfRun {
  readonly round: number;
  readonly logHead: Uint8Array;
  /** From the manifest. */
  readonly contributors: number;
  readonly maxRecords: number;
}

/**
 * @param stateBytes the program's canonical public state
 * @throws PrivacyError RING_OVERFLOW where no ring holds the sum
 */
export function expectedRound(
  crypto: CryptoBackend,
  plan: PlannedSum,
  stateBytes: Uint8Array,
  { round, logHead, contributors, maxRecords }: RoundContextOfRun,
): ExpectedRound {
  const units = plan.unit === 'organisation' ? 1 : maxRecords;
  const { encoding, bits } = chooseEncoding({ ...plan, contributors, maxRecords: units });
  return {
    round,
    planHash: planHash(crypto, plan, encoding),
    modelHash: modelHash(crypto, stateBytes),
    dimension: plan.dimension,
    bits,
    inputBound: encoding.maxRecords * encoding.coordinateBound,
    noiseMargin: 0,
    encoding,
    privacy: new Uint8Array(0),
    logHead,
  };
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
