import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from './data-error.ts';

const CHUNK_BYTES = 256 * 1024;
/** UTF-16 code units; a longer line is refused before it can fill the memory. */
const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * Calls `onLine` with every line of a UTF-8 text file that is not blank, without its end (LF or CRLF), numbered from 1.
 * A name that ends in `.gz` is decompressed on the way; no more than a chunk and a line are held at once.
 *
 * @throws DataError `MISSING_FILE`, `UNREADABLE_FILE`, `CORRUPT_GZIP`, `INVALID_TEXT`, `LINE_TOO_LONG`, and what `onLine` throws
 */
export async function forEachLine(path: string, onLine: (text: string, line: number) => void): Promise<void> {
  let line = 0;
  const split = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const emit = (text: string): void => {
      line++;
      if (text.length > LONGEST_LINE) throw tooLong(path, line);
      const bare = text.endsWith('\r') ? text.slice(0, -1) : text;
      if (bare.trim() !== '') onLine(bare, line);
    };
    let rest = '';
    for await (const chunk of chunks) {
      const text = rest + decode(decoder, path, line, chunk);
      let begin = 0;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', begin)) {
        emit(text.slice(begin, end));
        begin = end + 1;
      }
      rest = text.slice(begin);
      if (rest.length > LONGEST_LINE) throw tooLong(path, line + 1);
    }
    rest += decode(decoder, path, line);
    if (rest !== '') emit(rest);
  };

  try {
    const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    if (path.endsWith('.gz')) await pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), split);
    else await pipeline(file, split);
  } catch (error) {
    throw error instanceof DataError ? error : unreadable(path, error);
  }
}

/** The failure of the file system or of the decompressor as one line about the file; other errors pass unchanged. */
export function unreadable(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ENOENT') {
    return new DataError('MISSING_FILE', `${path}: there is no such file`, 'check the path', {
      cause: error,
    });
  }
  if (code?.startsWith('Z_')) {
    return new DataError(
      'CORRUPT_GZIP',
      `${path}: not a complete gzip file (${code})`,
      'compress it again with gzip, or give the plain file without .gz',
      { cause: error },
    );
  }
  if (code !== undefined && /^E[A-Z]+$/.test(code)) {
    return new DataError(
      'UNREADABLE_FILE',
      `${path}: cannot be read (${code})`,
      'check what it is and who may read it',
      {
        cause: error,
      },
    );
  }
  return error;
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  path: string,
  line: number,
  chunk?: Uint8Array,
): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new DataError(
      'INVALID_TEXT',
      `${path}: not UTF-8 text after line ${line}`,
      'save the file as UTF-8',
      {
        cause: error,
      },
    );
  }
}

function tooLong(path: string, line: number): DataError {
  return new DataError(
    'LINE_TOO_LONG',
    `${path}:${line}: the line is longer than ${LONGEST_LINE} characters`,
    'write one JSON object or one CSV row a line',
  );
}
