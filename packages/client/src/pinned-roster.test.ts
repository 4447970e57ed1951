import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { type Roster, rosterRoot } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import type { ClientConfig } from './config.ts';
import { checkPinnedRoster } from './pinned-roster.ts';

const key = (byte: number): Uint8Array => nodeBackend.ed25519PublicKey(new Uint8Array(32).fill(byte));
const ROSTER: Roster = {
  federation: 'test',
  version: 2,
  coordinatorKey: key(9),
  members: ['acme', 'globex', 'initech'].map((name, id) => ({
    id,
    name,
    organisation: name,
    publicKey: key(id),
  })),
};
const ROOT = toHex(rosterRoot(nodeBackend, ROSTER));

const configOf = (pinned?: string): ClientConfig =>
  ({ roster: 'roster.yaml', policy: { rosterRoot: pinned } }) as ClientConfig;

describe('a pinned roster', () => {
  it('is the one with that root, and any where none is pinned', () => {
    expect(() => checkPinnedRoster(configOf(ROOT), ROSTER)).not.toThrow();
    expect(() => checkPinnedRoster(configOf(), ROSTER)).not.toThrow();
  });

  it.each<[string, Partial<Roster>]>([
    [
      'a member has another key',
      {
        members: ROSTER.members.map((member) =>
          member.id === 1 ? { ...member, publicKey: key(7) } : member,
        ),
      },
    ],
    ['a member is gone', { members: ROSTER.members.slice(0, 2) }],
    ['the coordinator has another key', { coordinatorKey: key(8) }],
    ['the version is another', { version: 3 }],
  ])('is no other: %s', (_, change) => {
    const other = { ...ROSTER, ...change };
    expect(() => checkPinnedRoster(configOf(ROOT), other)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: `the root of roster.yaml (version ${other.version}) is ${toHex(rosterRoot(nodeBackend, other))}, 'policy.rosterRoot' is ${ROOT}`,
      }),
    );
  });
});
