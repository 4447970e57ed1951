/** Who plays in a test: a roster with its secret keys, and random bytes that are the same in every run. */
import { type CryptoBackend, toHex } from '@tributary/crypto';
import type { RandomBytes } from '../client/batch-secrets.ts';
import type { ClientPolicy, ExpectedRound } from '../client/state.ts';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import type { Thresholds } from '../parameters/thresholds.ts';
import type { Roster } from '../roster.ts';
import { signMessage } from '../signing.ts';

/** The keystream of a seed, as random bytes. */
export function seededBytes(crypto: CryptoBackend, seed: number): RandomBytes {
  const key = crypto.sha256(new Uint8Array([seed, seed >> 8, seed >> 16, seed >> 24]));
  let block = 0;
  return (length) => {
    const blocks = Math.ceil(length / 16);
    const bytes = crypto.keystream(key, block).next(16 * blocks);
    block += blocks;
    return bytes.slice(0, length);
  };
}

export interface Cast {
  readonly crypto: CryptoBackend;
  readonly random: RandomBytes;
  readonly roster: Roster;
  readonly identities: readonly Uint8Array[];
  readonly coordinatorIdentity: Uint8Array;
  readonly run: Uint8Array;
  readonly policy: ClientPolicy;
}

/** @param organisations the organisation of each member; by default each has its own */
export function castOf(crypto: CryptoBackend, members: number, organisations?: readonly string[]): Cast {
  const random = seededBytes(crypto, members);
  const coordinatorIdentity = random(32);
  const identities = Array.from({ length: members }, () => random(32));
  return {
    crypto,
    random,
    identities,
    coordinatorIdentity,
    roster: {
      federation: 'test',
      version: 1,
      coordinatorKey: crypto.ed25519PublicKey(coordinatorIdentity),
      members: identities.map((identity, id) => ({
        id,
        name: `member-${id}`,
        organisation: organisations?.[id] ?? `organisation-${id}`,
        publicKey: crypto.ed25519PublicKey(identity),
      })),
    },
    run: new Uint8Array(32).fill(7),
    policy: { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 },
  };
}

/** Nine members in a circle, each with three neighbours on either side, of which one may be lost. */
export const SMALL_CIRCLE: Thresholds = {
  cohort: 9,
  graph: 'harary',
  organisationCap: 1,
  holders: 6,
  threshold: 5,
  colluders: 1,
  minCohort: 3,
  minSurvivors: 5,
};

/** A message as its rightful sender signs it. */
export function signed<K extends MessageKind>(
  { crypto, identities, coordinatorIdentity }: Cast,
  from: number | 'coordinator',
  kind: K,
  body: Bodies[K],
): Message<K> {
  const identity = from === 'coordinator' ? coordinatorIdentity : identities[from];
  if (identity === undefined) throw new Error(`member ${from} is not in the cast`);
  const message: unknown = { kind, body, signature: signMessage(crypto, identity, kind, body) };
  return message as Message<K>;
}

/** The sum that a test's program asks for in round `round`. */
export function expectedRound(round: number, overrides: Partial<ExpectedRound> = {}): ExpectedRound {
  return {
    round,
    planHash: new Uint8Array(32).fill(1),
    modelHash: new Uint8Array(32).fill(2),
    dimension: 10,
    bits: 16,
    inputBound: 1000,
    noiseMargin: 0,
    encoding: { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 },
    privacy: new Uint8Array(0),
    logHead: new Uint8Array(32),
    ...overrides,
  };
}

/** Plain values with bytes as text: what two machines must agree in to be called equal. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`;
  if (value instanceof Map) return ['map', ...[...value].map(comparable)];
  if (value instanceof Set) return ['set', ...value];
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, comparable(item)]));
}

/** A value that a test knows to be there. */
export function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('what the test needs is not there');
  return value;
}
