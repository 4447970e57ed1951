/** What a client and a coordinator cannot leave out of a round, in CPU milliseconds by the fixed kernel. */
import { packedLength } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import type { Thresholds } from '@tributary/protocol';
import { hashOnce, maskOnce, unpackAndAdd } from '../kernel.ts';
import { repeated } from '../measure.ts';

export interface Bounds {
  readonly client: number;
  readonly coordinator: number;
}

export interface Shape {
  readonly n: number;
  readonly d: number;
  readonly bits: number;
  /** Members lost after setup. */
  readonly drops: number;
}

/** The bound of what ran between two measurements of it: a shared machine's speed changes from minute to minute. */
export function between(before: Bounds, after: Bounds): Bounds {
  return {
    client: (before.client + after.client) / 2,
    coordinator: (before.coordinator + after.coordinator) / 2,
  };
}

const MESSAGE = new Uint8Array(200);
const IDENTITY = new Uint8Array(32).fill(5);
const CHECKS = 100;

/** The least of several runs: in a large heap the collector works beside the kernel, and is none of it. */
function leastOf(runs: number, work: () => void): number {
  return Math.min(...repeated(runs, work));
}

export function boundsOf({ n, d, bits, drops }: Shape, { graph, holders }: Thresholds): Bounds {
  const words = new Int32Array(d);
  const length = packedLength(d, bits);
  // The bit reader looks at most five bytes ahead.
  const packed = new Uint8Array(length + 5);
  const times = Math.max(9, Math.ceil(2e6 / d));
  const mask = leastOf(times, () => maskOnce(words));
  const unpack = leastOf(times, () => unpackAndAdd(packed, bits, words));
  const hash = leastOf(times, () => hashOnce(packed.subarray(0, length)));
  const signature = crypto.ed25519Sign(IDENTITY, MESSAGE);
  const publicKey = crypto.ed25519PublicKey(IDENTITY);
  const verify =
    leastOf(5, () => {
      for (let i = 0; i < CHECKS; i++) crypto.ed25519Verify(publicKey, MESSAGE, signature);
    }) / CHECKS;
  const neighbours = graph === 'complete' ? n - 1 : holders;
  const survivors = n - drops;
  return {
    client: (neighbours + 1) * mask,
    // Signatures of each member: ready, upload-end, survivors-signature, release.
    coordinator: survivors * (unpack + hash + mask) + drops * neighbours * mask + 4 * n * verify,
  };
}
