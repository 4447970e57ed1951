/** Directories that nobody else can look into. */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RuntimeError } from '../errors.ts';
import { storeFailure } from './store-failure.ts';

/**
 * Makes the directory with mode 0700, durably, or checks that an existing one is closed to others. It never changes the mode
 * of a directory that exists: it may have been named by mistake.
 * @throws RuntimeError INSECURE where others can enter or read it; RUN_FAILED where it cannot be made
 */
export function ensurePrivateDirectory(path: string): void {
  try {
    const first = mkdirSync(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) syncFrom(dirname(resolve(path)), dirname(resolve(first)));
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw new RuntimeError(
        'INSECURE',
        `directory ${path} is open to others`,
        `chmod 700 ${path}, or name a directory that does not exist yet`,
      );
    }
  } catch (error) {
    throw storeFailure('use directory', path, error);
  }
}

/** A file that was created, renamed or removed is durably so only once its directory is synced. */
export function syncDirectorySync(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function syncFrom(path: string, topmost: string): void {
  syncDirectorySync(path);
  if (path !== topmost) syncFrom(dirname(path), topmost);
}
