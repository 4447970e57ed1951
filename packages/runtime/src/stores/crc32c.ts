/** CRC-32C (Castagnoli), as in iSCSI (RFC 3720 section 12.1 and appendix B.4). Finds accidents, not forgeries. */

/** 0x1edc6f41 with its bits reversed: the register shifts towards the low bit. */
const POLYNOMIAL = 0x82f6_3b78;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >>> 1) ^ POLYNOMIAL : register >>> 1;
  return register;
});

/**
 * @param previous the checksum of the bytes before, where these go on from them
 * @param start first byte
 * @param end byte behind the last one
 * @returns an integer in [0, 2^32)
 */
export function crc32c(
  bytes: Uint8Array,
  previous: number = 0,
  start: number = 0,
  end: number = bytes.length,
): number {
  let register = ~previous;
  for (let i = start; i < end; i++) {
    register = (register >>> 8) ^ (TABLE[(register ^ (bytes[i] as number)) & 0xff] as number);
  }
  return ~register >>> 0;
}
