import type { SeededGenerator } from '@tributary/router';

/** One of the values, each as likely as any other. */
export function pick<T>(generator: SeededGenerator, values: readonly T[]): T {
  return values[generator.nextInt(values.length)]!;
}

/** `count` different ones of the values, in random order. */
export function pickSome<T>(generator: SeededGenerator, values: readonly T[], count: number): T[] {
  const shuffled = [...values];
  generator.shuffle(shuffled);
  return shuffled.slice(0, count);
}

/** A whole number from `low` to `high`, both possible. */
export function between(generator: SeededGenerator, low: number, high: number): number {
  return low + generator.nextInt(high - low + 1);
}
