/** The largest r with r*r <= n, for n >= 0, by Newton's iteration in integers: Math.sqrt is wrong above 2^52. */
export function integerSquareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  // Starts at or above the root and falls until it does not.
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
