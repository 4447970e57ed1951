/**
 * Which Ed25519 and X25519 encodings both backends refuse, so that they give one verdict on everything a peer
 * can send.
 *
 * Ed25519 rule. A signature (R, S) under the public key A is accepted if and only if
 *   1. A and R are canonical encodings (RFC 8032 section 5.1.3: y < p, no sign bit where x = 0) of points not
 *      of small order, that is [8]A and [8]R are not the identity;
 *   2. 0 <= S < L (RFC 8032 section 5.1.7);
 *   3. [S]B = R + [k]A with k = SHA-512(R || A || M) mod L: the equation without the cofactor, which RFC 8032
 *      allows.
 * Without (1), the identity as key and as R with S = 0 signs every message (Chalkias, Garillot and
 * Nikolaenko, "Taming the many EdDSAs", 2020). The form of (3) matters for points of mixed order only;
 * OpenSSL computes it without the cofactor, so both backends do.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex } from './byte-text.ts';
import { equalBytes } from './bytes.ts';

/** Why a public key cannot be an organisation's identity. */
export type IdentityKeyFault =
  | 'WRONG_LENGTH'
  | 'NOT_CANONICAL'
  | 'NOT_ON_CURVE'
  | 'SMALL_ORDER'
  | 'MIXED_ORDER';

const bytesOf = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;

/** p = 2^255 - 19, little-endian. */
const FIELD_PRIME = bytesOf('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');
/** L = 2^252 + 27742317777372353535851937790883648493, the order of B, little-endian. */
const GROUP_ORDER = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/**
 * The y-coordinates of the eight points of small order of edwards25519. The sign bit does not matter: it
 * tells x from -x, and where x = 0 (y = 1 and y = -1) the encoding that has it is not canonical.
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0100000000000000000000000000000000000000000000000000000000000000', // order 1
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
].map(bytesOf);

/**
 * The u-coordinates of small order on curve25519 and its twist: 0, 1, two of order 8, p - 1; and p and p + 1,
 * which stand for 0 and 1.
 */
const SMALL_ORDER_U: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(bytesOf);

/** A copy of a 32-byte encoding with its top bit cleared. */
function coordinate(encoding: Uint8Array): Uint8Array {
  const bytes = encoding.slice();
  bytes[31] = (bytes[31] as number) & 0x7f;
  return bytes;
}

/** Whether a < b as little-endian integers of equal length. For public values: the time depends on them. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Both faults that show in the encoding itself, without the square root. */
function pointFault(encoding: Uint8Array): 'NOT_CANONICAL' | 'SMALL_ORDER' | undefined {
  const y = coordinate(encoding);
  if (!isBelow(y, FIELD_PRIME)) return 'NOT_CANONICAL';
  return SMALL_ORDER_Y.some((small) => equalBytes(small, y)) ? 'SMALL_ORDER' : undefined;
}

/**
 * Points 1 and 2 of the rule above, and the lengths. Whether A is on the curve is left to whoever checks the
 * equation; that R is on the curve then follows, since it must equal a sum of points.
 */
export function passesStrictChecks(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return (
    pointFault(publicKey) === undefined &&
    pointFault(signature.subarray(0, 32)) === undefined &&
    isBelow(signature.subarray(32), GROUP_ORDER)
  );
}

/**
 * Why this Ed25519 public key must not be enrolled; undefined for a key that may. Only the canonical encoding
 * of a point of the prime-order subgroup other than the identity is enrolled, which every honestly made key
 * is. No input throws.
 */
export function checkIdentityKey(publicKey: Uint8Array): IdentityKeyFault | undefined {
  if (publicKey.length !== 32) return 'WRONG_LENGTH';
  const fault = pointFault(publicKey);
  if (fault !== undefined) return fault;
  try {
    return ed25519.Point.fromBytes(publicKey).isTorsionFree() ? undefined : 'MIXED_ORDER';
  } catch {
    return 'NOT_ON_CURVE';
  }
}

/**
 * Whether X25519 with this 32-byte public key gives zero for every secret (RFC 7748 section 6.1). X25519
 * ignores the top bit, and so does this.
 */
export function isSmallOrderX25519(publicKey: Uint8Array): boolean {
  const u = coordinate(publicKey);
  return SMALL_ORDER_U.some((small) => equalBytes(small, u));
}
