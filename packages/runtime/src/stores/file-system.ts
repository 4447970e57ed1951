/** The few operations on files that durable stores stand on: narrow, so that tests can count syncs and make them fail. */
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';

export interface OpenFile {
  /** Fills `into` from `position` on. @returns bytes read, fewer only at the end of the file */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  /** Content, and as much of the metadata as reading it back needs. */
  fdatasync(): Promise<void>;
  fsync(): Promise<void>;
  close(): Promise<void>;
}

/** Rejects with Node's system errors. */
export interface FileSystem {
  /** `r` reads, `r+` reads and writes what exists, `w` starts an empty file of mode 0600. */
  open(path: string, flags: 'r' | 'r+' | 'w'): Promise<OpenFile>;
  /** In one step, in place of a file that has the new name. */
  rename(from: string, to: string): Promise<void>;
  /** A file that is not there is no error. */
  remove(path: string): Promise<void>;
  /** Names in a directory. */
  list(path: string): Promise<string[]>;
}

export const nodeFileSystem: FileSystem = {
  open: async (path, flags) => new NodeFile(await open(path, flags, 0o600)),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  list: (path) => readdir(path),
};

/** A file that was created, renamed or removed is durably so only once its directory is synced. */
export async function syncDirectory(files: FileSystem, path: string): Promise<void> {
  const directory = await files.open(path, 'r');
  try {
    await directory.fsync();
  } finally {
    await directory.close();
  }
}

class NodeFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async fdatasync(): Promise<void> {
    await this.#handle.datasync();
  }

  async fsync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
