/**
 * Logs and archives as files, read in one pass. Beside a log stand the vectors of its sums, as far as they were kept: `sums/00001.i32`
 * (opened sum, little-endian 32-bit words), `masked/00001.sum` (integer sum of the masked uploads) and `uploads/00001/<member>.bin`.
 */
import { createReadStream } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ArchivedLine,
  ArchiveLines,
  ArchiveReader,
  archiveStart,
  AuditError,
  isArchive,
  readEntry,
  type RoundVectors,
} from '@tributary/audit';
import { packWords } from '@tributary/crypto';
import { decodeMessage, packedLengthOf, type RoundTerms } from '@tributary/protocol';
import { fileFailure, RuntimeError, systemErrorCode } from '@tributary/runtime';

const LINE_FEED = 10;

async function* pieces(file: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) {
      const { buffer, byteOffset, length } = piece as Buffer;
      yield new Uint8Array(buffer, byteOffset, length);
    }
  } catch (error) {
    throw fileFailure('read', file, error);
  }
}

/** The lines of an archive with their vectors. @throws RuntimeError BAD_FILE */
async function* archivedLines(file: string): AsyncGenerator<ArchivedLine, void, void> {
  const reader = new ArchiveReader();
  const lines = new ArchiveLines();
  try {
    for await (const piece of pieces(file)) {
      for (const record of reader.take(piece)) {
        const line = lines.take(record);
        if (line !== undefined) yield line;
      }
    }
    reader.finish();
  } catch (error) {
    if (!(error instanceof AuditError)) throw error;
    throw new RuntimeError('BAD_FILE', `${file}: ${error.message}`, error.hint, error);
  }
}

/** The lines of a log, with the vectors that stand beside it where they are asked for. @throws RuntimeError BAD_FILE */
async function* logLines(
  file: string,
  { vectors: wanted }: { readonly vectors: boolean },
): AsyncGenerator<ArchivedLine, void, void> {
  const none: RoundVectors = { uploads: new Map() };
  let terms: Terms | undefined;
  for await (const line of plainLines(file)) {
    const named = wanted ? roundIn(line) : undefined;
    if (named !== undefined && 'terms' in named) ({ terms } = named);
    const vectors =
      named !== undefined && 'sum' in named && terms !== undefined
        ? await vectorsOf(file, named.sum, terms)
        : none;
    yield { line, vectors };
  }
}

async function* plainLines(file: string): AsyncGenerator<Uint8Array, void, void> {
  let begun: Uint8Array[] = [];
  for await (const piece of pieces(file)) {
    let from = 0;
    for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, from)) {
      yield Uint8Array.from(Buffer.concat([...begun, piece.subarray(from, end)]));
      begun = [];
      from = end + 1;
    }
    begun.push(piece.slice(from));
  }
  const rest = Uint8Array.from(Buffer.concat(begun));
  if (rest.length > 0) yield rest;
}

type Terms = Pick<RoundTerms, 'dimension' | 'bits'>;

/** The terms that a line announces, or the number of the round whose sum it is. */
function roundIn(line: Uint8Array): { readonly terms: Terms } | { readonly sum: number } | undefined {
  const read = readEntry(line);
  if (!read.ok) return undefined;
  const { entry } = read;
  if (entry.type === 'round') {
    const decoded = decodeMessage(entry.announce);
    return decoded.ok && decoded.message.kind === 'round-announce'
      ? { terms: decoded.message.body.terms }
      : undefined;
  }
  if (entry.type !== 'sum') return undefined;
  const decoded = decodeMessage(entry.result);
  return decoded.ok && decoded.message.kind === 'round-result'
    ? { sum: decoded.message.body.round }
    : undefined;
}

async function vectorsOf(file: string, round: number, terms: Terms): Promise<RoundVectors> {
  const directory = dirname(file);
  const name = String(round).padStart(5, '0');
  const words = await bytesIn(join(directory, 'sums', `${name}.i32`));
  const maskedSum = await bytesIn(join(directory, 'masked', `${name}.sum`));
  const uploads = await uploadsIn(join(directory, 'uploads', name));
  return {
    ...(words === undefined ? {} : { sum: packedSum(words, terms) }),
    ...(maskedSum === undefined ? {} : { maskedSum }),
    uploads,
  };
}

/** Words in a file as their digest covers them; a file of another length gives bytes that no digest covers. */
function packedSum(bytes: Uint8Array, terms: Terms): Uint8Array {
  if (bytes.length !== 4 * terms.dimension) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Int32Array.from({ length: terms.dimension }, (_, i) => view.getInt32(4 * i, true));
  const packed = new Uint8Array(packedLengthOf(terms));
  packWords(words, terms.bits, packed);
  return packed;
}

async function uploadsIn(directory: string): Promise<ReadonlyMap<number, Uint8Array>> {
  const uploads = new Map<number, Uint8Array>();
  for (const name of await namesIn(directory)) {
    const member = /^(\d{1,5})\.bin$/.exec(name)?.[1];
    const bytes = member === undefined ? undefined : await bytesIn(join(directory, name));
    if (member !== undefined && bytes !== undefined) uploads.set(Number(member), bytes);
  }
  return uploads;
}

/** @throws RuntimeError BAD_FILE where the file is there and cannot be read */
async function bytesIn(file: string): Promise<Uint8Array | undefined> {
  return await orNothing(file, undefined, async () => Uint8Array.from(await readFile(file)));
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await orNothing(directory, [], async () => (await readdir(directory)).toSorted());
}

async function orNothing<T>(file: string, nothing: T, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return nothing;
    throw error instanceof RuntimeError ? error : fileFailure('read', file, error);
  }
}

/** @throws RuntimeError BAD_FILE */
async function beginsAsArchive(file: string): Promise<boolean> {
  try {
    const handle = await open(file);
    try {
      const beginning = Buffer.alloc(archiveStart().length);
      const { bytesRead } = await handle.read(beginning);
      return isArchive(new Uint8Array(beginning.subarray(0, bytesRead)));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileFailure('read', file, error);
  }
}

/** The lines of a log, or of an archive, with the vectors that are at hand. @throws RuntimeError BAD_FILE */
export async function* linesWithVectors(file: string): AsyncGenerator<ArchivedLine, void, void> {
  yield* (await beginsAsArchive(file)) ? archivedLines(file) : logLines(file, { vectors: true });
}

/** The lines of a log, or of the log in an archive, without vectors. @throws RuntimeError BAD_FILE */
export async function linesOf(file: string): Promise<Uint8Array[]> {
  const lines: Uint8Array[] = [];
  const archive = await beginsAsArchive(file);
  for await (const { line } of archive ? archivedLines(file) : logLines(file, { vectors: false }))
    lines.push(line);
  return lines;
}
