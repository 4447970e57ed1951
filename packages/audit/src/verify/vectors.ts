/** The vectors of one round against its messages: the sum's digest, its masks, and that it is the sum of the uploads. */
import { addKeystream, equalBytes, liftWords } from '@tributary/crypto';
import {
  addToIntegerSum,
  decodeFieldElement,
  decodeIntegerSum,
  encodeIntegerSum,
  FIELD_PRIME,
  integerSumWidth,
  packedLengthOf,
  type planUnmask,
  ringWords,
  signedWords,
  summationChallenge,
  sumProduct,
  unmaskWords,
  unusedBitsAreZero,
  uploadProduct,
} from '@tributary/protocol';
import { type Finding, finding } from '../errors.ts';

import type { AuditState, MaskSample, OpenRound, RoundVectors } from './state.ts';

type Masks = Extract<ReturnType<typeof planUnmask>, { ok: true }>['masks'];

const NOTHING = new Uint8Array(0);
const BLOCK_WORDS = 4;
const CHUNK_WORDS = 16_384;

/** @returns the words of the sum where it is at hand, or what is wrong */
export function checkVectors(
  state: AuditState,
  round: OpenRound,
  masks: Masks,
  digest: Uint8Array,
  vectors: RoundVectors,
): { readonly words: Int32Array | undefined } | Finding {
  const { sum: packed } = vectors;
  const { terms } = round;
  let words: Int32Array | undefined;
  if (packed !== undefined) {
    const good =
      packed.length === packedLengthOf(terms) &&
      unusedBitsAreZero(terms, packed.at(-1) ?? 0) &&
      equalBytes(state.crypto.sha256(packed), digest);
    words = good ? signedWords(packed, terms.bits, terms.dimension) : undefined;
    if (words === undefined)
      return finding('BAD_SUM', 'the opened sum is not the one that the coordinator signed');
    state.counts.sumsRead += 1;
  }
  const masked = maskedSumOf(state, round, vectors);
  if (masked === undefined) return { words };
  if ('code' in masked) return masked;
  if (words !== undefined) {
    const wrong = firstWrongWord(state, round, masks, masked.values, words);
    if (wrong !== undefined)
      return finding('BAD_SUM', `coordinate ${wrong} of the sum is not what the masks leave`);
    state.counts.masks += 1;
  }
  return { words };
}

interface MaskedSum {
  readonly values: Float64Array;
}

/** The integer sum of the masked uploads, after it was checked against them; undefined where it cannot be. */
function maskedSumOf(
  state: AuditState,
  round: OpenRound,
  { maskedSum: given, uploads }: RoundVectors,
): MaskedSum | Finding | undefined {
  const wrong = wrongUpload(state, round, uploads);
  if (wrong !== undefined) return wrong;
  const { dimension, bits } = round.terms;
  const width = integerSumWidth(bits, round.survivors.length);
  const added = uploads.size === round.survivors.length ? addUploads(round, uploads) : undefined;
  const bytes = given ?? (added && encodeIntegerSum(added, width));
  if (bytes === undefined) return undefined;
  const values = decodeIntegerSum(bytes, width, dimension);
  if (values === undefined) return finding('BAD_SUM', `a masked sum of ${bytes.length} bytes`);
  const digest = state.crypto.sha256(bytes);
  if (!equalBytes(digest, round.maskedSumDigest)) {
    return finding('BAD_SUM', 'the masked sum is not the one that was committed to');
  }
  if (added === undefined) return summationFault(state, round, uploads, values, digest) ?? { values };
  const at = added.findIndex((value, i) => value !== values[i]);
  if (at >= 0) return finding('BAD_SUM', `coordinate ${at} of the masked sum is not that of the uploads`);
  state.counts.replayed += 1;
  return { values };
}

/** Uploads that are at hand must be those that their members signed, and vectors of the round. */
function wrongUpload(
  state: AuditState,
  { uploads: signed, survivors, terms }: OpenRound,
  uploads: RoundVectors['uploads'],
): Finding | undefined {
  for (const [member, packed] of uploads) {
    const name = state.nameOf(member);
    const digest = signed.get(member)?.digest;
    if (!survivors.includes(member)) return finding('BAD_SUM', `an upload of ${name}, which is no survivor`);
    if (digest === undefined || !equalBytes(state.crypto.sha256(packed), digest)) {
      return finding('BAD_SUM', `the upload of ${name} is not the one that it signed`);
    }
    if (packed.length !== packedLengthOf(terms) || !unusedBitsAreZero(terms, packed.at(-1) ?? 0)) {
      return finding('BAD_SUM', `the upload of ${name} is no packed vector of the round`);
    }
  }
  return undefined;
}

function addUploads({ terms }: OpenRound, uploads: RoundVectors['uploads']): Float64Array {
  const sum = new Float64Array(terms.dimension);
  const scratch = new Int32Array(terms.dimension);
  for (const packed of uploads.values()) addToIntegerSum(packed, terms.bits, sum, 0, scratch);
  return sum;
}

/** The summation check, where each survivor signed its inner product or has its upload in the archive. */
function summationFault(
  state: AuditState,
  round: OpenRound,
  uploads: RoundVectors['uploads'],
  sum: Float64Array,
  maskedSumDigest: Uint8Array,
): Finding | undefined {
  const { crypto } = state;
  const challenge = summationChallenge(crypto, round.survivorsDigest, maskedSumDigest);
  let total = 0n;
  for (const member of round.survivors) {
    const upload = uploads.get(member);
    const signed = round.innerProducts.get(member) ?? NOTHING;
    if (upload === undefined && signed.length === 0) return undefined;
    const product =
      upload === undefined
        ? decodeFieldElement(signed)
        : uploadProduct(crypto, challenge, upload, round.terms);
    if (product === undefined)
      return finding('BAD_SUM', `${state.nameOf(member)} signed no element of the field`);
    total += product;
  }
  if (total % FIELD_PRIME !== sumProduct(crypto, challenge, sum)) {
    return finding('BAD_SUM', 'the masked sum is not that of the uploads: their inner products differ');
  }
  state.counts.summation += 1;
  return undefined;
}

/** The first coordinate, of those looked at, where the masked sum without its masks is not the opened sum. */
function firstWrongWord(
  { crypto, asked: { sample } }: AuditState,
  { terms: { dimension, bits } }: OpenRound,
  masks: Masks,
  masked: Float64Array,
  opened: Int32Array,
): number | undefined {
  const pieces = sample === undefined ? wholePieces(dimension) : sampledPieces(crypto, sample, dimension);
  for (const [first, count] of pieces) {
    const words = ringWords(masked, first, count);
    unmaskWords(crypto, masks, words, first);
    liftWords(words, bits);
    const wrong = words.findIndex((word, i) => word !== opened[first + i]);
    if (wrong >= 0) return first + wrong;
  }
  return undefined;
}

function* wholePieces(dimension: number): Generator<readonly [number, number], void, void> {
  for (let first = 0; first < dimension; first += CHUNK_WORDS) {
    yield [first, Math.min(CHUNK_WORDS, dimension - first)];
  }
}

/** Blocks with repetition; the bias of a 32-bit word over their number is below 2^-8 for 2^26 coordinates. */
function* sampledPieces(
  crypto: AuditState['crypto'],
  { blocks, seed }: MaskSample,
  dimension: number,
): Generator<readonly [number, number], void, void> {
  const draws = new Int32Array(blocks);
  addKeystream(crypto, seed, draws, 1);
  const count = Math.ceil(dimension / BLOCK_WORDS);
  for (const draw of draws) {
    const first = BLOCK_WORDS * ((draw >>> 0) % count);
    yield [first, Math.min(BLOCK_WORDS, dimension - first)];
  }
}
