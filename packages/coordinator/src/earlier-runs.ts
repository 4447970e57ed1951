/** What an earlier run left in the output directory, put aside: an audit log is not to be lost because another run begins. */
import { createReadStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toHex } from '@tributary/crypto';
import { fileFailure, nodeFileSystem, syncDirectory, systemErrorCode } from '@tributary/runtime';

/** The log first: it says whose the vectors are. */
const FILES = ['audit.jsonl', 'sums.jsonl', 'sums', 'masked', 'uploads'] as const;

/**
 * Moves log and vectors of another run than `run` to `earlier/<first 16 digits of its id>/`. After a crash in between the next call goes on.
 * @throws RuntimeError BAD_FILE
 */
export async function setAsideEarlierRun(output: string, run: Uint8Array): Promise<void> {
  const owner = (await runIn(join(output, 'audit.jsonl'))) ?? (await runIn(join(output, 'sums.jsonl')));
  if (owner === undefined || owner === toHex(run)) return;
  const directory = join(output, 'earlier', owner.slice(0, 16));
  try {
    await mkdir(directory, { recursive: true });
    // The file that names the run last: as long as it is there, the rest is known to be of that run.
    for (const file of FILES.toReversed()) await move(join(output, file), join(directory, file));
    await syncDirectory(nodeFileSystem, directory);
    await syncDirectory(nodeFileSystem, output);
  } catch (error) {
    throw fileFailure('write', directory, error);
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

/** The run that the first line names; undefined where there is none. */
async function runIn(path: string): Promise<string | undefined> {
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const value: unknown = JSON.parse(line);
      const named = typeof value === 'object' && value !== null && 'run' in value ? value.run : undefined;
      return typeof named === 'string' && /^[0-9a-f]{64}$/.test(named) ? named : undefined;
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' && !(error instanceof SyntaxError)) {
      throw fileFailure('read', path, error);
    }
  }
  return undefined;
}
