import type { Dataset } from './dataset.ts';
import { bytesOfHex } from './bytes/hex.ts';
import { createGenerator, type SeededGenerator } from './random/generator.ts';

/**
 * The observations of a record that count, in ascending order of their model: one per model (the first), and of more than
 * `most` models a subset drawn uniformly, because the first ones would favour the models at the head of the list. Every record draws for
 * itself: none may change what another contributes, or the bound on one record would bound nothing.
 * @param generator of the run, from `observationsGenerator`
 */
export function countedObservations(
  data: Dataset,
  record: number,
  most: number,
  generator: SeededGenerator,
): number[] {
  const perModel = new Map<number, number>();
  for (let o = data.offsets[record] as number; o < (data.offsets[record + 1] as number); o++) {
    const model = data.model[o] as number;
    if (!perModel.has(model)) perModel.set(model, o);
  }
  const observations = [...perModel.values()];
  if (observations.length > most) {
    const draws = generator.fork(`record ${record}`);
    while (observations.length > most) observations.splice(draws.nextInt(observations.length), 1);
  }
  return observations.toSorted((a, b) => (data.model[a] as number) - (data.model[b] as number));
}

/**
 * What `countedObservations` draws from: the same observations count in every sum of a run.
 * @param seed of the run, in hexadecimal
 */
export function observationsGenerator(seed: string): SeededGenerator {
  return createGenerator(bytesOfHex(seed)).fork('counted observations');
}

/** Clipped to [0, 1]; 0 for what is no number. */
export function unitInterval(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}
