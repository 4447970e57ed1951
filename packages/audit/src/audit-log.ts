/** The log as its coordinator writes it: entries become lines, lines become leaves of one tree, heads sign the tree. */
import {
  appendLeaf,
  consistencyProof,
  type CryptoBackend,
  EMPTY_FRONTIER,
  frontierRoot,
  inclusionProof,
  leafHash,
  type MerkleFrontier,
  merkleRoot,
} from '@tributary/crypto';
import { signHead } from '@tributary/protocol';
import { type AuditEntry, encodeEntry } from './entries.ts';
import type { TreePrefix } from './forks.ts';

/** Where a log stands: enough to go on writing, O(log n) hashes and those since the last head. */
export interface LogTip {
  readonly tree: MerkleFrontier;
  /** Hashes of the lines since the last head, that head's own among them. */
  readonly sinceHead: readonly Uint8Array[];
}

export const EMPTY_LOG: LogTip = { tree: EMPTY_FRONTIER, sinceHead: [] };

export interface Appended {
  /** Without the line feed that ends it in a file. */
  readonly line: Uint8Array;
  readonly tip: LogTip;
}

/**
 * @param time milliseconds since 1970
 * @throws AuditError BAD_VALUE where the entry has no canonical form
 */
export function appendEntry(
  crypto: CryptoBackend,
  tip: LogTip,
  entry: Exclude<AuditEntry, { type: 'head' }>,
  time: number,
): Appended {
  const line = encodeEntry({ ...entry, time });
  return { line, tip: withLine(crypto, tip, line, false) };
}

/** A head over everything so far. What follows the last head of a log is not covered, so a log ends with one. */
export function appendHead(
  crypto: CryptoBackend,
  tip: LogTip,
  signer: { readonly identity: Uint8Array; readonly run: Uint8Array },
  time: number,
): Appended {
  const { size } = tip.tree;
  const root = frontierRoot(crypto, tip.tree);
  const { signature } = signHead(crypto, signer.identity, { run: signer.run, size, root, time });
  const line = encodeEntry({ type: 'head', size, root, leaves: tip.sinceHead, signature, time });
  return { line, tip: withLine(crypto, tip, line, true) };
}

/** The tip behind a line that is in the log already: how a log is taken up after a restart. */
export function withLine(crypto: CryptoBackend, tip: LogTip, line: Uint8Array, isHead: boolean): LogTip {
  const leaf = leafHash(crypto, line);
  return {
    tree: appendLeaf(crypto, tip.tree, leaf),
    sinceHead: isHead ? [leaf] : [...tip.sinceHead, leaf],
  };
}

/**
 * Proof that line `index` is in the tree over all `lines` (RFC 6962 section 2.1.1).
 * @throws CryptoError OUT_OF_RANGE (index)
 */
export function proveLine(crypto: CryptoBackend, lines: readonly Uint8Array[], index: number): Uint8Array[] {
  return inclusionProof(
    crypto,
    lines.map((line) => leafHash(crypto, line)),
    index,
  );
}

/**
 * The tree over the first `size` of `lines`, with the proof that the tree over all of them began as it.
 * @throws CryptoError OUT_OF_RANGE (size)
 */
export function provePrefix(crypto: CryptoBackend, lines: readonly Uint8Array[], size: number): TreePrefix {
  const leaves = lines.map((line) => leafHash(crypto, line));
  return { root: merkleRoot(crypto, leaves.slice(0, size)), proof: consistencyProof(crypto, leaves, size) };
}
