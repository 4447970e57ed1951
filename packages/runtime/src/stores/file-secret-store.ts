/** Secrets of batches, one file of mode 0600 each. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex, wipe } from '@tributary/crypto';
import type { BatchSecrets, SecretStore } from '@tributary/protocol';
import { RuntimeError } from '../errors.ts';
import { arraysOf, decodeBatchSecrets, encodeBatchSecrets } from './batch-secrets-format.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { ensurePrivateDirectory, syncDirectorySync } from './private-directory.ts';
import { readSecretFile, removeSecretFile, shredFile, writeSecretFile } from './secret-file.ts';
import { storeFailure } from './store-failure.ts';

/** `put` and `forget` have synced when they return. */
export interface FileSecretStore extends SecretStore {
  /** Batches that are kept: a restart forgets those that its log does not know, or knows to be closed. */
  batchContexts(): Uint8Array[];
  /** Wipes what is in memory; the files stay. */
  close(): void;
}

const FILE_NAME = /^([0-9a-f]{64})\.secrets$/;
const PARTIAL = '.partial';
const FORGOTTEN = '.forgotten';

/**
 * Opens the store in `secrets/`, and finishes what an earlier process left half written or half forgotten.
 * @param lock of the state directory
 * @throws RuntimeError INSECURE where the directory is open to others; RUN_FAILED
 */
export function openFileSecretStore(lock: DirectoryLock): FileSecretStore {
  const directory = join(lock.path, 'secrets');
  ensurePrivateDirectory(directory);
  // Secrets that are in use have one copy in memory, which `forget` wipes, as the memory store has.
  const inMemory = new Map<string, BatchSecrets>();
  try {
    for (const name of [PARTIAL, FORGOTTEN]) shredFile(join(directory, name));
    syncDirectorySync(directory);
  } catch (error) {
    throw storeFailure('open secret store', directory, error);
  }

  return {
    put(batchContext, secrets) {
      const { id, path } = place(directory, batchContext);
      const encoded = encodeBatchSecrets(batchContext, secrets);
      try {
        writeSecretFile(path, join(directory, PARTIAL), encoded);
      } catch (error) {
        throw storeFailure('write secrets', path, error);
      } finally {
        wipe(encoded);
      }
      inMemory.set(id, secrets);
    },

    get(batchContext) {
      const { id, path } = place(directory, batchContext);
      const secrets = inMemory.get(id) ?? load(path, batchContext);
      if (secrets !== undefined) inMemory.set(id, secrets);
      return secrets;
    },

    forget(batchContext) {
      const { id, path } = place(directory, batchContext);
      wipeSecrets(inMemory.get(id));
      inMemory.delete(id);
      try {
        removeSecretFile(path, join(directory, FORGOTTEN));
      } catch (error) {
        throw storeFailure('forget secrets', path, error);
      }
    },

    batchContexts() {
      return readdirSync(directory).flatMap((name) => fromHex(FILE_NAME.exec(name)?.[1] ?? '-') ?? []);
    },

    close() {
      for (const secrets of inMemory.values()) wipeSecrets(secrets);
      inMemory.clear();
    },
  };
}

/** @throws RuntimeError BAD_ARGUMENT */
function place(directory: string, batchContext: Uint8Array): { readonly id: string; readonly path: string } {
  if (batchContext.length !== 32) {
    throw new RuntimeError('BAD_ARGUMENT', `a batch context has 32 bytes, not ${batchContext.length}`);
  }
  const id = toHex(batchContext);
  return { id, path: join(directory, `${id}.secrets`) };
}

/** @throws RuntimeError BAD_FILE, INSECURE, RUN_FAILED */
function load(path: string, batchContext: Uint8Array): BatchSecrets | undefined {
  let encoded: Uint8Array | undefined;
  try {
    encoded = readSecretFile(path);
  } catch (error) {
    throw storeFailure('read secrets', path, error);
  }
  if (encoded === undefined) return undefined;
  const decoded = decodeBatchSecrets(batchContext, encoded);
  wipe(encoded);
  if (decoded.ok) return decoded.secrets;
  throw new RuntimeError(
    'BAD_FILE',
    `secrets file ${path} ${decoded.fault}`,
    'the member drops out of that batch; remove the file, and look for a failing disk',
  );
}

function wipeSecrets(secrets: BatchSecrets | undefined): void {
  if (secrets === undefined) return;
  wipe(...arraysOf(secrets));
}
