/**
 * Bytes that one member sends and receives if everybody takes part: msgpack frames as they are, without TLS
 * and TCP, within 2 %.
 */
import { packedLength } from '@tributary/crypto';
import { CHUNK_WORDS } from '../../messages/round.ts';
import type { Thresholds } from '../thresholds.ts';

export interface Traffic {
  readonly up: number;
  readonly down: number;
}

export interface TrafficChoice {
  readonly thresholds: Thresholds;
  /** B, key indices that one setup shares ahead. */
  readonly keyCount: number;
  /** d */
  readonly dimension: number;
  /** b */
  readonly bits: number;
}

/** A key, digest, nonce, share or salt of 32 bytes with its msgpack header. */
const HASH = 34;
/** Ed25519, 64 bytes with its header. */
const SIGNATURE = 66;
/** Number of the message, and the signature of whoever sends it. */
const ENVELOPE = 4 + SIGNATURE;
/** Length of a list or of bytes, or a number that may be large. */
const COUNT = 3;
/** In a sealed box a share and the salt of its commitment stand without headers. */
const SHARE_WITH_SALT = 64;
/** Of a share: commitments stand without headers too. */
const COMMITMENT = 32;
const AEAD_TAG = 16;
const EMPTY = 2;
/** Terms of a batch and of a round beside lists of members: digests, names and some numbers. */
const BATCH_TERMS = 2 * HASH + 30;
const ROUND_TERMS = 4 * HASH + 46;

/** Of one setup, which serves `keyCount` sums. */
export function setupTraffic({ thresholds, keyCount }: TrafficChoice): Traffic {
  const { cohort, graph, holders, colluders } = thresholds;
  const isComplete = graph === 'complete';
  const others = isComplete ? cohort - 1 : holders;
  const committee = isComplete ? 0 : colluders + 1;
  const id = idBytes(cohort);
  const commitments = COUNT + 2 * keyCount * COMMITMENT;
  const advert = 2 * HASH + id + 2 * (1 + keyCount * HASH) + EMPTY;
  const box = HASH + 2 * id + COUNT + AEAD_TAG + 2 * keyCount * SHARE_WITH_SALT + commitments + SIGNATURE + 2;
  const boxes = HASH + COUNT + others * box;
  const reveal = 3 * HASH + id + SIGNATURE + 2;
  // Some of the committee are neighbours, whose adverts come anyway.
  const strangers = committee * (1 - (others + 1) / cohort);
  const keys = (others + 1) * (advert + SIGNATURE + 2) + strangers * (advert + HASH + SIGNATURE + 2);
  const roster = HASH + 3 * COUNT + cohort * id + committee * reveal + keys;
  const start = BATCH_TERMS + 2 * COUNT + (cohort + committee) * id;
  return {
    up: 2 * ENVELOPE + advert + boxes + (isComplete ? commitments : EMPTY),
    down: Math.round(3 * ENVELOPE + start + roster + boxes),
  };
}

/** Of one sum. */
export function roundTraffic({ thresholds, dimension, bits }: TrafficChoice): Traffic {
  const { cohort, graph, holders } = thresholds;
  const owners = graph === 'complete' ? cohort : holders;
  const id = idBytes(cohort);
  const vector = packedLength(dimension, bits) + Math.ceil(dimension / CHUNK_WORDS) * (HASH + 2 * COUNT + 3);
  const ready = 2 * HASH + id;
  const uploadEnd = 2 * HASH + id + COUNT;
  const survivorsSignature = 2 * HASH + id;
  const release = 2 * HASH + id + 2 * COUNT + owners * (id + 2 + 2 * HASH);
  // Nonces of those who are ready and digests of uploads come in lists of the same form.
  const signedHashes = HASH + COUNT + cohort * (id + HASH + SIGNATURE + 1);
  const request = 2 * HASH + COUNT + holders * (id + SIGNATURE + 1);
  const result = 3 * HASH + 3 * COUNT + cohort * id;
  return {
    up: 4 * ENVELOPE + ready + vector + uploadEnd + survivorsSignature + release,
    down: 5 * ENVELOPE + ROUND_TERMS + 2 * signedHashes + request + result + vector,
  };
}

/** msgpack writes small numbers shorter; most members of a large cohort have large ids. */
function idBytes(cohort: number): number {
  if (cohort <= 128) return 1;
  return cohort <= 512 ? 2 : 3;
}
