import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { type ProcessIdentity, thisProcess } from './process-identity.ts';

/** What others do while a lock is being judged. */
let meanwhile: (() => void) | undefined;

vi.mock(import('./process-identity.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    livenessOf(process) {
      const act = meanwhile;
      meanwhile = undefined;
      act?.();
      return original.livenessOf(process);
    },
  };
});

/** A process number that nobody has, but that somebody had. */
function deadPid(): number {
  return spawnSync('true').pid;
}

describe('lockDirectory', () => {
  let parent: string;
  let path: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'tributary-lock-'));
    path = join(parent, 'state');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  const links = (): string[] => readdirSync(path).toSorted();

  function plant(number: number, holder: Partial<ProcessIdentity>): void {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { pid, ...rest } = { ...thisProcess(), ...holder };
    symlinkSync(new URLSearchParams({ pid: String(pid), ...rest }).toString(), join(path, `lock.${number}`));
  }

  it('makes the directory, for its owner only, and names the holder in the lock', () => {
    lockDirectory(join(path, 'deeper'));
    expect(statSync(join(path, 'deeper')).mode & 0o777).toBe(0o700);
    const target = new URLSearchParams(readlinkSync(join(path, 'deeper', 'lock.1')));
    expect(target.get('pid')).toBe(String(process.pid));
    expect(target.get('host')).toBe(hostname());
  });

  it('refuses a second holder, in the same process as in another, until the first releases', () => {
    const first = lockDirectory(path);
    const refusal = {
      code: 'BAD_CONFIG',
      exitCode: 4,
      message: `state directory ${path} is in use by pid ${process.pid}`,
    };
    expect(() => lockDirectory(path)).toThrow(expect.objectContaining(refusal));
    first.release();
    const second = lockDirectory(path);
    // An old holder has nothing left to release.
    first.release();
    expect(() => lockDirectory(path)).toThrow(expect.objectContaining(refusal));
    second.release();
    expect(links()).toHaveLength(1);
  });

  it('takes over from a process that is dead', () => {
    plant(5, { pid: deadPid() });
    lockDirectory(path);
    expect(links()).toEqual(['lock.6']);
  });

  it('takes over where the number of a dead process now belongs to another one', () => {
    plant(1, { started: '1' });
    lockDirectory(path);
    expect(links()).toEqual(['lock.2']);
  });

  it('takes over from before a restart of the machine or the container', () => {
    plant(1, { numbering: 'another boot' });
    lockDirectory(path);
    expect(links()).toEqual(['lock.2']);
  });

  it('cannot know about another host, says so, and takes the word of who removes the lock', () => {
    plant(3, { host: 'elsewhere', pid: 77 });
    expect(() => lockDirectory(path)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: `state directory ${path} is in use by pid 77 on host elsewhere`,
        hint: `if that process is gone, remove ${join(path, 'lock.3')}`,
      }),
    );
    rmSync(join(path, 'lock.3'));
    lockDirectory(path).release();
  });

  it('refuses a lock that it cannot read', () => {
    for (const target of ['nonsense', 'pid=0&host=a', 'pid=1', 'pid=1e9&host=a', 'pid=-5&host=a']) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      symlinkSync(target, join(path, 'lock.1'));
      expect(() => lockDirectory(path)).toThrow(expect.objectContaining({ code: 'BAD_FILE' }));
      rmSync(join(path, 'lock.1'));
    }
  });

  it('lets one in where several find the same dead holder', () => {
    plant(5, { pid: deadPid() });
    let other: DirectoryLock | undefined;
    meanwhile = () => {
      other = lockDirectory(path);
    };
    expect(() => lockDirectory(path)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
    expect(links()).toEqual(['lock.6']);
    other?.release();
    lockDirectory(path).release();
  });

  it('lets one in even where others came and went since the dead holder was seen', () => {
    plant(5, { pid: deadPid() });
    meanwhile = () => {
      lockDirectory(path).release();
      lockDirectory(path);
    };
    expect(() => lockDirectory(path)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
    expect(links()).toEqual(['lock.8']);
  });

  it('refuses a directory that is open to others, and leaves its mode to its owner', () => {
    mkdirSync(path);
    for (const mode of [0o750, 0o705, 0o711]) {
      chmodSync(path, mode);
      expect(() => lockDirectory(path)).toThrow(expect.objectContaining({ code: 'INSECURE', exitCode: 4 }));
      expect(statSync(path).mode & 0o777).toBe(mode);
    }
    chmodSync(path, 0o700);
    lockDirectory(path).release();
  });

  it('says what is wrong where there can be no directory', () => {
    expect(() => lockDirectory('/dev/null/state')).toThrow(
      expect.objectContaining({
        code: 'RUN_FAILED',
        message: 'cannot use directory /dev/null/state: ENOTDIR',
      }),
    );
  });

  it('does not mind that the directory is gone when it is released', () => {
    const lock = lockDirectory(path);
    rmSync(path, { recursive: true });
    lock.release();
    expect(readdirSync(parent)).toEqual([]);
  });
});
