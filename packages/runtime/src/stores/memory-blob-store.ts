/** Blobs in memory, for tests and for members that need not survive a restart. */
import { concatBytes } from '@tributary/crypto';
import { RuntimeError } from '../errors.ts';
import { type BlobStore, type BlobWriter, checkBlobName, checkChunkBytes } from './blob-store.ts';

export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, Uint8Array>();

  function find(name: string): Uint8Array | undefined {
    checkBlobName(name);
    return blobs.get(name);
  }

  return {
    async create(name) {
      checkBlobName(name);
      return writerInto((bytes) => void blobs.set(name, bytes));
    },
    async put(name, bytes) {
      checkBlobName(name);
      blobs.set(name, bytes.slice());
    },
    get: async (name) => find(name)?.slice(),
    async *chunks(name, chunkBytes) {
      checkChunkBytes(chunkBytes);
      const blob = find(name);
      if (blob === undefined) throw new RuntimeError('RUN_FAILED', `there is no blob ${name}`);
      for (let at = 0; at < blob.length; at += chunkBytes) yield blob.slice(at, at + chunkBytes);
    },
    fileOf: () => undefined,
    async delete(name) {
      checkBlobName(name);
      blobs.delete(name);
    },
    list: async () => [...blobs.keys()].toSorted(),
  };
}

function writerInto(publish: (bytes: Uint8Array) => void): BlobWriter {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let over = false;
  function requireOpen(): void {
    if (over) throw new RuntimeError('RUN_FAILED', 'the blob has ended and takes no more');
  }
  return {
    get length() {
      return length;
    },
    async append(bytes) {
      requireOpen();
      pieces.push(bytes.slice());
      length += bytes.length;
    },
    async commit() {
      requireOpen();
      over = true;
      publish(concatBytes(...pieces));
    },
    abort: async () => void (over = true),
  };
}
