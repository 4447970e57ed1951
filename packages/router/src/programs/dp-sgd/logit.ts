const LN2 = Math.LN2;

/**
 * ln(p / (1 - p)) by basic arithmetic alone, so that it has the same bits on every machine: halvings and doublings bring p / (1 - p) near 1, where
 * ln x = 2 artanh((x - 1) / (x + 1)).
 * @param p in (0, 1)
 */
export function logit(p: number): number {
  let x = p / (1 - p);
  let doublings = 0;
  for (; x > Math.SQRT2; doublings++) x /= 2;
  for (; x < Math.SQRT1_2; doublings--) x *= 2;
  const ratio = (x - 1) / (x + 1);
  let power = ratio;
  let sum = 0;
  for (let odd = 1; odd < 40; odd += 2) {
    sum += power / odd;
    power *= ratio * ratio;
  }
  return 2 * sum + doublings * LN2;
}
