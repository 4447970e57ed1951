/** A federation of n organisations in memory, reproducible from a seed. */
import { nobleBackend } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import type { Roster } from '@tributary/protocol';
import {
  type Faults,
  InMemoryFederation,
  type InMemoryOptions,
  type SumRequest,
} from '@tributary/protocol/in-memory';

/** A reproducible stream of bytes: the keystream of the seed. For tests only. */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  const key = nobleBackend.sha256(new Uint8Array([seed & 0xff, (seed >> 8) & 0xff, (seed >> 16) & 0xff]));
  let block = 0;
  return (length) => {
    const blocks = Math.ceil(length / 16);
    const bytes = nodeBackend.keystream(key, block).next(blocks * 16);
    block += blocks;
    return new Uint8Array(bytes.slice(0, length));
  };
}

export interface TestFederation {
  readonly federation: InMemoryFederation;
  readonly roster: Roster;
  readonly identities: readonly Uint8Array[];
}

/** @param organisations the organisation of each member; by default each has its own */
export function testRoster(
  n: number,
  random: (length: number) => Uint8Array,
  organisations?: readonly string[],
): { readonly roster: Roster; readonly identities: Uint8Array[]; readonly coordinatorIdentity: Uint8Array } {
  const coordinatorIdentity = random(32);
  const identities = Array.from({ length: n }, () => random(32));
  const roster: Roster = {
    federation: 'test',
    version: 1,
    coordinatorKey: nodeBackend.ed25519PublicKey(coordinatorIdentity),
    members: identities.map((identity, id) => ({
      id,
      name: `org-${id}`,
      organisation: organisations?.[id] ?? `org-${id}`,
      publicKey: nodeBackend.ed25519PublicKey(identity),
    })),
  };
  return { roster, identities, coordinatorIdentity };
}

export function testFederation(
  n: number,
  options: {
    readonly seed?: number;
    readonly faults?: Faults;
    readonly organisations?: readonly string[];
  } & Partial<InMemoryOptions> = {},
): TestFederation {
  const random = seededBytes(options.seed ?? 1);
  const { roster, identities, coordinatorIdentity } = testRoster(n, random, options.organisations);
  const federation = new InMemoryFederation({
    crypto: nodeBackend,
    random,
    roster,
    identities,
    coordinatorIdentity,
    run: new Uint8Array(32).fill(7),
    ...options,
  });
  return { federation, roster, identities };
}

/** A sum of vectors of length `dimension` with coordinates in [-bound, bound]. */
export function sumRequest(
  dimension: number,
  vectors: readonly Int32Array[],
  overrides: Partial<SumRequest['expected']> = {},
): SumRequest {
  return {
    step: 'test',
    expected: {
      planHash: new Uint8Array(32).fill(1),
      modelHash: new Uint8Array(32).fill(2),
      dimension,
      bits: 20,
      inputBound: 1000,
      noiseMargin: 0,
      encoding: { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 },
      privacy: new Uint8Array(0),
      ...overrides,
    },
    // Masking consumes the vector it is given.
    vector: (member) => Int32Array.from(vectors[member] ?? []),
  };
}

export function randomVectors(n: number, dimension: number, seed: number, bound = 1000): Int32Array[] {
  const random = seededBytes(seed + 1_000_000);
  return Array.from({ length: n }, () => {
    const words = new Uint32Array(random(4 * dimension).buffer);
    return Int32Array.from(words, (word) => (word % (2 * bound + 1)) - bound);
  });
}

export function plainSum(vectors: readonly Int32Array[], members: readonly number[]): Int32Array {
  const sum = new Int32Array(vectors[0]?.length ?? 0);
  for (const member of members) {
    vectors[member]?.forEach((value, i) => {
      sum[i] = (sum[i] ?? 0) + value;
    });
  }
  return sum;
}
