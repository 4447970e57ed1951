/** Everything that one coordinator or client keeps across restarts. */
import type { BlobStore } from './blob-store.ts';
import { lockDirectory } from './directory-lock.ts';
import { openFileBlobStore } from './file-blob-store.ts';
import { type FileEventLog, openFileEventLog } from './file-event-log.ts';
import { type FileSecretStore, openFileSecretStore } from './file-secret-store.ts';

/** `events.log`, `blobs/` and `secrets/` under one lock. */
export interface StateDirectory {
  readonly path: string;
  readonly log: FileEventLog;
  readonly blobs: BlobStore;
  readonly secrets: FileSecretStore;
  /** Closes the stores, then gives the directory free. */
  close(): Promise<void>;
}

/**
 * Opens the state directory for this process alone; makes it, mode 0700, where there is none.
 * @throws RuntimeError BAD_CONFIG where another process has it open; INSECURE where it is open to others; BAD_FILE where its log
 *   is damaged or of another version; RUN_FAILED where the disk fails
 */
export async function openStateDirectory(path: string): Promise<StateDirectory> {
  const lock = lockDirectory(path);
  try {
    const secrets = openFileSecretStore(lock);
    const blobs = await openFileBlobStore(lock);
    const log = await openFileEventLog(lock);
    return {
      path,
      log,
      blobs,
      secrets,
      async close() {
        try {
          await log.close();
        } finally {
          secrets.close();
          lock.release();
        }
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
