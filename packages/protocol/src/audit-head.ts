/** Signed tree heads (RFC 6962 section 3.5): what a coordinator says its audit log is, so that it cannot say something else elsewhere. */
import type { CryptoBackend } from '@tributary/crypto';
import { sameBytes } from './public-bytes.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';
import { fixedBytes, integer, type Shape, struct } from './wire/shape.ts';

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

/** A signed head where its run is known. */
export type AuditHead = Omit<SignedTreeHead, 'run'>;

export const auditHeadShape: Shape<AuditHead> = struct<AuditHead>({
  size: integer(),
  root: fixedBytes(32),
  time: integer(),
  signature: fixedBytes(64),
});

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

/** The head of a log without a line: the root is that of the empty tree (RFC 6962 section 2.1). */
export function emptyAuditHead(crypto: CryptoBackend, identity: Uint8Array, run: Uint8Array): AuditHead {
  const { size, root, time, signature } = signHead(crypto, identity, {
    run,
    size: 0,
    root: crypto.sha256(new Uint8Array(0)),
    time: 0,
  });
  return { size, root, time, signature };
}

/** Why a log with head `next` does not begin with the one of `seen`, as far as the two heads tell; undefined where nothing says so. */
export function headConflict(
  seen: Pick<TreeHead, 'size' | 'root'>,
  next: Pick<TreeHead, 'size' | 'root'>,
): 'forked' | 'shrunk' | undefined {
  if (next.size < seen.size) return 'shrunk';
  return next.size === seen.size && !sameBytes(next.root, seen.root) ? 'forked' : undefined;
}
