/**
 * Shamir's secret sharing (CACM 22(11), 1979), byte by byte over the field GF(2^8) of AES. Fewer than
 * `threshold` shares say nothing about the secret. Nothing here detects a wrong share: shares are committed
 * to.
 */
import { wipe } from './bytes.ts';
import { CryptoError, expectInteger, expectLength } from './crypto-error.ts';
import { invert, multiply, multiplyFour } from './gf256.ts';

/** One holder's point of the polynomials: x in 1..255, and one y per byte of the secret. */
export interface Share {
  readonly x: number;
  readonly y: Uint8Array;
}

/**
 * Splits a secret (32 bytes in the protocol) into one share per holder, with x = 1, 2, ..., holders.
 * @param threshold shares that give the secret back, 2..holders
 * @param holders at most 255
 * @param randomBytes (threshold - 1) * secret.length bytes from a CSPRNG, for this call only; coefficient j
 *   of byte i is randomBytes[(j - 1) * secret.length + i]. The caller wipes them.
 * @throws CryptoError OUT_OF_RANGE (threshold, holders), LENGTH_MISMATCH (randomBytes)
 */
export function splitSecret(
  secret: Uint8Array,
  threshold: number,
  holders: number,
  randomBytes: Uint8Array,
): Share[] {
  expectInteger('holders', holders, 2, 255);
  expectInteger('threshold', threshold, 2, holders);
  const length = secret.length;
  expectLength('randomBytes', randomBytes, (threshold - 1) * length);
  // Row 0 is the secret, row j the coefficients of x^j; each row four bytes at a time.
  const width = Math.ceil(length / 4);
  const rows = new Int32Array(threshold * width);
  const bytes = new Uint8Array(rows.buffer);
  bytes.set(secret);
  for (let row = 1; row < threshold; row += 1) {
    bytes.set(randomBytes.subarray((row - 1) * length, row * length), row * width * 4);
  }
  const shares = Array.from({ length: holders }, (_, holder) => {
    const x = holder + 1;
    const y = new Int32Array(width);
    for (let i = 0; i < width; i += 1) {
      let value = 0;
      for (let row = threshold - 1; row > 0; row -= 1) {
        value = multiplyFour(value ^ (rows[row * width + i] as number), x);
      }
      y[i] = value ^ (rows[i] as number);
    }
    return { x, y: new Uint8Array(y.buffer, 0, length) };
  });
  wipe(bytes);
  return shares;
}

/**
 * The secret of the first `threshold` shares, by Lagrange interpolation at 0. Lengths and x-coordinates are
 * the caller's to fix; a share with other bytes than the dealer's gives another secret, which commitments
 * find out.
 * @throws CryptoError BELOW_THRESHOLD, OUT_OF_RANGE (threshold or x outside 1..255), DUPLICATE_SHARE,
 *   LENGTH_MISMATCH
 */
export function combineShares(shares: readonly Share[], threshold: number): Uint8Array {
  expectInteger('threshold', threshold, 2, 255);
  if (shares.length < threshold) {
    throw new CryptoError('BELOW_THRESHOLD', `shares: wanted at least ${threshold}, got ${shares.length}`);
  }
  const used = shares.slice(0, threshold);
  const length = used[0]?.y.length ?? 0;
  const seen = new Set<number>();
  for (const { x, y } of used) {
    expectInteger('x', x, 1, 255);
    expectLength('y', y, length);
    if (seen.has(x)) throw new CryptoError('DUPLICATE_SHARE', `shares: x = ${x} comes twice`);
    seen.add(x);
  }
  const secret = new Uint8Array(length);
  for (const { x, y } of used) {
    let numerator = 1;
    let denominator = 1;
    for (const other of seen) {
      if (other === x) continue;
      numerator = multiply(numerator, other);
      denominator = multiply(denominator, other ^ x);
    }
    const weight = multiply(numerator, invert(denominator));
    for (let i = 0; i < length; i += 1) secret[i] = (secret[i] as number) ^ multiply(y[i] as number, weight);
  }
  return secret;
}
