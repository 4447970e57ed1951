import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEmbeddings, writeEmbeddings } from './embeddings-file.ts';

const SIDECAR = {
  file: 'embeddings.toy.f32',
  rows: 2,
  dims: 3,
  dtype: 'float32',
  endian: 'little',
  encoder: 'a toy',
};
const ROWS = Float32Array.of(0.5, -0.25, 0, 1, 0, 0);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-embeddings-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(sidecar: object, values: Uint8Array = new Uint8Array(ROWS.buffer)): void {
  writeFileSync(join(directory, 'embeddings.toy.json'), JSON.stringify(sidecar));
  writeFileSync(join(directory, 'embeddings.toy.f32'), values);
}

const read = (): ReturnType<typeof readEmbeddings> => readEmbeddings(directory, readdirSync(directory), 2);

describe('embeddings', () => {
  it('are optional', async () => {
    expect(await read()).toBeUndefined();
  });

  it('are little-endian rows beside a sidecar', async () => {
    put(SIDECAR);
    expect(await read()).toEqual({ encoder: 'toy', description: 'a toy', dimensions: 3, rows: ROWS });
  });

  it.each(['float16', 'float32'] as const)('come back from %s as they were written', async (format) => {
    const embeddings = { encoder: 'toy-2', dimensions: 3, rows: ROWS };
    await writeEmbeddings(directory, embeddings, format);
    expect(await read()).toEqual(embeddings);
  });

  it('are refused where the file has another length than rows × dims × bytes', async () => {
    put(SIDECAR, new Uint8Array(23));
    await expect(read()).rejects.toMatchObject({
      code: 'INVALID_EMBEDDINGS',
      message: expect.stringContaining('embeddings.toy.f32: 23 bytes, but 2 rows × 3 × 4 bytes make 24'),
    });
  });

  it('are refused where a value is not finite', async () => {
    put(SIDECAR, new Uint8Array(Float32Array.of(0, 0, 0, 0, Number.NaN, 0).buffer));
    await expect(read()).rejects.toMatchObject({
      code: 'INVALID_EMBEDDINGS',
      message: expect.stringContaining('row 1, column 1 (from 0) is NaN'),
    });
  });

  it.each([
    ['rows of other queries', { rows: 3 }, '"rows" is 3, but there are 2 queries'],
    ['no dimensions', { dims: 0 }, 'field "dims" is "0"'],
    ['dimensions that are no number', { dims: '3' }, 'field "dims" is'],
    ['an unknown type', { dtype: 'bfloat16' }, 'field "dtype" is "\\"bfloat16\\""'],
    ['the other byte order', { endian: 'big' }, 'field "endian" is'],
    ['a file elsewhere', { file: '../secret.f32' }, 'field "file" is'],
  ])('are refused for %s', async (_, change, message) => {
    put({ ...SIDECAR, ...change });
    await expect(read()).rejects.toMatchObject({
      code: 'INVALID_EMBEDDINGS',
      message: expect.stringContaining(message),
    });
  });

  it('are refused where one of the two files is missing', async () => {
    put(SIDECAR);
    rmSync(join(directory, 'embeddings.toy.json'));
    await expect(read()).rejects.toMatchObject({ code: 'MISSING_FILE' });
    put(SIDECAR);
    rmSync(join(directory, 'embeddings.toy.f32'));
    await expect(read()).rejects.toMatchObject({ code: 'MISSING_FILE' });
  });

  it('are refused for two encoders, and for a sidecar that is not JSON', async () => {
    put(SIDECAR);
    writeFileSync(join(directory, 'embeddings.other.json'), '{}');
    await expect(read()).rejects.toMatchObject({ code: 'INVALID_EMBEDDINGS' });
    rmSync(join(directory, 'embeddings.other.json'));
    writeFileSync(join(directory, 'embeddings.toy.json'), '{');
    await expect(read()).rejects.toMatchObject({ code: 'INVALID_JSON' });
  });

  it('are not written under a name that leaves the directory', async () => {
    await expect(
      writeEmbeddings(directory, { encoder: '../x', dimensions: 3, rows: ROWS }, 'float32'),
    ).rejects.toMatchObject({ code: 'INVALID_EMBEDDINGS' });
  });
});
