/** The file under an audit log: lines are appended durably, and read back in pieces of any size. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { appendDurably, fileFailure, systemErrorCode } from '@tributary/runtime';

export interface AuditFile {
  /** For people. */
  readonly path: string;
  /** Nothing where there is no file. */
  readonly pieces: () => AsyncIterable<Uint8Array>;
  /** Cuts off what stands behind the first `length` bytes. */
  readonly cut: (length: number) => Promise<void>;
  /** Resolves once the text is durable. A crash before may leave a part of it. */
  readonly append: (text: string) => Promise<void>;
}

/** Rejects with RuntimeError BAD_FILE. */
export function auditFile(path: string): AuditFile {
  return {
    path,
    async *pieces() {
      try {
        for await (const piece of createReadStream(path)) yield piece as Buffer;
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT') throw fileFailure('read', path, error);
      }
    },
    async cut(length) {
      try {
        const file = await open(path, 'r+');
        try {
          await file.truncate(length);
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (error) {
        throw fileFailure('write', path, error);
      }
    },
    async append(text) {
      try {
        await appendDurably(path, text);
      } catch (error) {
        throw fileFailure('write', path, error);
      }
    },
  };
}
