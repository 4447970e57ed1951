const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES: Uint8Array = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const PAD = '='.charCodeAt(0);
const NO_DIGIT = 255;
const DIGITS: Uint8Array = digitsByCode();
/** Bytes that become text at once: a whole number of groups, few enough for one call. */
const CHUNK = 3 * 4096;

function digitsByCode(): Uint8Array {
  const digits = new Uint8Array(128).fill(NO_DIGIT);
  CODES.forEach((code, digit) => (digits[code] = digit));
  return digits;
}

/** Base64 (RFC 4648 section 4), padded. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK) {
    parts.push(textOf(bytes.subarray(start, start + CHUNK)));
  }
  return parts.join('');
}

function textOf(bytes: Uint8Array): string {
  const codes = new Uint8Array(4 * Math.ceil(bytes.length / 3));
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let j = 0; j < 4; j++) codes[at + j] = CODES[(bits >>> (18 - 6 * j)) & 63] as number;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  codes.fill(PAD, codes.length - missing);
  return String.fromCharCode(...codes);
}

/**
 * The bytes of what `toBase64` writes; undefined for any other text. Missing padding, white space and non-zero bits behind
 * the last byte are refused: one value has one spelling.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length - padding; i++) {
    const digit = DIGITS[text.charCodeAt(i)] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return undefined;
    pending = (pending << 6) | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = pending >>> bits;
      pending &= (1 << bits) - 1;
    }
  }
  return pending === 0 ? bytes : undefined;
}
