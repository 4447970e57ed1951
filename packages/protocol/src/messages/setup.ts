/**
 * Messages of the setup phase: one setup shares the secrets of `keyCount` key indices ahead (SecAgg's
 * AdvertiseKeys and ShareKeys), after a committee has drawn public randomness where the batch needs some.
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
  /** To the nonce with which a member of the committee takes part in the draw; empty of all others. */
  readonly drawCommitment: Uint8Array;
}

export const keyAdvertShape: Shape<KeyAdvert> = struct<KeyAdvert>({
  batchContext: fixedBytes(32),
  member: memberId,
  sealingKey: fixedBytes(32),
  roundKeys: list(fixedBytes(32), MAX_KEY_COUNT),
  selfSeedCommitments: list(fixedBytes(32), MAX_KEY_COUNT),
  drawCommitment: bytesBetween(0, 32),
});

/** A relayed message with the signature of the member it names. */
export interface Signed<T> {
  readonly body: T;
  readonly signature: Uint8Array;
}

export function signedShape<T>(body: Shape<T>): Shape<Signed<T>> {
  return struct<Signed<T>>({ body, signature });
}

/**
 * Coordinator to the committee: U1, who advertised keys, and what the committee committed to. Both are fixed
 * before any nonce is known.
 */
export interface DrawRequest {
  readonly batchContext: Uint8Array;
  /** Ascending. */
  readonly members: readonly number[];
  /** One of each committee member, ascending by member. */
  readonly commitments: readonly Uint8Array[];
}

export const drawRequestShape: Shape<DrawRequest> = struct<DrawRequest>({
  batchContext: fixedBytes(32),
  members: list(memberId, 65_535),
  commitments: list(fixedBytes(32), 65_535),
});

/** Committee member to coordinator, relayed to all: the nonce, for one U1 and one set of commitments only. */
export interface DrawReveal {
  readonly batchContext: Uint8Array;
  readonly member: number;
  /** Digest of the U1 and the commitments that the nonce was given for. */
  readonly drawDigest: Uint8Array;
  /** 32 bytes; opens the member's `drawCommitment`. */
  readonly nonce: Uint8Array;
}

export const drawRevealShape: Shape<DrawReveal> = struct<DrawReveal>({
  batchContext: fixedBytes(32),
  member: memberId,
  drawDigest: fixedBytes(32),
  nonce: fixedBytes(32),
});

/** Coordinator to one member: U1, what its draw was, and the keys of the member's neighbours. */
export interface KeyRoster {
  readonly batchContext: Uint8Array;
  /** U1, ascending. */
  readonly members: readonly number[];
  /** One of each committee member, ascending; empty where the batch draws nothing. */
  readonly reveals: readonly Signed<DrawReveal>[];
  /** Of the member itself, its neighbours and the committee, ascending. */
  readonly adverts: readonly Signed<KeyAdvert>[];
}

export const keyRosterShape: Shape<KeyRoster> = struct<KeyRoster>({
  batchContext: fixedBytes(32),
  members: list(memberId, 65_535),
  reveals: list(signedShape(drawRevealShape), 65_535),
  adverts: list(signedShape(keyAdvertShape), 65_535),
});

/**
 * Shares of one dealer for one holder: for each key index the share of the self seed and of the round key,
 * sealed, and a salted commitment of 32 bytes to each (self, pair, self, pair, ...), as one string of bytes: a
 * coordinator holds tens of thousands. Signed by the dealer, so that a wrong share names who is to blame.
 */
export interface SealedShares {
  readonly batchContext: Uint8Array;
  readonly dealer: number;
  readonly holder: number;
  readonly sealed: Uint8Array;
  readonly commitments: Uint8Array;
}

export const sealedSharesShape: Shape<SealedShares> = struct<SealedShares>({
  batchContext: fixedBytes(32),
  dealer: memberId,
  holder: memberId,
  sealed: bytesBetween(16, 16 + MAX_KEY_COUNT * 2 * 64),
  commitments: bytesBetween(0, 2 * MAX_KEY_COUNT * 32),
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
  readonly ownCommitments: Uint8Array;
}

export const dealtSharesShape: Shape<DealtShares> = struct<DealtShares>({
  batchContext: fixedBytes(32),
  member: memberId,
  boxes: list(signedShape(sealedSharesShape), 255),
  ownCommitments: bytesBetween(0, 2 * MAX_KEY_COUNT * 32),
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

/** Holder to coordinator, relayed to the dealer: the dealer's box for this holder does not open as committed. */
export interface Complaint {
  readonly batchContext: Uint8Array;
  /** Who complains. */
  readonly member: number;
  readonly dealer: number;
}

export const complaintShape: Shape<Complaint> = struct<Complaint>({
  batchContext: fixedBytes(32),
  member: memberId,
  dealer: memberId,
});

/** Coordinator to a dealer: a holder's own complaint. */
export interface RelayedComplaint {
  readonly complaint: Signed<Complaint>;
}

export const relayedComplaintShape: Shape<RelayedComplaint> = struct<RelayedComplaint>({
  complaint: signedShape(complaintShape),
});

/**
 * Dealer to coordinator, relayed to the holder: the shares that the holder complained about, in the open. An
 * honest dealer shows nobody anything that the complaining holder, then a liar, could not have shown itself.
 */
export interface OpenedShares {
  readonly batchContext: Uint8Array;
  /** The dealer. */
  readonly member: number;
  readonly holder: number;
  /** For each slot share and salt, as they stand in a box. */
  readonly payload: Uint8Array;
}

export const openedSharesShape: Shape<OpenedShares> = struct<OpenedShares>({
  batchContext: fixedBytes(32),
  member: memberId,
  holder: memberId,
  payload: bytesBetween(0, MAX_KEY_COUNT * 2 * 64),
});

/** Coordinator to the holder that complained. */
export interface RelayedShares {
  readonly opened: Signed<OpenedShares>;
}

export const relayedSharesShape: Shape<RelayedShares> = struct<RelayedShares>({
  opened: signedShape(openedSharesShape),
});
