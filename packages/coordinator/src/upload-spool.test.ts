import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addPackedWords, packedLength, packWords, unpackWords } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { CHUNK_WORDS } from '@tributary/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UploadSpool, type VectorShape } from './upload-spool.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-spool-'));
  path = join(directory, '1-1-0.upload');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const spoolFor = (shape: VectorShape): UploadSpool => new UploadSpool(nodeBackend, path, shape);

function packed(words: Int32Array, bits: number): Uint8Array {
  const bytes = new Uint8Array(packedLength(words.length, bits));
  packWords(words, bits, bytes);
  return bytes;
}

function chunksOf(bytes: Uint8Array, bits: number): Uint8Array[] {
  const size = packedLength(CHUNK_WORDS, bits);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

async function writeAll(spool: UploadSpool, chunks: readonly Uint8Array[]): Promise<void> {
  for (const [sequence, chunk] of chunks.entries())
    expect(await spool.write(sequence, chunk)).toBeUndefined();
}

const ONE_AND_A_BIT: VectorShape = { dimension: CHUNK_WORDS + 3, bits: 21 };
const words = (length: number): Int32Array =>
  Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1));

describe('an upload that arrives', () => {
  it('is a file that only the coordinator can read, and is gone when it is discarded', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const bytes = packed(words(ONE_AND_A_BIT.dimension), 21);
    await writeAll(spool, chunksOf(bytes, 21));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await spool.finish()).toEqual({
      length: bytes.length,
      digest: nodeBackend.sha256(bytes),
      fault: undefined,
    });
    await spool.discard();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('makes no file before its first chunk', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    expect(readdirSync(directory)).toEqual([]);
    await spool.discard();
  });

  it('is refused out of order, and over with it', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = chunksOf(
      packed(words(ONE_AND_A_BIT.dimension), 21),
      21,
    );
    expect(await spool.write(0, first)).toBeUndefined();
    expect(await spool.write(0, first)).toContain('came where chunk 1 of 8 was due');
    expect(await spool.write(1, second)).toBeUndefined();
    expect(await spool.finish()).toMatchObject({ length: 0 });
    await spool.discard();
  });

  it('is refused where a chunk is longer, shorter or behind the end', async () => {
    const long = spoolFor({ dimension: 10, bits: 13 });
    expect(await long.write(0, new Uint8Array(18))).toBe(
      'chunk 0 of 18 bytes came where chunk 0 of 17 was due',
    );
    const short = spoolFor({ dimension: 10, bits: 13 });
    expect(await short.write(0, new Uint8Array(16))).toBe(
      'chunk 0 of 16 bytes came where chunk 0 of 17 was due',
    );
    const whole = spoolFor({ dimension: 10, bits: 13 });
    expect(await whole.write(0, new Uint8Array(17))).toBeUndefined();
    expect(await whole.write(1, Uint8Array.of(1))).toBe('chunk 1 is behind the end of the upload');
    for (const spool of [long, short, whole]) await spool.discard();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is no vector where bits behind its last word are set', async () => {
    const spool = spoolFor({ dimension: 3, bits: 13 });
    await writeAll(spool, [Uint8Array.of(0, 0, 0, 0, 0x80)]);
    expect(await spool.finish()).toMatchObject({
      length: 5,
      fault: 'bits behind the last word are not zero',
    });
    await spool.discard();
  });

  it('takes nothing after its end', async () => {
    const spool = spoolFor({ dimension: 8, bits: 32 });
    await writeAll(spool, [new Uint8Array(32)]);
    await spool.finish();
    expect(await spool.write(1, new Uint8Array(32))).toBeUndefined();
    expect(await spool.finish()).toMatchObject({ length: 0 });
    await spool.discard();
  });
});

describe('an upload that is given up', () => {
  it('while chunks are still being written leaves no file', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const chunks = chunksOf(packed(words(ONE_AND_A_BIT.dimension), 21), 21);
    const writing = chunks.map((chunk, sequence) => spool.write(sequence, chunk));
    const discarding = spool.discard();
    const late = spool.write(2, new Uint8Array(8));
    expect(await Promise.all([...writing, late])).toEqual([undefined, undefined, undefined]);
    await discarding;
    await spool.discard();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('adding an upload', () => {
  it('gives what unpacking and adding gives, for any width and length', async () => {
    const shapes = fc.record({
      bits: fc.integer({ min: 13, max: 32 }),
      dimension: fc.oneof(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: CHUNK_WORDS - 2, max: 3 * CHUNK_WORDS + 9 }),
      ),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ bits, dimension, seed }) => {
        const spool = spoolFor({ dimension, bits });
        const bytes = packed(
          words(dimension).map((word) => word ^ seed),
          bits,
        );
        await writeAll(spool, chunksOf(bytes, bits));
        await spool.finish();
        const sum = Int32Array.from({ length: dimension }, (_, i) => seed - i);
        const wanted = new Int32Array(dimension);
        unpackWords(bytes, bits, wanted);
        wanted.forEach((word, i) => (wanted[i] = word + (sum[i] ?? 0)));
        await spool.addTo(sum);
        expect(Buffer.compare(Buffer.from(sum.buffer), Buffer.from(wanted.buffer))).toBe(0);
        await spool.discard();
      }),
      { numRuns: 40 },
    );
  });

  it('fails where the file was cut behind our back', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    await writeAll(spool, chunksOf(packed(words(ONE_AND_A_BIT.dimension), 21), 21));
    await spool.finish();
    writeFileSync(path, 'cut');
    await expect(spool.addTo(new Int32Array(ONE_AND_A_BIT.dimension))).rejects.toMatchObject({
      code: 'RUN_FAILED',
    });
    await spool.discard();
  });

  it('of nothing adds nothing', async () => {
    const sum = new Int32Array(ONE_AND_A_BIT.dimension);
    await spoolFor(ONE_AND_A_BIT).addTo(sum);
    expect(addPackedWords(new Uint8Array(0), 13, sum)).toBe(true);
    expect(sum.some((word) => word !== 0)).toBe(false);
  });
});
