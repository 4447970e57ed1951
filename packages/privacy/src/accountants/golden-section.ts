const RATIO = (Math.sqrt(5) - 1) / 2;

/**
 * Where a function with one valley between `low` and `high` is smallest, by golden-section search.
 * @param tolerance width of the bracket at which the search ends; its middle is returned
 */
export function goldenSection(
  f: (x: number) => number,
  low: number,
  high: number,
  tolerance: number,
): number {
  let [from, to] = [low, high];
  let left = to - RATIO * (to - from);
  let right = from + RATIO * (to - from);
  let [atLeft, atRight] = [f(left), f(right)];
  while (to - from > tolerance) {
    if (atLeft <= atRight) {
      [to, right, atRight] = [right, left, atLeft];
      left = to - RATIO * (to - from);
      atLeft = f(left);
    } else {
      [from, left, atLeft] = [left, right, atRight];
      right = from + RATIO * (to - from);
      atRight = f(right);
    }
  }
  return (from + to) / 2;
}
