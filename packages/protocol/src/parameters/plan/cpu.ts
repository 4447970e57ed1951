/** CPU time of one client and of the coordinator, from what the primitives cost. */
import type { Thresholds } from '../thresholds.ts';

/**
 * Milliseconds on one core of a 2-core x86-64 cloud server, Node with OpenSSL 3 and the node backend; neighbours
 * that are busy double or triple them. Masks, hashes of megabytes and HKDF were measured on an idle machine, the
 * others on a busy one and scaled down: good for planning, not for comparing. The noble backend, as in browsers, takes 6 to 20 times
 * as long.
 */
export const PRIMITIVE_MS = {
  /** AES-256-CTR keystream of 10^6 words in pieces of 64 KiB, and adding them. */
  maskMillionWords: 2.2,
  /** Packing 10^6 words into b bits, or adding as many packed ones. */
  packMillionWords: 2.5,
  sha256Megabyte: 0.55,
  /** The next three with the import of their keys. */
  x25519: 0.08,
  ed25519Sign: 0.1,
  ed25519Verify: 0.17,
  hkdf: 0.0126,
  /** Of some hundred bytes. */
  aead: 0.01,
  sha256Short: 0.0033,
  /** Of 32 bytes in GF(2^8), without tables that a secret would index: times t * H. */
  splitSecret: 0.0008,
  /** Of 32 bytes: times t * (t + 32). */
  combineShares: 0.000_05,
} as const;

export interface CpuChoice {
  readonly thresholds: Thresholds;
  /** B */
  readonly keyCount: number;
  /** d */
  readonly dimension: number;
  /** b */
  readonly bits: number;
  /** Share of the cohort that is lost in a round. */
  readonly dropoutRate: number;
}

export interface CpuMilliseconds {
  /** Once for each batch. */
  readonly clientSetup: number;
  readonly clientRound: number;
  /** With the expected dropouts, on one core. */
  readonly coordinatorRound: number;
}

/**
 * Estimates of the cryptography alone: sockets, the log and training are not in them.
 */
export function cpuMilliseconds({
  thresholds,
  keyCount,
  dimension,
  bits,
  dropoutRate,
}: CpuChoice): CpuMilliseconds {
  const { cohort, graph, holders, threshold } = thresholds;
  const ms = PRIMITIVE_MS;
  const others = graph === 'complete' ? cohort - 1 : holders;
  const owners = graph === 'complete' ? cohort : holders;
  const millions = dimension / 1e6;
  const hashing = ((dimension * bits) / 8e6) * ms.sha256Megabyte;
  const dropped = dropoutRate * cohort;
  const survivors = cohort - dropped;
  const keys = (keyCount + 1) * ms.x25519;
  const splitting = 2 * keyCount * threshold * holders * ms.splitSecret;
  const committing = 4 * keyCount * holders * ms.sha256Short;
  const boxes = others * (ms.x25519 + ms.hkdf + 2 * ms.aead + ms.ed25519Sign + 2 * ms.ed25519Verify);
  const agreeing = others * (ms.x25519 + ms.hkdf);
  const masking = (others + 1) * millions * ms.maskMillionWords + millions * ms.packMillionWords;
  // Of the others, who is ready, what was uploaded, and who signed the survivors.
  const verifying = (2 * cohort + holders) * ms.ed25519Verify;
  const combining = threshold * (threshold + 32) * ms.combineShares;
  return {
    clientSetup: keys + splitting + committing + boxes,
    clientRound: agreeing + masking + hashing + verifying + 4 * ms.ed25519Sign,
    coordinatorRound:
      survivors * (hashing + millions * (ms.packMillionWords + ms.maskMillionWords)) +
      dropped * others * (ms.x25519 + ms.hkdf + millions * ms.maskMillionWords) +
      cohort * combining +
      4 * cohort * ms.ed25519Verify +
      cohort * owners * ms.sha256Short,
  };
}
