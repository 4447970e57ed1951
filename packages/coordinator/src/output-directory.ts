/** The operator's output directory: one coordinator at a time writes there. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileFailure, lockDirectory } from '@tributary/runtime';

export interface OutputDirectory {
  /** For uploads on their way in; without any now. Only its owner can read it. */
  readonly spools: string;
  /** Removes what is left of uploads and lets others write here. */
  release(): void;
}

const UPLOAD = '.upload';

/** Where a member's upload of a round is spooled. */
export function spoolPath(
  spools: string,
  upload: { round: number; attempt: number; member: number },
): string {
  const { round, attempt, member } = upload;
  return join(spools, `${round}-${attempt}-${member}${UPLOAD}`);
}

/**
 * Makes the directory where it is not there, and claims it for this process.
 * @throws RuntimeError BAD_CONFIG where another coordinator runs in it, INSECURE where others can read its spools, BAD_FILE
 */
export function claimOutput(directory: string): OutputDirectory {
  const spools = join(directory, 'spool');
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw fileFailure('write', directory, error);
  }
  const lock = lockDirectory(spools);
  // What a coordinator that was killed has left.
  removeUploads(spools);
  return {
    spools,
    release() {
      removeUploads(spools);
      lock.release();
    },
  };
}

/** @throws RuntimeError BAD_FILE */
function removeUploads(spools: string): void {
  try {
    const uploads = readdirSync(spools).filter((name) => name.endsWith(UPLOAD));
    for (const name of uploads) rmSync(join(spools, name), { force: true });
  } catch (error) {
    throw fileFailure('write', spools, error);
  }
}
