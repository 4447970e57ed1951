/** Identities and a roster that are the same in every test run. */
import { nodeBackend } from '@tributary/crypto/node';
import type { Roster } from '@tributary/protocol';

export interface TestFederation {
  readonly roster: Roster;
  /** Ed25519 seeds of the members, by id. */
  readonly identities: readonly Uint8Array[];
  readonly coordinatorIdentity: Uint8Array;
  readonly run: Uint8Array;
}

export function testFederation(members: number, name = 'test'): TestFederation {
  const identity = (i: number): Uint8Array => nodeBackend.sha256(Uint8Array.of(i, members));
  const identities = Array.from({ length: members }, (_, id) => identity(id));
  const coordinatorIdentity = identity(255);
  const roster: Roster = {
    federation: name,
    version: 1,
    coordinatorKey: nodeBackend.ed25519PublicKey(coordinatorIdentity),
    members: identities.map((seed, id) => ({
      id,
      name: `org-${id}`,
      organisation: `org-${id}`,
      publicKey: nodeBackend.ed25519PublicKey(seed),
    })),
  };
  return { roster, identities, coordinatorIdentity, run: new Uint8Array(32).fill(7) };
}
