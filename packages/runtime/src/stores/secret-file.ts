/**
 * Files that hold secrets: mode 0600, replaced in one step, overwritten before they are removed. Overwriting is best effort: a flash disk
 * or a copying file system may keep old blocks, and only full-disk encryption covers those.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RuntimeError, systemErrorCode } from '../errors.ts';
import { syncDirectorySync } from './private-directory.ts';

/**
 * Durable when it returns. A file that is replaced is overwritten, not only unlinked.
 * @param passing name in the same directory that the content has until it is whole
 */
export function writeSecretFile(path: string, passing: string, content: Uint8Array): void {
  try {
    createFile(passing, content);
    const replaced = openIfThere(path);
    try {
      renameSync(passing, path);
      syncDirectorySync(dirname(path));
      if (replaced !== undefined) overwrite(replaced);
    } finally {
      if (replaced !== undefined) closeSync(replaced);
    }
  } catch (error) {
    shredFile(passing);
    throw error;
  }
}

/**
 * @returns the content, in an array that the caller wipes; undefined where there is no such file
 * @throws RuntimeError INSECURE where others may read it
 */
export function readSecretFile(path: string): Uint8Array | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const { mode, size } = fstatSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new RuntimeError('INSECURE', `${path} can be read by others`, `chmod 600 ${path}`);
    }
    // Not readFileSync: its buffer may be a slice of one that others share.
    const content = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const read = readSync(file, content, done, size - done, done);
      if (read === 0) break;
      done += read;
    }
    return content.subarray(0, done);
  } finally {
    closeSync(file);
  }
}

/**
 * Removes a file such that a crash leaves it whole or under the passing name, never half overwritten under its own.
 * @param passing name in the same directory
 */
export function removeSecretFile(path: string, passing: string): void {
  shredFile(passing);
  try {
    renameSync(path, passing);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  syncDirectorySync(dirname(path));
  shredFile(passing);
  syncDirectorySync(dirname(path));
}

/** Overwrites and unlinks; the directory is not synced. Does nothing where there is no such file. */
export function shredFile(path: string): void {
  const file = openIfThere(path);
  if (file === undefined) return;
  try {
    overwrite(file);
  } finally {
    closeSync(file);
  }
  rmSync(path, { force: true });
}

function overwrite(file: number): void {
  const { size } = fstatSync(file);
  writeAll(file, new Uint8Array(size));
  // Synced before the file is cut: blocks of a shorter file are never written.
  fsyncSync(file);
  ftruncateSync(file, 0);
  fsyncSync(file);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function createFile(path: string, content: Uint8Array): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeAll(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
