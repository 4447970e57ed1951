/** IEEE 754 binary16 (half precision), which typed arrays of Node 20 do not have. */

/** Value of each of the 65,536 bit patterns. */
let table: Float32Array | undefined;

/** Decodes little-endian half-precision numbers. @param bytes of even length */
export function decodeFloat16(bytes: Uint8Array): Float32Array {
  table ??= Float32Array.from({ length: 0x1_0000 }, (_, bits) => float16Value(bits));
  const values = new Float32Array(bytes.length / 2);
  for (let index = 0; index < values.length; index++) {
    values[index] = table[bytes[2 * index]! | (bytes[2 * index + 1]! << 8)]!;
  }
  return values;
}

/** Encodes numbers as little-endian half precision, rounded to nearest, ties to even; beyond 65,504 they become infinite. */
export function encodeFloat16(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  for (let index = 0; index < values.length; index++) {
    const bits = float16Bits(values[index]!);
    bytes[2 * index] = bits & 0xff;
    bytes[2 * index + 1] = bits >>> 8;
  }
  return bytes;
}

function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  // Halfway between the largest finite number and the next power of two: ties to even go up, to infinity.
  if (magnitude >= 65_520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  let exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) exponent--;
  // A fraction that rounds up to 1024 carries into the exponent by itself.
  return sign | (((exponent + 15) << 10) + roundHalfEven((magnitude / 2 ** exponent - 1) * 1024));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
