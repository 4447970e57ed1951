/**
 * One file for an auditor: the lines of a log, and before the line of each sum the vectors that belong to it. It is read in one pass;
 * whoever reads it holds the vectors of one round.
 *
 * After a line of text come records: one byte of kind, four bytes of member, eight bytes of length (big-endian), and so many bytes. The
 * last record is an end without bytes, so that a file that was cut off is known.
 */
import { concatBytes, utf8 } from '@tributary/crypto';
import { AuditError } from './errors.ts';
import type { RoundVectors } from './verify/state.ts';

export type ArchiveRecord =
  | { readonly kind: 'line' | 'sum' | 'masked-sum' | 'end'; readonly bytes: Uint8Array }
  | { readonly kind: 'upload'; readonly member: number; readonly bytes: Uint8Array };

const MAGIC: Uint8Array = utf8('tributary audit archive 1\n');
const KINDS = ['line', 'sum', 'masked-sum', 'upload', 'end'] as const;
const HEADER_BYTES = 13;
/** Far above 7 bytes for each of 2^26 coordinates. */
const MAX_RECORD_BYTES = 2 ** 30;

/** What an archive begins with. */
export function archiveStart(): Uint8Array {
  return MAGIC.slice();
}

/** Whether a file that begins with these bytes is an archive. */
export function isArchive(beginning: Uint8Array): boolean {
  return beginning.length >= MAGIC.length && MAGIC.every((byte, i) => byte === beginning[i]);
}

/** The header of a record; its bytes follow. */
export function recordHeader(record: ArchiveRecord): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint8(0, KINDS.indexOf(record.kind));
  header.setUint32(1, record.kind === 'upload' ? record.member : 0);
  header.setBigUint64(5, BigInt(record.bytes.length));
  return new Uint8Array(header.buffer);
}

interface RecordHeader {
  readonly kind: ArchiveRecord['kind'];
  readonly member: number;
  readonly length: number;
}

/** Cuts a file that comes in pieces of any size into its records. */
export class ArchiveReader {
  #pieces: Uint8Array[] = [];
  #waiting = 0;
  #header: RecordHeader | undefined;
  #begun = false;
  #ended = false;

  /** @throws AuditError BAD_ARCHIVE */
  *take(piece: Uint8Array): Generator<ArchiveRecord, void, void> {
    this.#pieces.push(piece);
    this.#waiting += piece.length;
    for (;;) {
      if (!this.#begun) {
        const start = this.#next(MAGIC.length);
        if (start === undefined) return;
        if (!isArchive(start)) throw badArchive('it does not begin as an archive does');
        this.#begun = true;
      }
      const header = this.#header ?? this.#headerOf(this.#next(HEADER_BYTES));
      if (header === undefined) return;
      this.#header = header;
      const { kind, member, length } = header;
      const bytes = this.#next(length);
      if (bytes === undefined) return;
      this.#header = undefined;
      this.#ended = kind === 'end';
      yield kind === 'upload' ? { kind, member, bytes } : { kind, bytes };
    }
  }

  /** After the last piece. @throws AuditError BAD_ARCHIVE where the file was cut off */
  finish(): void {
    if (!this.#ended) throw badArchive('it ends before its end record');
  }

  #headerOf(bytes: Uint8Array | undefined): RecordHeader | undefined {
    if (bytes === undefined) return undefined;
    if (this.#ended) throw badArchive('something stands behind its end record');
    const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const kind = KINDS[header.getUint8(0)];
    const member = header.getUint32(1);
    const length = header.getBigUint64(5);
    if (kind === undefined || length > MAX_RECORD_BYTES || (kind === 'end' && length > 0)) {
      throw badArchive('a record has no valid header');
    }
    if (kind !== 'upload' && member !== 0) throw badArchive(`a ${kind} names a member`);
    return { kind, member, length: Number(length) };
  }

  /** The next bytes, in memory of their own; undefined where they are not all there. */
  #next(length: number): Uint8Array | undefined {
    if (this.#waiting < length) return undefined;
    const taken: Uint8Array[] = [];
    let due = length;
    while (due > 0) {
      const piece = this.#pieces[0] as Uint8Array;
      taken.push(piece.subarray(0, due));
      if (piece.length <= due) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(due);
      due -= Math.min(due, piece.length);
    }
    this.#waiting -= length;
    return concatBytes(...taken);
  }
}

/** A line with the vectors that stand before it. */
export interface ArchivedLine {
  readonly line: Uint8Array;
  readonly vectors: RoundVectors;
}

/** Puts vectors and lines together again. */
export class ArchiveLines {
  #vectors: { sum?: Uint8Array; maskedSum?: Uint8Array; uploads: Map<number, Uint8Array> } = {
    uploads: new Map(),
  };

  /** @returns the line, where the record is one. @throws AuditError BAD_ARCHIVE where a vector stands twice before one line */
  take(record: ArchiveRecord): ArchivedLine | undefined {
    const { uploads, sum, maskedSum } = this.#vectors;
    const twice =
      (record.kind === 'sum' && sum !== undefined) ||
      (record.kind === 'masked-sum' && maskedSum !== undefined) ||
      (record.kind === 'upload' && uploads.has(record.member));
    if (twice) throw badArchive(`a ${record.kind} stands twice before one line`);
    switch (record.kind) {
      case 'sum':
        this.#vectors.sum = record.bytes;
        return undefined;
      case 'masked-sum':
        this.#vectors.maskedSum = record.bytes;
        return undefined;
      case 'upload':
        uploads.set(record.member, record.bytes);
        return undefined;
      case 'line': {
        const vectors = this.#vectors;
        this.#vectors = { uploads: new Map() };
        return { line: record.bytes, vectors };
      }
      case 'end':
        if (uploads.size > 0 || sum !== undefined || maskedSum !== undefined) {
          throw badArchive('vectors stand behind its last line');
        }
        return undefined;
    }
  }
}

/** The records of one line: its vectors, then itself. */
export function* recordsOf({ line, vectors }: ArchivedLine): Generator<ArchiveRecord, void, void> {
  const { sum, maskedSum, uploads } = vectors;
  if (sum !== undefined) yield { kind: 'sum', bytes: sum };
  if (maskedSum !== undefined) yield { kind: 'masked-sum', bytes: maskedSum };
  for (const [member, bytes] of uploads) yield { kind: 'upload', member, bytes };
  yield { kind: 'line', bytes: line };
}

function badArchive(reason: string): AuditError {
  return new AuditError('BAD_ARCHIVE', `the archive cannot be read: ${reason}`, 'ask for it again');
}
