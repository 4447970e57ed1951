/** The operator's output directory: one coordinator at a time writes there. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileFailure, RuntimeError, systemErrorCode } from '@tributary/runtime';

export interface OutputDirectory {
  /** Empty directory for uploads on their way in. */
  readonly spools: string;
  /** Removes the spools and lets others write here. */
  release(): Promise<void>;
}

/**
 * Makes the directory where it is not there, and claims it for this process.
 * @throws RuntimeError DIRECTORY_IN_USE where another coordinator runs in it, BAD_FILE
 */
export async function claimOutput(directory: string): Promise<OutputDirectory> {
  const lock = join(directory, 'coordinator.pid');
  const spools = join(directory, 'spool');
  try {
    await mkdir(directory, { recursive: true });
    await claim(lock, directory);
    // What a coordinator that was killed has left.
    await rm(spools, { recursive: true, force: true });
    await mkdir(spools, { mode: 0o700 });
  } catch (error) {
    throw error instanceof RuntimeError ? error : fileFailure('write', directory, error);
  }
  return {
    spools,
    async release() {
      await rm(spools, { recursive: true, force: true });
      await rm(lock, { force: true });
    },
  };
}

async function claim(lock: string, directory: string): Promise<void> {
  try {
    await writeFile(lock, `${process.pid}\n`, { flag: 'wx' });
    return;
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
  const owner = Number.parseInt(await readFile(lock, 'utf8'), 10);
  if (runs(owner)) {
    throw new RuntimeError(
      'DIRECTORY_IN_USE',
      `'output' ${directory} is in use by process ${owner}`,
      `stop it, or remove ${lock} if that process is no coordinator`,
    );
  }
  await writeFile(lock, `${process.pid}\n`);
}

/** Whether another process has this id. A restarted container gives the same id to the next process: that is no other one. */
function runs(id: number): boolean {
  if (!Number.isInteger(id) || id <= 0 || id === process.pid) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}
