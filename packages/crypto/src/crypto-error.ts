/** Every code a `CryptoError` can carry, with its meaning. Codes are stable; messages are not. */
export const CRYPTO_ERROR_CODES = {
  LENGTH_MISMATCH: 'a byte or word array is not as long as the algorithm, or its counterpart, needs',
  OUT_OF_RANGE: 'a number is not an integer of the stated range',
  NOT_ALIGNED: 'a stream position is not at a block boundary',
  STREAM_SPENT: 'a stream is used after its last call',
  BELOW_THRESHOLD: 'fewer shares than the threshold',
  DUPLICATE_SHARE: 'two shares have the same x-coordinate',
} as const;

export type CryptoErrorCode = keyof typeof CRYPTO_ERROR_CODES;

/**
 * Misuse by the calling code, never something that a peer can cause. The message names the argument, what was
 * wanted and what came; it never holds the bytes of an argument.
 */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws CryptoError LENGTH_MISMATCH */
export function expectLength(argument: string, array: { readonly length: number }, wanted: number): void {
  if (array.length !== wanted) {
    throw new CryptoError('LENGTH_MISMATCH', `${argument}: wanted length ${wanted}, got ${array.length}`);
  }
}

/**
 * An integer in [least, most], both included.
 * @throws CryptoError OUT_OF_RANGE
 */
export function expectInteger(argument: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new CryptoError(
      'OUT_OF_RANGE',
      `${argument}: wanted an integer in [${least}, ${most}], got ${value}`,
    );
  }
}
