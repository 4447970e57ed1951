/**
 * One process at a time in a state directory. Node has no flock, so the lock is a symbolic link `lock.<n>` whose target names the
 * holder: it is made with its content in one step, and only if there is none of that number.
 *
 * The greatest number counts. Who finds its holder dead makes the next number, which succeeds for one of several; numbers
 * only grow, so nobody can take away a lock that it has not seen. Only what is below the greatest is ever removed.
 */
import { readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RuntimeError, systemErrorCode } from '../errors.ts';
import { ensurePrivateDirectory } from './private-directory.ts';
import { livenessOf, type ProcessIdentity, thisProcess } from './process-identity.ts';
import { storeFailure } from './store-failure.ts';

/** Held by this process until `release` or its death. File adapters ask for it as proof that nobody else writes there. */
export interface DirectoryLock {
  readonly path: string;
  release(): void;
}

const RELEASED = 'released';
const LINK_NAME = /^lock\.([1-9]\d{0,14})$/;

/**
 * Takes the directory for this process; makes it, mode 0700, where there is none. The lock of a dead process is taken over.
 * @throws RuntimeError BAD_CONFIG where a process holds it; INSECURE where the directory is open to others
 */
export function lockDirectory(path: string): DirectoryLock {
  ensurePrivateDirectory(path);
  try {
    const number = take(path);
    let held = true;
    return {
      path,
      release() {
        if (held) release(path, number);
        held = false;
      },
    };
  } catch (error) {
    throw storeFailure('lock', path, error);
  }
}

function take(path: string): number {
  // Each turn more means that another process has made progress.
  for (;;) {
    const last = greatest(path);
    if (last > 0) requireFree(path, last);
    const number = last + 1;
    if (!makeLink(path, number, encodeHolder(thisProcess()))) continue;
    // What was seen as the last may have been superseded and removed in between; then this link counts for nothing.
    const superseded = greatest(path) !== number;
    removeBelow(path, superseded ? number + 1 : number);
    if (!superseded) return number;
  }
}

function release(path: string, number: number): void {
  try {
    makeLink(path, number + 1, RELEASED);
    removeBelow(path, number + 1);
  } catch (error) {
    // Somebody has removed the directory, and the lock with it.
    if (systemErrorCode(error) !== 'ENOENT') throw storeFailure('unlock', path, error);
  }
}

/** @throws RuntimeError BAD_CONFIG or BAD_FILE */
function requireFree(path: string, number: number): void {
  const link = join(path, `lock.${number}`);
  let target: string;
  try {
    target = readlinkSync(link);
  } catch (error) {
    // Removed since it was listed: the next turn sees by what.
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (target === RELEASED) return;
  const holder = decodeHolder(target);
  if (holder === undefined) {
    throw new RuntimeError('BAD_FILE', `${link} is no lock`, 'if no process uses the directory, remove it');
  }
  switch (livenessOf(holder)) {
    case 'dead':
      return;
    case 'alive':
      throw new RuntimeError(
        'BAD_CONFIG',
        `state directory ${path} is in use by pid ${holder.pid}`,
        'stop that process, or choose another state directory',
      );
    case 'unknown':
      throw new RuntimeError(
        'BAD_CONFIG',
        `state directory ${path} is in use by pid ${holder.pid} on host ${holder.host}`,
        `if that process is gone, remove ${link}`,
      );
  }
}

/** The greatest number of a link, 0 where there is none. */
function greatest(path: string): number {
  return Math.max(0, ...numbers(path));
}

function numbers(path: string): number[] {
  return readdirSync(path).flatMap((name) => {
    const digits = LINK_NAME.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

/** @returns whether there was none of that number */
function makeLink(path: string, number: number, target: string): boolean {
  try {
    symlinkSync(target, join(path, `lock.${number}`));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function removeBelow(path: string, bound: number): void {
  for (const number of numbers(path)) {
    if (number < bound) rmSync(join(path, `lock.${number}`), { force: true });
  }
}

function encodeHolder({ pid, started, host, numbering }: ProcessIdentity): string {
  return new URLSearchParams({ pid: String(pid), started, host, numbering }).toString();
}

function decodeHolder(target: string): ProcessIdentity | undefined {
  const fields = new URLSearchParams(target);
  const field = (name: string): string => fields.get(name) ?? '';
  const pid = field('pid');
  if (!/^[1-9]\d{0,9}$/.test(pid) || field('host') === '') return undefined;
  return { pid: Number(pid), started: field('started'), host: field('host'), numbering: field('numbering') };
}
