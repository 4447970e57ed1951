const HEX = '0123456789abcdef';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Lower-case hexadecimal, two digits per byte. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX.charAt(byte >>> 4) + HEX.charAt(byte & 15);
  return text;
}

/**
 * The bytes of what `toHex` writes; undefined for any other text, upper case included: one value has one
 * spelling.
 */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const high = HEX.indexOf(text.charAt(2 * i));
    const low = HEX.indexOf(text.charAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Base64 (RFC 4648 section 4), padded. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += BASE64.charAt(group >>> 18) + BASE64.charAt((group >>> 12) & 63);
    text += left > 1 ? BASE64.charAt((group >>> 6) & 63) : '=';
    text += left > 2 ? BASE64.charAt(group & 63) : '=';
  }
  return text;
}

/**
 * The bytes of what `toBase64` writes; undefined for any other text. Missing padding, white space, the URL
 * alphabet and non-zero bits behind the last byte (RFC 4648 section 3.5) are refused: one value has one
 * spelling.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let pending = 0;
  let filled = 0;
  let at = 0;
  for (let i = 0; i < digits; i += 1) {
    const digit = BASE64.indexOf(text.charAt(i));
    if (digit < 0) return undefined;
    pending = (pending << 6) | digit;
    filled += 6;
    if (filled >= 8) {
      filled -= 8;
      bytes[at++] = pending >>> filled;
      pending &= (1 << filled) - 1;
    }
  }
  return pending === 0 ? bytes : undefined;
}
