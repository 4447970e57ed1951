/** The adapters of the stores keep their contracts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memorySecretStore } from '@tributary/protocol';
import {
  type DirectoryLock,
  lockDirectory,
  memoryBlobStore,
  memoryEventLog,
  openFileBlobStore,
  openFileSecretStore,
  openStateDirectory,
} from '@tributary/runtime';
import { blobStoreContract } from './blob-store-contract.ts';
import { eventLogContract } from './event-log-contract.ts';
import { secretStoreContract } from './secret-store-contract.ts';

function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tributary-stores-'));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

function lockedDirectory(): { readonly lock: DirectoryLock; dispose(): void } {
  const directory = temporaryDirectory();
  const lock = lockDirectory(join(directory.path, 'state'));
  return { lock, dispose: () => directory.remove() };
}

eventLogContract('memory', async () => {
  const memory = memoryEventLog();
  return { open: () => memory.open(), dispose: async () => undefined };
});

eventLogContract('file', async () => {
  const directory = temporaryDirectory();
  return {
    async open() {
      const state = await openStateDirectory(join(directory.path, 'state'));
      const { log } = state;
      return {
        epoch: log.epoch,
        append: (records) => log.append(records),
        read: () => log.read(),
        close: () => state.close(),
      };
    },
    dispose: async () => directory.remove(),
  };
});

blobStoreContract('memory', async () => ({ store: memoryBlobStore(), dispose: async () => undefined }));

blobStoreContract('file', async () => {
  const directory = lockedDirectory();
  return { store: await openFileBlobStore(directory.lock), dispose: async () => directory.dispose() };
});

secretStoreContract('memory', () => ({ store: memorySecretStore(), dispose: () => undefined }));

secretStoreContract('file', () => {
  const directory = lockedDirectory();
  return { store: openFileSecretStore(directory.lock), dispose: () => directory.dispose() };
});
