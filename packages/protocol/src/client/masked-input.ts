/**
 * The masked upload: input + self mask + pairwise masks mod 2^32, cut to the low bits, in chunks that stream.
 */
import { type CryptoBackend, packedLength, packWords, wipe } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';
import { applyMasks, type Mask, pairMask, type RoundKeyHolder, selfMaskKey } from '../masks.ts';
import { CHUNK_WORDS } from '../messages/round.ts';
import type { BatchSecrets } from './batch-secrets.ts';

/** Words that are masked at a time: opening a cipher costs as much as a tenth of a chunk of its keystream. */
const PIECE_WORDS = 4 * CHUNK_WORDS;

export interface MaskRequest {
  readonly roundContext: Uint8Array;
  readonly keyIndex: number;
  readonly self: RoundKeyHolder;
  /** The other participants of the round. */
  readonly partners: readonly RoundKeyHolder[];
}

/** Keys of all masks of one upload; `maskChunks` wipes them. */
export function deriveMasks(crypto: CryptoBackend, secrets: BatchSecrets, request: MaskRequest): Mask[] {
  const { roundContext, keyIndex, self, partners } = request;
  const roundSecret = secrets.roundSecrets[keyIndex];
  const selfSeed = secrets.selfSeeds[keyIndex];
  if (roundSecret === undefined || selfSeed === undefined) {
    throw new ProtocolError('INVARIANT', `no secrets for key index ${keyIndex}`);
  }
  const masks: Mask[] = [{ key: selfMaskKey(crypto, roundContext, self.member, selfSeed), sign: 1 }];
  const agree = crypto.x25519(roundSecret);
  for (const partner of partners) {
    const mask = pairMask(crypto, roundContext, agree, self, partner);
    if (mask === undefined) {
      throw new ProtocolError('INVARIANT', `round key of member ${partner.member} is of small order`);
    }
    masks.push(mask);
  }
  return masks;
}

/**
 * Masks `input` in place, a few chunks at a time, and yields the packed bytes in order. The mask keys are wiped at
 * the end, also where the upload is given up.
 * @param input the encoded vector; it holds masked words afterwards
 * @param bits b, 13..32
 */
export function* maskChunks(
  crypto: CryptoBackend,
  masks: readonly Mask[],
  input: Int32Array,
  bits: number,
): Generator<Uint8Array, void, void> {
  try {
    for (let first = 0; first < input.length; first += PIECE_WORDS) {
      const piece = input.subarray(first, first + PIECE_WORDS);
      applyMasks(crypto, masks, piece, first);
      for (let at = 0; at < piece.length; at += CHUNK_WORDS) {
        const words = piece.subarray(at, at + CHUNK_WORDS);
        const packed = new Uint8Array(packedLength(words.length, bits));
        packWords(words, bits, packed);
        yield packed;
      }
    }
  } finally {
    wipe(...masks.map(({ key }) => key));
  }
}
