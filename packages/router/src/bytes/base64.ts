const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGIT_OF: ReadonlyMap<string, number> = new Map(
  Array.from(ALPHABET, (letter, digit) => [letter, digit]),
);

/** Base64 (RFC 4648 section 4), padded. */
export function toBase64(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => ALPHABET.charAt((bits >>> shift) & 63));
    groups.push(
      digits
        .slice(0, Math.min(4, left + 1))
        .join('')
        .padEnd(4, '='),
    );
  }
  return groups.join('');
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
  for (const letter of text.slice(0, text.length - padding)) {
    const digit = DIGIT_OF.get(letter);
    if (digit === undefined) return undefined;
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
