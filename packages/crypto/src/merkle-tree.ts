/**
 * The Merkle tree of Certificate Transparency (RFC 6962 section 2, RFC 9162 section 2.1) over SHA-256. Leaves
 * and inner nodes are hashed under different prefixes, so no entry passes for a node. Leaves are given as
 * `leafHash` of their entries, and a tree of n leaves is split at the largest power of two below n.
 */
import type { CryptoBackend } from './backend.ts';
import { equalBytes } from './bytes.ts';
import { expectInteger, expectLength } from './crypto-error.ts';

const HASH_BYTES = 32;
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);
/** A tree of up to 2^53 leaves has no longer proof. */
const MAX_PROOF_LENGTH = 54;

/** SHA-256(0x00 || entry): 32 bytes. */
export function leafHash(backend: CryptoBackend, entry: Uint8Array): Uint8Array {
  return backend.sha256(LEAF_PREFIX, entry);
}

function nodeHash(backend: CryptoBackend, left: Uint8Array, right: Uint8Array): Uint8Array {
  return backend.sha256(NODE_PREFIX, left, right);
}

/** What is kept of a tree that grows: enough for its root and for the next leaf, O(log n) hashes. */
export interface MerkleFrontier {
  /** Leaves so far. */
  readonly size: number;
  /** Roots of the complete subtrees, one per binary digit 1 of the size, the largest first. */
  readonly peaks: readonly Uint8Array[];
}

export const EMPTY_FRONTIER: MerkleFrontier = { size: 0, peaks: [] };

/**
 * The tree with one more leaf.
 * @param leaf `leafHash` of the entry
 * @throws CryptoError LENGTH_MISMATCH (leaf, or peaks that do not fit the size), OUT_OF_RANGE (size)
 */
export function appendLeaf(
  backend: CryptoBackend,
  frontier: MerkleFrontier,
  leaf: Uint8Array,
): MerkleFrontier {
  expectFrontier(frontier);
  expectLength('leaf', leaf, HASH_BYTES);
  expectInteger('size', frontier.size, 0, Number.MAX_SAFE_INTEGER - 1);
  const peaks = [...frontier.peaks];
  let node = leaf;
  // Like a carry in binary addition: two subtrees of one size become one of twice that.
  for (let { size } = frontier; size % 2 === 1; size = halved(size)) {
    node = nodeHash(backend, peaks.pop() as Uint8Array, node);
  }
  return { size: frontier.size + 1, peaks: [...peaks, node] };
}

/**
 * Root of the tree so far, 32 bytes; of the empty tree SHA-256 of nothing.
 * @throws CryptoError as `appendLeaf`
 */
export function frontierRoot(backend: CryptoBackend, frontier: MerkleFrontier): Uint8Array {
  expectFrontier(frontier);
  const [smallest, ...larger] = frontier.peaks.toReversed();
  if (smallest === undefined) return backend.sha256();
  return larger.reduce((root, peak) => nodeHash(backend, peak, root), smallest);
}

function expectFrontier({ size, peaks }: MerkleFrontier): void {
  expectInteger('size', size, 0, Number.MAX_SAFE_INTEGER);
  let digits = 0;
  for (let rest = size; rest > 0; rest = halved(rest)) digits += rest % 2;
  expectLength('peaks', peaks, digits);
  for (const peak of peaks) expectLength('peak', peak, HASH_BYTES);
}

/**
 * Root of the tree over `leaves`, 32 bytes.
 * @throws CryptoError LENGTH_MISMATCH for a leaf that is no hash
 */
export function merkleRoot(backend: CryptoBackend, leaves: readonly Uint8Array[]): Uint8Array {
  const frontier = leaves.reduce((tree, leaf) => appendLeaf(backend, tree, leaf), EMPTY_FRONTIER);
  return frontierRoot(backend, frontier);
}

/**
 * Proof that the leaf at `index` is in the tree over `leaves`: the siblings on the way to the root, from the
 * leaf up (RFC 6962 section 2.1.1).
 * @param index from 0
 * @throws CryptoError OUT_OF_RANGE (index), LENGTH_MISMATCH for a leaf that is no hash
 */
export function inclusionProof(
  backend: CryptoBackend,
  leaves: readonly Uint8Array[],
  index: number,
): Uint8Array[] {
  expectInteger('index', index, 0, leaves.length - 1);
  const path: Uint8Array[] = [];
  let subtree = leaves;
  let at = index;
  while (subtree.length > 1) {
    const split = largestPowerBelow(subtree.length);
    const [left, right] = [subtree.slice(0, split), subtree.slice(split)];
    const isLeft = at < split;
    path.push(merkleRoot(backend, isLeft ? right : left));
    subtree = isLeft ? left : right;
    if (!isLeft) at -= split;
  }
  return path.toReversed();
}

/**
 * Proof that the tree over `leaves` began as the tree over the first `firstSize` of them (RFC 6962 section
 * 2.1.2); empty where both are the same.
 * @param firstSize 1..leaves.length
 * @throws CryptoError OUT_OF_RANGE (firstSize), LENGTH_MISMATCH for a leaf that is no hash
 */
export function consistencyProof(
  backend: CryptoBackend,
  leaves: readonly Uint8Array[],
  firstSize: number,
): Uint8Array[] {
  expectInteger('firstSize', firstSize, 1, leaves.length);
  const path: Uint8Array[] = [];
  let subtree = leaves;
  let first = firstSize;
  // Whether the first tree, as far as it lies in this subtree, is a node that the verifier knows as its root.
  let isKnown = true;
  while (first < subtree.length) {
    const split = largestPowerBelow(subtree.length);
    const [left, right] = [subtree.slice(0, split), subtree.slice(split)];
    if (first <= split) {
      path.push(merkleRoot(backend, right));
      subtree = left;
    } else {
      path.push(merkleRoot(backend, left));
      subtree = right;
      first -= split;
      isKnown = false;
    }
  }
  if (!isKnown) path.push(merkleRoot(backend, subtree));
  return path.toReversed();
}

/** A leaf, its place in a tree, and the tree's root: what an inclusion proof is about. */
export interface InclusionClaim {
  readonly leaf: Uint8Array;
  /** From 0. */
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Whether `proof` shows the leaf at its place (RFC 9162 section 2.1.3.2). Anything from a peer gives true or
 * false: hashes of other lengths, an index outside the tree and a proof too long or too short are false.
 */
export function verifyInclusion(
  backend: CryptoBackend,
  claim: InclusionClaim,
  proof: readonly Uint8Array[],
): boolean {
  const { leaf, index, size, root } = claim;
  if (!areHashes([leaf, root, ...proof])) return false;
  if (!isCount(size) || !isCount(index) || index >= size || proof.length > MAX_PROOF_LENGTH) return false;
  let node = leaf;
  let way: Way = { at: index, last: size - 1 };
  for (const sibling of proof) {
    if (way.last === 0) return false;
    node = isRight(way) ? nodeHash(backend, sibling, node) : nodeHash(backend, node, sibling);
    way = up(way);
  }
  return way.last === 0 && equalBytes(node, root);
}

/** An earlier and a later tree: what a consistency proof is about. */
export interface ConsistencyClaim {
  readonly firstSize: number;
  readonly firstRoot: Uint8Array;
  readonly secondSize: number;
  readonly secondRoot: Uint8Array;
}

/**
 * Whether `proof` shows that the second tree only added leaves to the first (RFC 9162 section 2.1.4.2).
 * Anything from a peer gives true or false. An empty tree is the beginning of every tree, with no proof and
 * its own root.
 */
export function verifyConsistency(
  backend: CryptoBackend,
  claim: ConsistencyClaim,
  proof: readonly Uint8Array[],
): boolean {
  const { firstSize, firstRoot, secondSize, secondRoot } = claim;
  if (!areHashes([firstRoot, secondRoot, ...proof])) return false;
  if (!isCount(firstSize) || !isCount(secondSize) || firstSize > secondSize) return false;
  if (proof.length > MAX_PROOF_LENGTH) return false;
  if (firstSize === secondSize) return proof.length === 0 && equalBytes(firstRoot, secondRoot);
  if (firstSize === 0) return proof.length === 0 && equalBytes(firstRoot, backend.sha256());
  // Up to the largest complete subtree that ends where the first tree does.
  let way: Way = { at: firstSize - 1, last: secondSize - 1 };
  while (way.at % 2 === 1) way = { at: halved(way.at), last: halved(way.last) };
  // Where that subtree is the whole first tree, its root is known and the proof leaves it out.
  const [start, ...rest] = way.at === 0 ? [firstRoot, ...proof] : proof;
  if (start === undefined) return false;
  let [first, second] = [start, start];
  for (const sibling of rest) {
    if (way.last === 0) return false;
    if (isRight(way)) {
      first = nodeHash(backend, sibling, first);
      second = nodeHash(backend, sibling, second);
    } else {
      second = nodeHash(backend, second, sibling);
    }
    way = up(way);
  }
  return way.last === 0 && equalBytes(first, firstRoot) && equalBytes(second, secondRoot);
}

/** A node on the way to the root: its place in its row, and the place of the row's last node. */
interface Way {
  readonly at: number;
  readonly last: number;
}

/** Whether the node's sibling stands to its left; the last of a row has no other. */
function isRight({ at, last }: Way): boolean {
  return at % 2 === 1 || at === last;
}

/** One row up; a last node without a partner rises alone until it has one. */
function up(way: Way): Way {
  let { at, last } = way;
  if (at === last) {
    while (at % 2 === 0 && at > 0) [at, last] = [halved(at), halved(last)];
  }
  return { at: halved(at), last: halved(last) };
}

/** Sizes go beyond the 32 bits of shifts. */
function halved(count: number): number {
  return Math.floor(count / 2);
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (2 * power < size) power *= 2;
  return power;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === HASH_BYTES);
}
