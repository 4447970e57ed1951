/** ln(exp(a) + exp(b)) without overflow. */
export function logAdd(a: number, b: number): number {
  const larger = Math.max(a, b);
  if (larger === -Infinity || larger === Infinity) return larger;
  return larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
}

/** ln(exp(x) - 1) for x > 0. */
export function logExpm1(x: number): number {
  return x > 40 ? x : Math.log(Math.expm1(x));
}

/** ln C(n, 0), ln C(n, 1), ..., ln C(n, n) for an integer n >= 0. */
export function logBinomials(n: number): Float64Array {
  const rows = new Float64Array(n + 1);
  // From both ends at once: the row is symmetric, and short sums keep the rounding small.
  for (let k = 1; 2 * k <= n; k++) {
    rows[k] = (rows[k - 1] ?? 0) + Math.log((n - k + 1) / k);
  }
  for (let k = 0; 2 * k < n; k++) rows[n - k] = rows[k] ?? 0;
  return rows;
}
