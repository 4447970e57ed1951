import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { toHex, utf8 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { fileFailure, readTextFile, RuntimeError, writeTextFile } from '@tributary/runtime';
import type { TrialOutcome } from '../results/measurement.ts';

/** Outcomes of trials on disk, so that an interrupted run goes on where it stopped. */
export interface TrialStore {
  /** What was kept for a trial; undefined where there is nothing, or nothing whole. */
  read(name: string): TrialOutcome | undefined;
  /** @throws RuntimeError `BAD_FILE` */
  write(name: string, outcome: TrialOutcome): Promise<void>;
  /** Forgets the run: the next one measures anew. */
  remove(): void;
}

interface StoredTrial {
  /** SHA-256 of `outcome` as it stands, in hexadecimal: what is not what was written is measured again. */
  readonly digest: string;
  readonly outcome: string;
}

export function openTrialStore(directory: string): TrialStore {
  const path = (name: string): string => join(directory, `${digestOf(name).slice(0, 32)}.json`);
  return {
    read(name) {
      try {
        const stored = JSON.parse(readTextFile(path(name))) as Partial<StoredTrial> | null;
        const outcome = stored?.outcome;
        if (typeof outcome !== 'string' || stored?.digest !== digestOf(outcome)) return undefined;
        return JSON.parse(outcome) as TrialOutcome;
      } catch (error) {
        if (error instanceof RuntimeError || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    async write(name, outcome) {
      try {
        mkdirSync(directory, { recursive: true });
      } catch (error) {
        throw fileFailure('write', directory, error);
      }
      const text = JSON.stringify(outcome);
      const stored: StoredTrial = { digest: digestOf(text), outcome: text };
      await writeTextFile(path(name), JSON.stringify(stored));
    },
    remove() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function digestOf(text: string): string {
  return toHex(nodeBackend.sha256(utf8(text)));
}
