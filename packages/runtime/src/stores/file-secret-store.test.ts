import {
  chmodSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@tributary/crypto';
import type { BatchSecrets } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { openFileSecretStore } from './file-secret-store.ts';

const BATCH = new Uint8Array(32).fill(0xb1);
const OTHER = new Uint8Array(32).fill(0xb2);
const PLANTED = Buffer.from('planted secret, to be found by tests');

function planted(): BatchSecrets {
  return {
    sealingSecret: Uint8Array.from(PLANTED),
    roundSecrets: [Uint8Array.from(PLANTED)],
    selfSeeds: [Uint8Array.from(PLANTED)],
    held: new Map([[3, Uint8Array.from(PLANTED)]]),
    dealt: new Map([[4, Uint8Array.from(PLANTED)]]),
    drawNonce: Uint8Array.from(PLANTED),
  };
}

describe('openFileSecretStore', () => {
  let root: string;
  let directory: string;
  let lock: DirectoryLock;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tributary-secrets-'));
    lock = lockDirectory(root);
    directory = join(root, 'secrets');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const fileOf = (context: Uint8Array): string => join(directory, `${toHex(context)}.secrets`);

  /** Files below the state directory that hold the planted secret. */
  function filesWithSecret(): string[] {
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    return paths.filter((path) => readFileSync(path).includes(PLANTED));
  }

  it('keeps each batch in one file that only its owner can read', () => {
    const store = openFileSecretStore(lock);
    store.put(BATCH, planted());
    store.put(OTHER, planted());
    expect(readdirSync(directory).toSorted()).toEqual(
      [BATCH, OTHER].map((context) => `${toHex(context)}.secrets`),
    );
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(fileOf(BATCH)).mode & 0o777).toBe(0o600);
    expect(filesWithSecret()).toHaveLength(2);
  });

  it('finds them again after a restart, and lists them for those that the log does not know', () => {
    const first = openFileSecretStore(lock);
    first.put(BATCH, planted());
    first.put(OTHER, planted());
    const inUse = first.get(BATCH);
    first.close();
    expect(inUse?.sealingSecret.every((byte) => byte === 0)).toBe(true);

    const store = openFileSecretStore(lock);
    expect(store.get(BATCH)).toEqual(planted());
    expect(store.batchContexts().map(toHex).toSorted()).toEqual([toHex(BATCH), toHex(OTHER)]);
  });

  it('leaves no byte of a forgotten batch, neither in a file nor in the blocks that were its file', () => {
    const store = openFileSecretStore(lock);
    store.put(BATCH, planted());
    // A second name keeps hold of the blocks; it stands for whoever reads the raw disk.
    linkSync(fileOf(BATCH), join(root, 'blocks'));
    expect(filesWithSecret()).toHaveLength(2);
    store.forget(BATCH);
    expect(readdirSync(directory)).toEqual([]);
    expect(filesWithSecret()).toEqual([]);
    expect(store.get(BATCH)).toBeUndefined();
    expect(openFileSecretStore(lock).get(BATCH)).toBeUndefined();
  });

  it('forgets a batch that an earlier process has kept', () => {
    openFileSecretStore(lock).put(BATCH, planted());
    openFileSecretStore(lock).forget(BATCH);
    expect(filesWithSecret()).toEqual([]);
  });

  it('overwrites the version that it replaces', () => {
    const store = openFileSecretStore(lock);
    store.put(BATCH, planted());
    linkSync(fileOf(BATCH), join(root, 'blocks'));
    store.put(BATCH, { ...planted(), held: new Map() });
    expect(filesWithSecret()).toEqual([fileOf(BATCH)]);
    expect(statSync(fileOf(BATCH)).mode & 0o777).toBe(0o600);
  });

  it('finishes what a crash left half written or half forgotten', () => {
    const store = openFileSecretStore(lock);
    store.put(BATCH, planted());
    store.put(OTHER, planted());
    renameSync(fileOf(BATCH), join(directory, '.forgotten'));
    renameSync(fileOf(OTHER), join(directory, '.partial'));
    linkSync(join(directory, '.forgotten'), join(root, 'blocks'));
    const reopened = openFileSecretStore(lock);
    expect(readdirSync(directory)).toEqual([]);
    expect(filesWithSecret()).toEqual([]);
    expect(reopened.batchContexts()).toEqual([]);
  });

  it('names a damaged file, and none of its bytes', () => {
    openFileSecretStore(lock).put(BATCH, planted());
    const bytes = readFileSync(fileOf(BATCH));
    bytes.fill(0, 60, 61);
    writeFileSync(fileOf(BATCH), bytes);
    expect(() => openFileSecretStore(lock).get(BATCH)).toThrow(
      expect.objectContaining({
        code: 'BAD_FILE',
        message: `secrets file ${fileOf(BATCH)} has a wrong checksum`,
      }),
    );
    // It can still be forgotten.
    openFileSecretStore(lock).forget(BATCH);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('refuses the file of another batch in its place', () => {
    openFileSecretStore(lock).put(OTHER, planted());
    renameSync(fileOf(OTHER), fileOf(BATCH));
    expect(() => openFileSecretStore(lock).get(BATCH)).toThrow(expect.objectContaining({ code: 'BAD_FILE' }));
  });

  it('refuses files and directories that others can read', () => {
    openFileSecretStore(lock).put(BATCH, planted());
    chmodSync(fileOf(BATCH), 0o640);
    expect(() => openFileSecretStore(lock).get(BATCH)).toThrow(expect.objectContaining({ code: 'INSECURE' }));
    chmodSync(directory, 0o755);
    expect(() => openFileSecretStore(lock)).toThrow(expect.objectContaining({ code: 'INSECURE' }));
  });

  it('keeps the version before where it cannot write the next', () => {
    const store = openFileSecretStore(lock);
    store.put(BATCH, planted());
    rmSync(directory, { recursive: true });
    expect(() => store.put(BATCH, planted())).toThrow(expect.objectContaining({ code: 'RUN_FAILED' }));
    expect(store.get(BATCH)).toEqual(planted());
  });

  it('takes contexts of 32 bytes only', () => {
    const store = openFileSecretStore(lock);
    const refusal = expect.objectContaining({ code: 'BAD_ARGUMENT' });
    expect(() => store.put(new Uint8Array(31), planted())).toThrow(refusal);
    expect(() => store.get(new Uint8Array(33))).toThrow(refusal);
    expect(() => store.forget(new Uint8Array(0))).toThrow(refusal);
  });
});
