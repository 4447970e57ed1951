import type { SeededGenerator } from '../random/generator.ts';

/**
 * Fills a mask with 0 at the given rate and with 1 / (1 - rate) elsewhere. It draws how many values are kept until the next one is dropped,
 * which is geometrically distributed, instead of one number for every value.
 * @param rate above 0, below 1
 */
export function fillDropoutMask(mask: Float32Array, rate: number, generator: SeededGenerator): void {
  mask.fill(1 / (1 - rate));
  const scale = 1 / Math.log1p(-rate);
  const keptInARow = (): number => Math.floor(scale * Math.log((generator.nextUint32() + 1) * 2 ** -32));
  for (let i = keptInARow(); i < mask.length; i += 1 + keptInARow()) mask[i] = 0;
}
