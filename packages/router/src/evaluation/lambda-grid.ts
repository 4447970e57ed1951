/**
 * `count` points from `first` to `last`, both included, each a constant factor above the one before.
 * @param count at least 2
 */
export function geometricGrid(first: number, last: number, count: number): number[] {
  const ratio = last / first;
  const inner = Array.from({ length: count - 2 }, (_, i) => first * ratio ** ((i + 1) / (count - 1)));
  return [first, ...inner, last];
}

/** Quality per USD: 100 points from 1e-2 to 1e7, as in Federate the Router (Askin et al., 2026). */
export const LAMBDA_GRID: readonly number[] = geometricGrid(1e-2, 1e7, 100);
