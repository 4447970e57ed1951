/** Blobs as files of one directory. A blob is written under a passing name, synced, and renamed into place. */
import { join } from 'node:path';
import { RuntimeError, systemErrorCode } from '../errors.ts';
import { type BlobStore, type BlobWriter, checkBlobName, checkChunkBytes } from './blob-store.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { type FileSystem, nodeFileSystem, type OpenFile, syncDirectory } from './file-system.ts';
import { ensurePrivateDirectory } from './private-directory.ts';
import { storeFailure } from './store-failure.ts';

/** No name of a blob starts with a dot. */
const PARTIAL = '.partial-';

/**
 * Opens the store in `blobs/`, and removes what an earlier process left unfinished.
 * @param lock of the state directory
 * @throws RuntimeError RUN_FAILED, INSECURE
 */
export async function openFileBlobStore(
  lock: DirectoryLock,
  files: FileSystem = nodeFileSystem,
): Promise<BlobStore> {
  const directory = join(lock.path, 'blobs');
  ensurePrivateDirectory(directory);
  try {
    for (const name of await files.list(directory)) {
      if (name.startsWith(PARTIAL)) await files.remove(join(directory, name));
    }
    // Whoever made a blob visible may have died before it was durably so.
    await syncDirectory(files, directory);
  } catch (error) {
    throw storeFailure('open blob store', directory, error);
  }
  return new FileBlobStore(directory, files);
}

class FileBlobStore implements BlobStore {
  readonly #directory: string;
  readonly #files: FileSystem;
  #created = 0;

  constructor(directory: string, files: FileSystem) {
    this.#directory = directory;
    this.#files = files;
  }

  async create(name: string): Promise<BlobWriter> {
    const path = this.#pathOf(name);
    const partial = join(this.#directory, `${PARTIAL}${this.#created++}`);
    try {
      const file = await this.#files.open(partial, 'w');
      return new FileBlobWriter(file, path, {
        publish: async () => {
          await this.#files.rename(partial, path);
          await syncDirectory(this.#files, this.#directory);
        },
        discard: () => this.#files.remove(partial),
      });
    } catch (error) {
      throw storeFailure('write blob', path, error);
    }
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const writer = await this.create(name);
    try {
      await writer.append(bytes);
      await writer.commit();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const file = await this.#open(name);
    if (file === undefined) return undefined;
    try {
      const bytes = new Uint8Array(await file.size());
      return bytes.subarray(0, await file.read(bytes, 0));
    } catch (error) {
      throw storeFailure('read blob', this.#pathOf(name), error);
    } finally {
      await file.close();
    }
  }

  async *chunks(name: string, chunkBytes: number): AsyncGenerator<Uint8Array> {
    checkChunkBytes(chunkBytes);
    const file = await this.#open(name);
    if (file === undefined) throw new RuntimeError('RUN_FAILED', `there is no blob ${this.#pathOf(name)}`);
    try {
      for (let position = 0, read = chunkBytes; read === chunkBytes; position += read) {
        const chunk = new Uint8Array(chunkBytes);
        read = await file.read(chunk, position);
        if (read > 0) yield chunk.subarray(0, read);
      }
    } catch (error) {
      throw storeFailure('read blob', this.#pathOf(name), error);
    } finally {
      await file.close();
    }
  }

  fileOf(name: string): string {
    return this.#pathOf(name);
  }

  async delete(name: string): Promise<void> {
    const path = this.#pathOf(name);
    try {
      await this.#files.remove(path);
      await syncDirectory(this.#files, this.#directory);
    } catch (error) {
      throw storeFailure('delete blob', path, error);
    }
  }

  async list(): Promise<readonly string[]> {
    try {
      const names = await this.#files.list(this.#directory);
      return names.filter((name) => !name.startsWith('.')).toSorted();
    } catch (error) {
      throw storeFailure('list blobs in', this.#directory, error);
    }
  }

  async #open(name: string): Promise<OpenFile | undefined> {
    const path = this.#pathOf(name);
    try {
      return await this.#files.open(path, 'r');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw storeFailure('read blob', path, error);
    }
  }

  #pathOf(name: string): string {
    checkBlobName(name);
    return join(this.#directory, name);
  }
}

/** What becomes of the file that a writer has filled. */
interface BlobEnding {
  publish(): Promise<void>;
  discard(): Promise<void>;
}

class FileBlobWriter implements BlobWriter {
  readonly #file: OpenFile;
  readonly #path: string;
  readonly #ending: BlobEnding;
  #length = 0;
  #over = false;
  #committed = false;
  /** The last operation asked for; a failure here fails all that follow. */
  #last: Promise<void> = Promise.resolve();

  constructor(file: OpenFile, path: string, ending: BlobEnding) {
    this.#file = file;
    this.#path = path;
    this.#ending = ending;
  }

  get length(): number {
    return this.#length;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const position = this.#length;
    this.#length += bytes.length;
    await this.#inTurn(() => this.#file.write(bytes, position));
  }

  async commit(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#file.fsync();
      this.#over = true;
      await this.#file.close();
      await this.#ending.publish();
      this.#committed = true;
    });
  }

  async abort(): Promise<void> {
    await this.#last.catch(() => undefined);
    if (!this.#over) await this.#file.close();
    this.#over = true;
    if (!this.#committed) await this.#ending.discard();
  }

  async #inTurn(operation: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (this.#over) throw new RuntimeError('RUN_FAILED', `blob ${this.#path} has ended and takes no more`);
      try {
        await operation();
      } catch (error) {
        throw storeFailure('write blob', this.#path, error);
      }
    });
    await this.#last;
  }
}
