/** The event log as one append-only file with group commit. Format: `log-format.ts`. */
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { nodeRandomBytes } from '@tributary/crypto/node';
import { RuntimeError, systemErrorCode } from '../errors.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { type EventLog, MAX_TRANSACTION_BYTES } from './event-log.ts';
import { type FileSystem, nodeFileSystem, type OpenFile, syncDirectory } from './file-system.ts';
import {
  checkFileHeader,
  encodeFileHeader,
  encodeFrame,
  encodeRecords,
  FILE_HEADER_BYTES,
  SALT_BYTES,
} from './log-format.ts';
import { type Frame, type LogFile, LogReader } from './log-reader.ts';
import { storeFailure } from './store-failure.ts';

/** An append that waits for its turn. */
interface Waiting {
  /** Its records, encoded. */
  readonly payload: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: RuntimeError) => void;
}

export interface FileEventLog extends EventLog {
  /** Bytes of an interrupted, never acknowledged write that this opening has cut off. */
  readonly tornBytes: number;
}

/**
 * Opens or creates the log `events.log`. Cuts a torn tail, makes durable what is left, and writes its epoch.
 * @param lock of the state directory: a log has one opener
 * @throws RuntimeError BAD_FILE where the file is no log, is of another version, or is damaged: the message has the byte;
 *   RUN_FAILED where the disk fails
 */
export async function openFileEventLog(
  lock: DirectoryLock,
  files: FileSystem = nodeFileSystem,
): Promise<FileEventLog> {
  const path = join(lock.path, 'events.log');
  let file: OpenFile | undefined;
  try {
    file = await openOrCreate(path, files);
    // Also where the file was there: whoever created it may have died before this sync.
    await syncDirectory(files, lock.path);
    const header = new Uint8Array(FILE_HEADER_BYTES);
    const read = await file.read(header, 0);
    return await recover({ path, file, seed: checkFileHeader(header.subarray(0, read), path) });
  } catch (error) {
    await file?.close();
    throw storeFailure('open', path, error);
  }
}

async function openOrCreate(path: string, files: FileSystem): Promise<OpenFile> {
  try {
    return await files.open(path, 'r+');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  // Renamed into place, so that a log never has half a header.
  const created = await files.open(`${path}.new`, 'w');
  try {
    await created.write(encodeFileHeader(nodeRandomBytes(SALT_BYTES)), 0);
    await created.fsync();
  } finally {
    await created.close();
  }
  await files.rename(`${path}.new`, path);
  return await files.open(path, 'r+');
}

async function recover(log: LogFile): Promise<FileEventLog> {
  const { file, seed } = log;
  const size = await file.size();
  const reader = new LogReader(log, size);
  let last: Frame | undefined;
  for (let frame = await reader.next(); frame !== undefined; frame = await reader.next()) last = frame;
  const end = reader.position;
  if (end < size) {
    await reader.requireTornTail();
    await file.truncate(end);
  }
  // The last frame may be in the kernel's cache only, and after a failed sync a second one passes without writing it.
  // Written anew it is dirty again, so this sync is a real one. Earlier frames were durable before it was begun.
  if (last !== undefined) {
    await file.write(encodeFrame(seed, last.position, last.epoch, [last.payload]), last.position);
  }
  await file.fsync();
  const epoch = (last?.epoch ?? 0) + 1;
  const mark = encodeFrame(seed, end, epoch, []);
  await file.write(mark, end);
  await file.fdatasync();
  return new GroupCommitLog(log, { epoch, end: end + mark.length, tornBytes: size - end });
}

class GroupCommitLog implements FileEventLog {
  readonly epoch: number;
  readonly tornBytes: number;
  readonly #log: LogFile;
  /** Everything before is durable. */
  #end: number;
  readonly #waiting: Waiting[] = [];
  #committing: Promise<void> | undefined;
  #refusal: RuntimeError | undefined;
  #closed: Promise<void> | undefined;

  constructor(log: LogFile, opening: { epoch: number; end: number; tornBytes: number }) {
    this.#log = log;
    this.#end = opening.end;
    this.epoch = opening.epoch;
    this.tornBytes = opening.tornBytes;
  }

  async append(records: readonly Uint8Array[]): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const payload = encodeRecords(records);
    if (payload.length > MAX_TRANSACTION_BYTES) {
      throw new RuntimeError(
        'BAD_ARGUMENT',
        `a transaction of ${payload.length} bytes exceeds the ${MAX_TRANSACTION_BYTES} of an event log`,
        'keep vectors in the blob store',
      );
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ payload, resolve, reject });
      this.#committing ??= this.#commit();
    });
  }

  async *read(): AsyncGenerator<Uint8Array> {
    yield* new LogReader(this.#log, this.#end).records();
  }

  async close(): Promise<void> {
    this.#refusal ??= new RuntimeError('RUN_FAILED', `event log ${this.#log.path} is closed`);
    this.#closed ??= (this.#committing ?? Promise.resolve()).then(() => this.#log.file.close());
    await this.#closed;
  }

  /** Commits group after group until nobody waits. Never rejects: each append hears of its own fate. */
  async #commit(): Promise<void> {
    // One turn of the event loop before each group: whoever is about to append joins it.
    for (await breathe(); this.#waiting.length > 0; await breathe()) {
      const group = this.#takeGroup();
      try {
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#fail(error, [...group, ...this.#waiting.splice(0)]);
      }
    }
    this.#committing = undefined;
  }

  #takeGroup(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { payload } of this.#waiting) {
      bytes += payload.length;
      if (bytes > MAX_TRANSACTION_BYTES) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const { file, seed } = this.#log;
    const payloads = group.map(({ payload }) => payload);
    const frame = encodeFrame(seed, this.#end, this.epoch, payloads);
    await file.write(frame, this.#end);
    await file.fdatasync();
    this.#end += frame.length;
  }

  /** A failed write or sync is never tried again: the kernel may have dropped the data and say yes the next time. */
  #fail(cause: unknown, waiting: readonly Waiting[]): void {
    const failure = storeFailure('write event log', this.#log.path, cause);
    this.#refusal = failure;
    for (const { reject } of waiting) reject(failure);
  }
}
