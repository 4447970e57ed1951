import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError, quoted } from './data-error.ts';
import type { Embeddings } from './evaluation-log.ts';
import { optionalName, parseJsonObject } from './fields.ts';
import { decodeFloat16, encodeFloat16 } from './half-float.ts';
import { unreadable } from './lines.ts';

/** `embeddings.<label>.json` says what `embeddings.<label>.f16` or `.f32` beside it holds. */
const SIDECAR = /^embeddings\.([A-Za-z0-9_-]+)\.json$/;
const VALUES = /^embeddings\..*\.(?:f16|f32)$/;

const FORMATS = {
  float16: { extension: 'f16', bytes: 2 },
  float32: { extension: 'f32', bytes: 4 },
} as const;

export type EmbeddingFormat = keyof typeof FORMATS;

/**
 * Reads the embeddings of a directory: little-endian, row-major, row i for line i of the queries.
 *
 * @param names the files of the directory
 * @param queries how many rows there must be
 * @returns undefined where the directory has none
 * @throws DataError `INVALID_EMBEDDINGS`, `MISSING_FILE`, `UNREADABLE_FILE`, `INVALID_JSON`, `INVALID_FIELD`
 */
export async function readEmbeddings(
  directory: string,
  names: readonly string[],
  queries: number,
): Promise<Embeddings | undefined> {
  const sidecars = names.filter((name) => SIDECAR.test(name));
  const [sidecar] = sidecars;
  if (sidecar === undefined) {
    const values = names.find((name) => VALUES.test(name));
    if (values === undefined) return undefined;
    const missing = values.replace(/\.(?:f16|f32)$/, '.json');
    throw new DataError(
      'MISSING_FILE',
      `${join(directory, missing)}: there is no such file, but ${quoted(values)}`,
      'add the sidecar file with rows, dims and dtype',
    );
  }
  if (sidecars.length > 1) {
    throw new DataError(
      'INVALID_EMBEDDINGS',
      `${directory}: embeddings of ${sidecars.length} encoders: ${sidecars.map(quoted).join(', ')}`,
      'keep those of the run’s encoder in the directory',
    );
  }
  const path = join(directory, sidecar);
  const { format, rows, dimensions, description } = await readSidecar(path);
  if (rows !== queries) {
    throw new DataError(
      'INVALID_EMBEDDINGS',
      `${path}: field "rows" is ${rows}, but there are ${queries} queries`,
      'embed every query, in the order of the queries file',
    );
  }
  const file = path.replace(/json$/, FORMATS[format].extension);
  const bytes = await readExactly(
    file,
    rows * dimensions * FORMATS[format].bytes,
    `${rows} rows × ${dimensions} × ${FORMATS[format].bytes}`,
  );
  const values = format === 'float16' ? decodeFloat16(bytes) : decodeFloat32(bytes);
  requireFinite(values, dimensions, file);
  return {
    encoder: labelOf(sidecar),
    ...(description === undefined ? {} : { description }),
    dimensions,
    rows: values,
  };
}

/**
 * Writes `embeddings.<encoder>.f16` or `.f32` and its sidecar.
 *
 * @throws DataError `INVALID_EMBEDDINGS` where the encoder's name cannot be part of a file name
 */
export async function writeEmbeddings(
  directory: string,
  embeddings: Embeddings,
  format: EmbeddingFormat,
): Promise<void> {
  const { encoder, dimensions, rows } = embeddings;
  const { extension } = FORMATS[format];
  const sidecar = `embeddings.${encoder}.json`;
  if (!SIDECAR.test(sidecar)) {
    throw new DataError(
      'INVALID_EMBEDDINGS',
      `encoder ${quoted(encoder)} cannot name a file`,
      'use letters, digits, "-" and "_" only',
    );
  }
  const file = `embeddings.${encoder}.${extension}`;
  await writeFile(join(directory, file), format === 'float16' ? encodeFloat16(rows) : encodeFloat32(rows));
  const description = {
    file,
    rows: rows.length / dimensions,
    dims: dimensions,
    dtype: format,
    endian: 'little',
    order: 'row i = line i of the queries',
    ...(embeddings.description === undefined ? {} : { encoder: embeddings.description }),
  };
  await writeFile(join(directory, sidecar), `${JSON.stringify(description, undefined, 1)}\n`);
}

interface Sidecar {
  readonly format: EmbeddingFormat;
  readonly rows: number;
  readonly dimensions: number;
  readonly description: string | undefined;
}

async function readSidecar(path: string): Promise<Sidecar> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const object = parseJsonObject(text, path);
  const format = object['dtype'];
  if (format !== 'float16' && format !== 'float32')
    throw invalidField(path, 'dtype', format, '"float16" or "float32"');
  const endian = object['endian'] ?? 'little';
  if (endian !== 'little') throw invalidField(path, 'endian', endian, '"little"');
  const file = object['file'] ?? `embeddings.${labelOf(basename(path))}.${FORMATS[format].extension}`;
  if (file !== `embeddings.${labelOf(basename(path))}.${FORMATS[format].extension}`) {
    throw invalidField(path, 'file', file, `the file beside it that ends in .${FORMATS[format].extension}`);
  }
  return {
    format,
    rows: positiveInteger(object, 'rows', path),
    dimensions: positiveInteger(object, 'dims', path),
    description: optionalName(object, 'encoder', path),
  };
}

function positiveInteger(object: Readonly<Record<string, unknown>>, field: string, path: string): number {
  const value = object[field];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw invalidField(path, field, value, 'a whole number above 0');
}

function invalidField(path: string, field: string, value: unknown, wanted: string): DataError {
  return new DataError(
    'INVALID_EMBEDDINGS',
    `${path}: field ${quoted(field)} is ${value === undefined ? 'missing' : quoted(JSON.stringify(value))}`,
    `make it ${wanted}`,
  );
}

async function readExactly(path: string, length: number, shape: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size === length) return await readFile(path);
    throw new DataError(
      'INVALID_EMBEDDINGS',
      `${path}: ${size} bytes, but ${shape} bytes make ${length}`,
      'write the embeddings again, or mend rows, dims and dtype in the .json beside it',
    );
  } catch (error) {
    throw unreadable(path, error);
  }
}

function requireFinite(values: Float32Array, dimensions: number, path: string): void {
  let index = 0;
  while (index < values.length && Number.isFinite(values[index])) index++;
  if (index === values.length) return;
  throw new DataError(
    'INVALID_EMBEDDINGS',
    `${path}: row ${Math.floor(index / dimensions)}, column ${index % dimensions} (from 0) is ${values[index]}`,
    'embed that query again: every value must be finite',
  );
}

function labelOf(sidecar: string): string {
  return SIDECAR.exec(sidecar)?.[1] ?? sidecar;
}

function decodeFloat32(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.length / 4);
  for (let index = 0; index < values.length; index++) values[index] = view.getFloat32(4 * index, true);
  return values;
}

function encodeFloat32(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < values.length; index++) view.setFloat32(4 * index, values[index]!, true);
  return bytes;
}
