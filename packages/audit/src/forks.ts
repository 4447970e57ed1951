/** Whether signed heads of one run contradict each other: nobody can have the lines of both. */
import { type CryptoBackend, verifyConsistency } from '@tributary/crypto';
import { sameBytes, type SignedTreeHead, verifyHead } from '@tributary/protocol';

/** What the tree of a head was when it had fewer lines. */
export interface TreePrefix {
  /** 32 bytes */
  readonly root: Uint8Array;
  /** That the larger tree began as this one (RFC 6962 section 2.1.2). */
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether two heads prove a fork: the coordinator signed both, for one run, and no log has both. Heads of one size need nothing else; of
 * different sizes, the larger tree must be shown to have begun otherwise than the smaller head says.
 * @param prefix what the larger tree was at the size of the smaller
 */
export function provesFork(
  crypto: CryptoBackend,
  coordinatorKey: Uint8Array,
  [a, b]: readonly [SignedTreeHead, SignedTreeHead],
  prefix?: TreePrefix,
): boolean {
  if (!sameBytes(a.run, b.run) || ![a, b].every((head) => verifyHead(crypto, coordinatorKey, head)))
    return false;
  if (a.size === b.size) return !sameBytes(a.root, b.root);
  const [first, second] = a.size < b.size ? [a, b] : [b, a];
  if (prefix === undefined || sameBytes(prefix.root, first.root)) return false;
  return verifyConsistency(
    crypto,
    { firstSize: first.size, firstRoot: prefix.root, secondSize: second.size, secondRoot: second.root },
    prefix.proof,
  );
}
