import { stat } from 'node:fs/promises';
import { DataError } from './data-error.ts';
import type { EvaluationLog } from './evaluation-log.ts';
import { unreadable } from './lines.ts';
import { readDirectory } from './read-directory.ts';
import { readJsonl } from './read-jsonl.ts';

/**
 * Reads an evaluation log: a directory (see `readDirectory`) or one `.jsonl` or `.jsonl.gz` file (see `readJsonl`).
 *
 * @throws DataError that names file, line and field
 */
export async function readEvaluationLog(path: string): Promise<EvaluationLog> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (found.isDirectory()) return await readDirectory(path);
  if (/\.jsonl(?:\.gz)?$/.test(path)) return await readJsonl(path);
  throw new DataError(
    'UNREADABLE_FILE',
    `${path}: neither a directory nor a .jsonl or .jsonl.gz file`,
    'name the directory that holds queries.jsonl.gz, or rename the file',
  );
}
