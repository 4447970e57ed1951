import { packedLength, packWords, unpackWords } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { CHUNK_WORDS } from '@tributary/protocol';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type BlobStore, memoryBlobStore, VectorWork } from '@tributary/runtime';
import { UploadSpool, uploadName, type VectorShape } from './upload-spool.ts';

const name = uploadName(new Uint8Array(32).fill(0xab), 7);
const here = new VectorWork({ threads: 0 });
let blobs: BlobStore;
beforeEach(() => {
  blobs = memoryBlobStore();
});

const spoolFor = (shape: VectorShape): UploadSpool => new UploadSpool(nodeBackend, blobs, name, shape);

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

/** Finishes an upload whose member signed what it sent. */
async function finish(spool: UploadSpool, bytes: Uint8Array): ReturnType<UploadSpool['finish']> {
  return await spool.finish(nodeBackend.sha256(bytes));
}

const ONE_AND_A_BIT: VectorShape = { dimension: CHUNK_WORDS + 3, bits: 21 };
const words = (length: number): Int32Array =>
  Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1));

describe('an upload that arrives', () => {
  it('is a blob once it is whole, and is gone when it is discarded', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const bytes = packed(words(ONE_AND_A_BIT.dimension), 21);
    await writeAll(spool, chunksOf(bytes, 21));
    expect(await blobs.list()).toEqual([]);
    expect(await finish(spool, bytes)).toEqual({
      length: bytes.length,
      digest: nodeBackend.sha256(bytes),
      fault: undefined,
    });
    expect(await blobs.get(`upload-${'ab'.repeat(32)}-7`)).toEqual(bytes);
    await spool.discard();
    expect(await blobs.list()).toEqual([]);
  });

  it('is kept only where it is what its member signed', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const bytes = packed(words(ONE_AND_A_BIT.dimension), 21);
    await writeAll(spool, chunksOf(bytes, 21));
    expect(await spool.finish(new Uint8Array(32))).toMatchObject({ digest: nodeBackend.sha256(bytes) });
    expect(await blobs.list()).toEqual([]);
    await spool.discard();
  });

  it('begins anew with its first chunk, for a member that came back', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const lost = packed(new Int32Array(ONE_AND_A_BIT.dimension), 21);
    const bytes = packed(words(ONE_AND_A_BIT.dimension), 21);
    await writeAll(spool, chunksOf(lost, 21));
    await writeAll(spool, chunksOf(bytes, 21));
    expect(await finish(spool, bytes)).toMatchObject({ digest: nodeBackend.sha256(bytes) });
    expect(await blobs.get(name)).toEqual(bytes);
  });

  it('stays where the process stops, if it is whole', async () => {
    const whole = spoolFor({ dimension: 8, bits: 32 });
    await writeAll(whole, [new Uint8Array(32)]);
    await finish(whole, new Uint8Array(32));
    await whole.suspend();
    expect(await blobs.list()).toEqual([name]);
    await blobs.delete(name);
    const partial = spoolFor(ONE_AND_A_BIT);
    await writeAll(partial, chunksOf(packed(words(ONE_AND_A_BIT.dimension), 21), 21).slice(0, 1));
    await partial.suspend();
    expect(await blobs.list()).toEqual([]);
  });

  it('is refused out of order, and over with it', async () => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = chunksOf(
      packed(words(ONE_AND_A_BIT.dimension), 21),
      21,
    );
    expect(await spool.write(0, first)).toBeUndefined();
    expect(await spool.write(2, first)).toContain('came where chunk 1 of 8 was due');
    expect(await spool.write(1, second)).toBeUndefined();
    expect(await finish(spool, new Uint8Array(0))).toMatchObject({ length: 0 });
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
    expect(await blobs.list()).toEqual([]);
  });

  it('is no vector where bits behind its last word are set', async () => {
    const spool = spoolFor({ dimension: 3, bits: 13 });
    await writeAll(spool, [Uint8Array.of(0, 0, 0, 0, 0x80)]);
    expect(await finish(spool, new Uint8Array(0))).toMatchObject({
      length: 5,
      fault: 'bits behind the last word are not zero',
    });
    await spool.discard();
  });

  it('takes nothing after its end', async () => {
    const spool = spoolFor({ dimension: 8, bits: 32 });
    await writeAll(spool, [new Uint8Array(32)]);
    await finish(spool, new Uint8Array(32));
    expect(await spool.write(1, new Uint8Array(32))).toBeUndefined();
    expect(await finish(spool, new Uint8Array(0))).toMatchObject({ length: 0 });
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
    expect(await blobs.list()).toEqual([]);
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
        await finish(spool, bytes);
        const sum = Int32Array.from({ length: dimension }, (_, i) => seed - i);
        const unpacked = new Int32Array(dimension);
        unpackWords(bytes, bits, unpacked);
        const wanted = sum.map((word, i) => word + (unpacked[i] ?? 0));
        await spool.addTo(sum, here);
        expect(Buffer.compare(Buffer.from(sum.buffer), Buffer.from(wanted.buffer))).toBe(0);
        await spool.discard();
      }),
      { numRuns: 40 },
    );
  });

  it('is the same after a restart', async () => {
    const bytes = packed(words(ONE_AND_A_BIT.dimension), 21);
    const before = spoolFor(ONE_AND_A_BIT);
    await writeAll(before, chunksOf(bytes, 21));
    await finish(before, bytes);
    const after = spoolFor(ONE_AND_A_BIT);
    after.finished(nodeBackend.sha256(bytes));
    const [sum, wanted] = [new Int32Array(ONE_AND_A_BIT.dimension), new Int32Array(ONE_AND_A_BIT.dimension)];
    await before.addTo(wanted, here);
    await after.addTo(sum, here);
    expect(sum).toEqual(wanted);
    expect(await after.write(0, bytes)).toBeUndefined();
    await after.discard();
    expect(await blobs.list()).toEqual([]);
  });

  it.each(['cut', 'of another upload'])('fails where the blob is %s', async (fault) => {
    const spool = spoolFor(ONE_AND_A_BIT);
    const bytes = packed(words(ONE_AND_A_BIT.dimension), 21);
    await writeAll(spool, chunksOf(bytes, 21));
    await finish(spool, bytes);
    await blobs.put(name, fault === 'cut' ? bytes.subarray(0, 100) : bytes.map((byte) => byte ^ 1));
    await expect(spool.addTo(new Int32Array(ONE_AND_A_BIT.dimension), here)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: `blob ${name} does not hold the upload that was received`,
    });
    await spool.discard();
  });
});
