import type { SeededGenerator } from './generator.ts';

/**
 * A uniformly random direction out of {-1, +1}^dimensions / sqrt(dimensions): of norm 1, no coordinate singled out, and free
 * of logarithms and cosines, which differ between machines in the last bit.
 * @param dimensions at least 1
 */
export function rademacherDirection(generator: SeededGenerator, dimensions: number): Float64Array {
  const direction = new Float64Array(dimensions);
  const size = 1 / Math.sqrt(dimensions);
  let bits = 0;
  for (let j = 0; j < dimensions; j++) {
    if (j % 32 === 0) bits = generator.nextUint32();
    direction[j] = (bits & 1) === 0 ? size : -size;
    bits >>>= 1;
  }
  return direction;
}
