/** Signed tree heads (RFC 6962 section 3.5): what a coordinator says its log is, so that it cannot say something else elsewhere. */
import { type CryptoBackend, verifyConsistency } from '@tributary/crypto';
import { CanonicalWriter, DOMAIN, sameBytes } from '@tributary/protocol';

/** The tree over the first `size` lines of one run's log. */
export interface TreeHead {
  readonly run: Uint8Array;
  readonly size: number;
  /** 32 bytes */
  readonly root: Uint8Array;
  /** Milliseconds since 1970 by the coordinator's clock. */
  readonly time: number;
}

export interface SignedTreeHead extends TreeHead {
  /** The coordinator's, 64 bytes. */
  readonly signature: Uint8Array;
}

function headBytes({ run, size, root, time }: TreeHead): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/audit-head`);
  return writer.bytes(run).integer(size).bytes(root).integer(time).finish();
}

/** @param identity the coordinator's Ed25519 secret seed */
export function signHead(crypto: CryptoBackend, identity: Uint8Array, head: TreeHead): SignedTreeHead {
  return { ...head, signature: crypto.ed25519Sign(identity, headBytes(head)) };
}

export function verifyHead(crypto: CryptoBackend, coordinatorKey: Uint8Array, head: SignedTreeHead): boolean {
  return crypto.ed25519Verify(coordinatorKey, headBytes(head), head.signature);
}

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
