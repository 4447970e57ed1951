/**
 * State of the runs that a process takes part in: a state directory for each, named by the run, under one lock. A run
 * that is over is closed: its secrets and vectors are removed, and its journal stays under another name, so that
 * nobody brings the process to begin the run anew and to do again what is done once.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '@tributary/crypto';
import { lockDirectory } from '../stores/directory-lock.ts';
import { syncDirectorySync } from '../stores/private-directory.ts';
import { openStateDirectory, type StateDirectory } from '../stores/state-directory.ts';
import { storeFailure } from '../stores/store-failure.ts';

export interface RunStates {
  readonly path: string;
  /** Runs whose state is open, by their ids, in ascending order. */
  open(): readonly Uint8Array[];
  isClosed(run: Uint8Array): boolean;
  /** The state of a run, made where there is none. Closed by `close`, or by its own `close` to go on another time. */
  use(run: Uint8Array): Promise<StateDirectory>;
  /** Forgets secrets and vectors of a run that `use` gave, closes its state and never opens it again. */
  close(run: Uint8Array, state: StateDirectory): Promise<void>;
  /** Removes what is left of closed runs. */
  removeClosed(): void;
  /** Lets another process in. */
  release(): void;
}

const OPEN = /^[0-9a-f]{64}$/;
const CLOSED = '.closed';

/**
 * @throws RuntimeError BAD_CONFIG where another process has the directory open; INSECURE where it is open to others;
 *   RUN_FAILED where the disk fails
 */
export function openRunStates(path: string): RunStates {
  const lock = lockDirectory(path);
  const at = (run: Uint8Array): string => join(path, toHex(run));

  return {
    path,
    open() {
      const names = readdirSync(path).filter((name) => OPEN.test(name));
      return names.toSorted().flatMap((name) => fromHex(name) ?? []);
    },
    isClosed: (run) => existsSync(at(run) + CLOSED),
    use: (run) => openStateDirectory(at(run)),
    async close(run, state) {
      for (const batchContext of state.secrets.batchContexts()) state.secrets.forget(batchContext);
      for (const name of await state.blobs.list()) await state.blobs.delete(name);
      await state.close();
      try {
        renameSync(at(run), at(run) + CLOSED);
        syncDirectorySync(path);
      } catch (error) {
        throw storeFailure('close', at(run), error);
      }
    },
    removeClosed() {
      try {
        for (const name of readdirSync(path)) {
          if (name.endsWith(CLOSED)) rmSync(join(path, name), { recursive: true, force: true });
        }
      } catch (error) {
        throw storeFailure('clear', path, error);
      }
    },
    release: () => lock.release(),
  };
}
