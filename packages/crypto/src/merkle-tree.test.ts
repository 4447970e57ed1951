import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './byte-text.ts';
import {
  appendLeaf,
  consistencyProof,
  EMPTY_FRONTIER,
  frontierRoot,
  inclusionProof,
  leafHash,
  type MerkleFrontier,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle-tree.ts';
import { nodeBackend as backend } from './node/index.ts';

/** Entries, roots and proofs of the reference tests of Certificate Transparency. */
const ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const NODES = {
  first: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  second: '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  firstTwo: 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  thirdAndFourth: '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  firstFour: 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  fifth: 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  fifthAndSixth: '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  seventhAndEighth: 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  lastFour: '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
};

function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('what the test needs is not there');
  return value;
}

const LEAVES = ENTRIES.map((entry) => leafHash(backend, existing(fromHex(entry))));

describe('the tree of Certificate Transparency', () => {
  it.each(ROOTS.map((root, size) => [size, root] as const))('of %i entries has its root', (size, root) => {
    expect(toHex(merkleRoot(backend, LEAVES.slice(0, size)))).toBe(root);
  });

  it.each<[number, number, readonly string[]]>([
    // Place from 1, size of the tree.
    [1, 1, []],
    [1, 8, [NODES.second, NODES.thirdAndFourth, NODES.lastFour]],
    [6, 8, [NODES.fifth, NODES.seventhAndEighth, NODES.firstFour]],
    [3, 3, [NODES.firstTwo]],
    [2, 5, [NODES.first, NODES.thirdAndFourth, NODES.fifth]],
  ])('includes entry %i of %i', (place, size, path) => {
    expect(inclusionProof(backend, LEAVES.slice(0, size), place - 1).map(toHex)).toEqual(path);
  });

  it.each<[number, number, readonly string[]]>([
    [1, 1, []],
    [1, 8, [NODES.second, NODES.thirdAndFourth, NODES.lastFour]],
    [6, 8, [NODES.fifthAndSixth, NODES.seventhAndEighth, NODES.firstFour]],
    [2, 5, [NODES.thirdAndFourth, NODES.fifth]],
  ])('grew from %i to %i entries', (first, second, path) => {
    expect(consistencyProof(backend, LEAVES.slice(0, second), first).map(toHex)).toEqual(path);
  });
});

const sizes = fc.integer({ min: 1, max: 70 });
const trees = sizes.map((size) =>
  Array.from({ length: size }, (_, i) => leafHash(backend, Uint8Array.of(i, i >> 8))),
);
const treesWithPlace = trees.chain((leaves) =>
  fc.record({ leaves: fc.constant(leaves), index: fc.nat({ max: leaves.length - 1 }) }),
);

/** The same bytes with one bit changed. */
function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice();
  const at = (bit >> 3) % bytes.length;
  changed[at] = existing(changed[at]) ^ (1 << (bit & 7));
  return changed;
}

/** Every proof with one hash changed, left out, doubled, swapped with its neighbour or too short, or one more. */
function damaged(proof: readonly Uint8Array[], bit: number): Uint8Array[][] {
  const each = proof.flatMap((hash, i) => [
    proof.with(i, flipped(hash, bit)),
    proof.with(i, hash.subarray(1)),
    proof.toSpliced(i, 1),
    proof.toSpliced(i, 0, hash),
    ...(i > 0 ? [proof.with(i, existing(proof[i - 1])).with(i - 1, hash)] : []),
  ]);
  return [...each, [...proof, new Uint8Array(32)], [new Uint8Array(32), ...proof]];
}

describe('an inclusion proof', () => {
  it('verifies for every leaf, and for nothing else', () => {
    fc.assert(
      fc.property(treesWithPlace, fc.nat({ max: 255 }), ({ leaves, index }, bit) => {
        const size = leaves.length;
        const claim = { leaf: existing(leaves[index]), index, size, root: merkleRoot(backend, leaves) };
        const proof = inclusionProof(backend, leaves, index);
        expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        expect(verifyInclusion(backend, claim, proof)).toBe(true);
        for (const wrong of damaged(proof, bit)) expect(verifyInclusion(backend, claim, wrong)).toBe(false);
        for (const wrong of [
          { ...claim, leaf: flipped(claim.leaf, bit) },
          { ...claim, root: flipped(claim.root, bit) },
          { ...claim, leaf: claim.leaf.subarray(1) },
          { ...claim, root: new Uint8Array(0) },
          { ...claim, index: size },
          { ...claim, index: -1 },
          { ...claim, index: index + 0.5 },
          { ...claim, size: index },
          { ...claim, size: Number.NaN },
          { ...claim, size: 2 ** 53 },
        ]) {
          expect(verifyInclusion(backend, wrong, proof)).toBe(false);
        }
      }),
    );
  });

  it('of one place says nothing about another', () => {
    fc.assert(
      fc.property(treesWithPlace, fc.nat({ max: 69 }), ({ leaves, index }, other) => {
        fc.pre(other < leaves.length && other !== index);
        const root = merkleRoot(backend, leaves);
        const claim = { leaf: existing(leaves[index]), index: other, size: leaves.length, root };
        expect(verifyInclusion(backend, claim, inclusionProof(backend, leaves, index))).toBe(false);
      }),
    );
  });

  it('works in trees beyond 2^32 leaves', () => {
    // All leaves but the last stand in one complete subtree, whose root may be any hash.
    const leaf = leafHash(backend, Uint8Array.of(1));
    const rest = leafHash(backend, Uint8Array.of(2));
    const root = backend.sha256(Uint8Array.of(1), rest, leaf);
    const claim = { leaf, index: 2 ** 40, size: 2 ** 40 + 1, root };
    expect(verifyInclusion(backend, claim, [rest])).toBe(true);
    expect(verifyInclusion(backend, { ...claim, index: 2 ** 40 - 1 }, [rest])).toBe(false);
  });

  it('is not taken from a node in place of a leaf', () => {
    const [left, right] = [existing(LEAVES[0]), existing(LEAVES[1])];
    const forged = leafHash(backend, Uint8Array.of(...left, ...right));
    const claim = { leaf: forged, index: 0, size: 1, root: merkleRoot(backend, [left, right]) };
    expect(verifyInclusion(backend, claim, [])).toBe(false);
  });
});

describe('a consistency proof', () => {
  const grown = trees.chain((leaves) =>
    fc.record({ leaves: fc.constant(leaves), firstSize: fc.integer({ min: 1, max: leaves.length }) }),
  );

  it('verifies for every beginning of a tree, and for nothing else', () => {
    fc.assert(
      fc.property(grown, fc.nat({ max: 255 }), ({ leaves, firstSize }, bit) => {
        const claim = {
          firstSize,
          firstRoot: merkleRoot(backend, leaves.slice(0, firstSize)),
          secondSize: leaves.length,
          secondRoot: merkleRoot(backend, leaves),
        };
        const proof = consistencyProof(backend, leaves, firstSize);
        expect(verifyConsistency(backend, claim, proof)).toBe(true);
        for (const wrong of damaged(proof, bit)) expect(verifyConsistency(backend, claim, wrong)).toBe(false);
        for (const wrong of [
          { ...claim, firstRoot: flipped(claim.firstRoot, bit) },
          { ...claim, secondRoot: flipped(claim.secondRoot, bit) },
          { ...claim, firstRoot: claim.firstRoot.subarray(1) },
          { ...claim, firstSize: claim.secondSize + 1 },
          { ...claim, firstSize: -1 },
          { ...claim, firstSize: 0 },
          { ...claim, secondSize: firstSize - 1 },
          { ...claim, secondSize: Number.NaN },
          { ...claim, secondSize: claim.secondSize + 0.5 },
        ]) {
          expect(verifyConsistency(backend, wrong, proof)).toBe(false);
        }
      }),
    );
  });

  it('does not exist for a tree whose past was changed', () => {
    fc.assert(
      fc.property(grown, fc.nat({ max: 69 }), fc.nat({ max: 255 }), ({ leaves, firstSize }, at, bit) => {
        fc.pre(at < firstSize);
        const rewritten = leaves.with(at, flipped(existing(leaves[at]), bit));
        const claim = {
          firstSize,
          firstRoot: merkleRoot(backend, leaves.slice(0, firstSize)),
          secondSize: leaves.length,
          secondRoot: merkleRoot(backend, rewritten),
        };
        expect(verifyConsistency(backend, claim, consistencyProof(backend, rewritten, firstSize))).toBe(
          false,
        );
      }),
    );
  });

  it('from the empty tree is empty and needs its root', () => {
    const root = merkleRoot(backend, LEAVES);
    const claim = { firstSize: 0, firstRoot: merkleRoot(backend, []), secondSize: 8, secondRoot: root };
    expect(verifyConsistency(backend, claim, [])).toBe(true);
    expect(verifyConsistency(backend, claim, [root])).toBe(false);
    expect(verifyConsistency(backend, { ...claim, firstRoot: root }, [])).toBe(false);
  });
});

/** As RFC 6962 section 2.1 writes it. */
function recursiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const halves = [leaves.slice(0, split), leaves.slice(split)].map(recursiveRoot);
  return backend.sha256(Uint8Array.of(1), ...halves);
}

describe('a tree that grows leaf by leaf', () => {
  it('has the root of all its leaves, from as many hashes as its size has digits 1', () => {
    fc.assert(
      fc.property(trees, (leaves) => {
        let frontier = EMPTY_FRONTIER;
        for (const leaf of leaves) frontier = appendLeaf(backend, frontier, leaf);
        expect(frontier.size).toBe(leaves.length);
        expect(frontier.peaks).toHaveLength(leaves.length.toString(2).replaceAll('0', '').length);
        expect(frontierRoot(backend, frontier)).toEqual(recursiveRoot(leaves));
      }),
    );
  });

  it('leaves the smaller tree as it was', () => {
    const three = LEAVES.slice(0, 3).reduce((tree, leaf) => appendLeaf(backend, tree, leaf), EMPTY_FRONTIER);
    appendLeaf(backend, three, existing(LEAVES[3]));
    expect(toHex(frontierRoot(backend, three))).toBe(ROOTS[3]);
  });
});

describe('misuse is refused', () => {
  const leaf = existing(LEAVES[0]);
  const bad = (frontier: MerkleFrontier) => (): unknown => appendLeaf(backend, frontier, leaf);
  it.each<[string, string, () => unknown]>([
    [
      'a leaf that is no hash',
      'LENGTH_MISMATCH',
      () => appendLeaf(backend, EMPTY_FRONTIER, leaf.subarray(1)),
    ],
    [
      'a leaf of a root that is no hash',
      'LENGTH_MISMATCH',
      () => merkleRoot(backend, [leaf, new Uint8Array(0)]),
    ],
    ['a frontier with too few peaks', 'LENGTH_MISMATCH', bad({ size: 3, peaks: [leaf] })],
    ['a frontier with too many peaks', 'LENGTH_MISMATCH', bad({ size: 4, peaks: [leaf, leaf] })],
    [
      'a frontier with a peak that is no hash',
      'LENGTH_MISMATCH',
      bad({ size: 1, peaks: [leaf.subarray(1)] }),
    ],
    ['a frontier of no size', 'OUT_OF_RANGE', bad({ size: 0.5, peaks: [] })],
    ['the root of such a frontier', 'LENGTH_MISMATCH', () => frontierRoot(backend, { size: 1, peaks: [] })],
    ['an index behind the tree', 'OUT_OF_RANGE', () => inclusionProof(backend, LEAVES, 8)],
    ['an index before the tree', 'OUT_OF_RANGE', () => inclusionProof(backend, LEAVES, -1)],
    ['an index in an empty tree', 'OUT_OF_RANGE', () => inclusionProof(backend, [], 0)],
    ['a beginning longer than the tree', 'OUT_OF_RANGE', () => consistencyProof(backend, LEAVES, 9)],
    ['an empty beginning', 'OUT_OF_RANGE', () => consistencyProof(backend, LEAVES, 0)],
  ])('%s', (_, code, misuse) => {
    expect(misuse).toThrow(expect.objectContaining({ code }));
  });
});
