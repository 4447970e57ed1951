/**
 * Messages of the setup phase: one setup shares the secrets of `keyCount` key indices ahead (SecAgg's
 * AdvertiseKeys and ShareKeys).
 */
import { bytesBetween, fixedBytes, integer, list, type Shape, struct } from '../wire/shape.ts';
import { MAX_KEY_COUNT } from './terms.ts';

const memberId: Shape<number> = integer(65_535);
const signature: Shape<Uint8Array> = fixedBytes(64);

/** Member to coordinator, relayed to all: the public keys of one batch. */
export interface KeyAdvert {
  readonly batchContext: Uint8Array;
  readonly member: number;
  /** X25519, seals shares of this batch only. */
  readonly sealingKey: Uint8Array;
  /** X25519, one per key index: E_u. */
  readonly roundKeys: readonly Uint8Array[];
  /** H(b_u), one per key index. */
  readonly selfSeedCommitments: readonly Uint8Array[];
}

export const keyAdvertShape: Shape<KeyAdvert> = struct<KeyAdvert>({
  batchContext: fixedBytes(32),
  member: memberId,
  sealingKey: fixedBytes(32),
  roundKeys: list(fixedBytes(32), MAX_KEY_COUNT),
  selfSeedCommitments: list(fixedBytes(32), MAX_KEY_COUNT),
});

/** A relayed message with the signature of the member it names. */
export interface Signed<T> {
  readonly body: T;
  readonly signature: Uint8Array;
}

export function signedShape<T>(body: Shape<T>): Shape<Signed<T>> {
  return struct<Signed<T>>({ body, signature });
}

/** Coordinator to members: everybody's adverts. */
export interface KeyRoster {
  readonly batchContext: Uint8Array;
  readonly adverts: readonly Signed<KeyAdvert>[];
}

export const keyRosterShape: Shape<KeyRoster> = struct<KeyRoster>({
  batchContext: fixedBytes(32),
  adverts: list(signedShape(keyAdvertShape), 65_535),
});

/**
 * Shares of one dealer for one holder: for each key index the share of the self seed and of the round key,
 * sealed, and a salted commitment to each (self, pair, self, pair, ...). Signed by the dealer, so that a
 * wrong share names who is to blame.
 */
export interface SealedShares {
  readonly batchContext: Uint8Array;
  readonly dealer: number;
  readonly holder: number;
  readonly sealed: Uint8Array;
  readonly commitments: readonly Uint8Array[];
}

export const sealedSharesShape: Shape<SealedShares> = struct<SealedShares>({
  batchContext: fixedBytes(32),
  dealer: memberId,
  holder: memberId,
  sealed: bytesBetween(16, 16 + MAX_KEY_COUNT * 2 * 64),
  commitments: list(fixedBytes(32), 2 * MAX_KEY_COUNT),
});

/**
 * Member to coordinator: one box for each holder other than itself, and its own commitments to the share it
 * keeps.
 */
export interface DealtShares {
  readonly batchContext: Uint8Array;
  readonly member: number;
  readonly boxes: readonly Signed<SealedShares>[];
  /** To the shares that the dealer keeps as its own holder, in the order of a box. */
  readonly ownCommitments: readonly Uint8Array[];
}

export const dealtSharesShape: Shape<DealtShares> = struct<DealtShares>({
  batchContext: fixedBytes(32),
  member: memberId,
  boxes: list(signedShape(sealedSharesShape), 255),
  ownCommitments: list(fixedBytes(32), 2 * MAX_KEY_COUNT),
});

/**
 * Coordinator to one member: the boxes that all dealers made for it. Who dealt is who may take part in this
 * batch's rounds.
 */
export interface HeldShares {
  readonly batchContext: Uint8Array;
  readonly boxes: readonly Signed<SealedShares>[];
}

export const heldSharesShape: Shape<HeldShares> = struct<HeldShares>({
  batchContext: fixedBytes(32),
  boxes: list(signedShape(sealedSharesShape), 255),
});
