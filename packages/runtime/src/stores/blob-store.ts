import { RuntimeError } from '../errors.ts';

/**
 * Large values beside the event log: spooled uploads, models. A blob is there whole or not at all. What a blob should hold is for the
 * caller to check, by a digest in its name or in the event log.
 */
export interface BlobStore {
  /** Begins a blob that arrives in pieces. Nothing is seen under its name before `commit`. */
  create(name: string): Promise<BlobWriter>;

  /** Stores the blob, in place of any of the same name, and resolves once it is durable. */
  put(name: string, bytes: Uint8Array): Promise<void>;

  /** The whole blob, or undefined where there is none of that name. */
  get(name: string): Promise<Uint8Array | undefined>;

  /**
   * The blob in pieces of `chunkBytes`, the last one shorter, so that it need not fit into memory.
   * @param chunkBytes 1 or more
   * @throws RuntimeError RUN_FAILED where there is no blob of that name
   */
  chunks(name: string, chunkBytes: number): AsyncIterable<Uint8Array>;

  /** The file that holds the blob of that name, where another thread may read it; undefined for a store that has no files. */
  fileOf(name: string): string | undefined;

  /** Removes the blob and resolves once that is durable. A blob that is not there is no error. */
  delete(name: string): Promise<void>;

  /** Names of all blobs, sorted. */
  list(): Promise<readonly string[]>;
}

/** A blob on its way in. Ends by `commit` or `abort`; a death before leaves no trace. */
export interface BlobWriter {
  /** Bytes taken so far. */
  readonly length: number;

  /** @param bytes must not change until this resolves */
  append(bytes: Uint8Array): Promise<void>;

  /** Makes the blob durable and visible, in place of any of the same name. */
  commit(): Promise<void>;

  /** Gives the blob up. After `commit` or `abort` it does nothing. */
  abort(): Promise<void>;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;

/** @throws RuntimeError BAD_ARGUMENT unless the name is safe as a file's name everywhere */
export function checkBlobName(name: string): void {
  if (!NAME.test(name)) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `${JSON.stringify(name)} is no name for a blob`,
      '1..128 lower-case letters, digits, dots, dashes and underscores, a letter or digit first',
    );
  }
}

/** @throws RuntimeError BAD_ARGUMENT */
export function checkChunkBytes(chunkBytes: number): void {
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes < 1) {
    throw new RuntimeError('BAD_ARGUMENT', `a chunk of ${chunkBytes} bytes: 1 or more expected`);
  }
}
