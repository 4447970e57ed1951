/** Reading and writing whole text files, with failures as one line that names the file. */
import { readFileSync } from 'node:fs';
import { RuntimeError, systemErrorCode } from '../errors.ts';
import { writeDurably } from '../stores/durable-file.ts';

/** @throws RuntimeError BAD_FILE */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fileFailure('read', path, error);
  }
}

/**
 * Replaces the file in one step: whoever reads it, also after a crash, finds the old text or the new one.
 * @throws RuntimeError BAD_FILE
 */
export async function writeTextFile(path: string, text: string): Promise<void> {
  try {
    await writeDurably(path, text);
  } catch (error) {
    throw fileFailure('write', path, error);
  }
}

/** A system error as one line for a person. */
export function fileFailure(verb: 'read' | 'write', path: string, error: unknown): RuntimeError {
  const code = systemErrorCode(error) ?? 'unknown error';
  const [reason, hint] = REASONS[code] ?? [code, 'check the path'];
  return new RuntimeError('BAD_FILE', `cannot ${verb} ${path}: ${reason}`, hint, error);
}

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['no such file or directory', 'check the path'],
  EISDIR: ['is a directory', 'give the path of a file'],
  ENOTDIR: ['a part of the path is no directory', 'check the path'],
  EACCES: ['permission denied', 'check its owner and mode'],
  EPERM: ['not permitted', 'check its owner and mode'],
  EROFS: ['the file system is read-only', 'choose another path'],
  ENOSPC: ['no space left on the device', 'free some space'],
  EEXIST: ['exists already', 'choose another path'],
};
