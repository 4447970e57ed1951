import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { rosterRoot } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readRosterFile } from './roster-file.ts';

let directory: string;
let path: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-roster-'));
  path = join(directory, 'roster.yaml');
});
afterAll(() => rmSync(directory, { recursive: true }));

const key = (i: number): string => toBase64(nodeBackend.ed25519PublicKey(new Uint8Array(32).fill(i)));

interface RosterYaml {
  federation: string;
  version: number;
  coordinator: string;
  members: { name: string; organisation?: string; publicKey: string }[];
}

const GOOD: RosterYaml = {
  federation: 'acme-routers',
  version: 1,
  coordinator: key(1),
  members: [
    { name: 'acme', publicKey: key(2) },
    { name: 'globex', publicKey: key(3) },
    { name: 'initech-eu', organisation: 'initech', publicKey: key(4) },
  ],
};

function read(change: Partial<RosterYaml> = {}): ReturnType<typeof readRosterFile> {
  writeFileSync(path, stringify({ ...GOOD, ...change }));
  return readRosterFile(path);
}

const root = (change: Partial<RosterYaml>): string => toBase64(rosterRoot(nodeBackend, read(change)));

function withMember(change: Partial<RosterYaml['members'][number]>): Partial<RosterYaml> {
  return { members: [...GOOD.members, { name: 'umbrella', publicKey: key(5), ...change }] };
}

describe('readRosterFile', () => {
  it('numbers the members in the order of the file', () => {
    const roster = read();
    expect(roster.members.map(({ id, name, organisation }) => [id, name, organisation])).toEqual([
      [0, 'acme', 'acme'],
      [1, 'globex', 'globex'],
      [2, 'initech-eu', 'initech'],
    ]);
    expect(roster.members[2]?.publicKey).toEqual(nodeBackend.ed25519PublicKey(new Uint8Array(32).fill(4)));
  });

  it('has a root that any change to the file changes', () => {
    const roots = [
      {},
      { version: 2 },
      { federation: 'other' },
      { coordinator: key(9) },
      withMember({}),
      withMember({ name: 'other' }),
      withMember({ organisation: 'acme' }),
      { members: GOOD.members.toReversed() },
    ].map(root);
    expect(new Set(roots).size).toBe(roots.length);
    expect(root({})).toBe(roots[0]);
  });

  it.each([
    [
      'a key that stands twice',
      withMember({ publicKey: key(2) }),
      "roster member 'umbrella' has the same public key as 'acme'",
    ],
    [
      "the coordinator's key",
      withMember({ publicKey: key(1) }),
      "roster member 'umbrella' has the same public key as the coordinator",
    ],
    ['a name that stands twice', withMember({ name: 'acme' }), "roster member name 'acme' stands twice"],
    [
      'a key that is none',
      withMember({ publicKey: 'abc' }),
      "'members.3.publicKey' is no Ed25519 public key",
    ],
    [
      'a key of small order',
      withMember({ publicKey: toBase64(Uint8Array.of(1, ...Array<number>(31).fill(0))) }),
      "'members.3.publicKey' is no Ed25519 public key",
    ],
    ['a coordinator key that is none', { coordinator: '' }, "'coordinator' is no Ed25519 public key"],
    [
      'a name that could steer a terminal',
      withMember({ name: 'x\u001b[2J' }),
      "'members.3.name' must be a name of 1..64 letters, digits, dots, dashes and underscores that begins with a letter or digit, not 'x\\u{1b}[2J'",
    ],
    ['no members', { members: [] }, "'members' must be a list of at least 1, not a list of 0"],
    ['a version that is no count', { version: 0 }, "'version' must be an integer of at least 1, not 0"],
  ])('refuses %s in one line that names the entry', (_, change, message) => {
    expect(() => read(change)).toThrow(
      expect.objectContaining({
        name: 'RuntimeError',
        code: 'BAD_CONFIG',
        message: `${path}: ${message}`,
        exitCode: 4,
      }),
    );
  });

  it('suggests the key that was meant', () => {
    writeFileSync(
      path,
      stringify({ ...GOOD, members: [{ name: 'a', organization: 'b', publicKey: key(2) }] }),
    );
    expect(() => readRosterFile(path)).toThrow(
      expect.objectContaining({
        message: `${path}: unknown key 'members.0.organization'`,
        hint: "did you mean 'organisation'?",
      }),
    );
  });
});
