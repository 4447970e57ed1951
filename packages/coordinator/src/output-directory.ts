/** The operator's output directory: one coordinator at a time writes there. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileFailure, openRunStates, type RunStates } from '@tributary/runtime';

/**
 * Makes the directory where it is not there, and claims it for this process. What the coordinator needs to go on after a restart is in
 * `state/`, which only its owner can read.
 * @throws RuntimeError BAD_CONFIG where another coordinator runs in it, INSECURE where others can read its state, BAD_FILE
 */
export function claimOutput(directory: string): RunStates {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw fileFailure('write', directory, error);
  }
  return openRunStates(join(directory, 'state'));
}
