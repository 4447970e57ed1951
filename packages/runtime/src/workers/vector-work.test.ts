import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes, packedLength, unpackWords } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { CHUNK_WORDS, type Mask, maskChunks } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedWords, VectorWork } from './vector-work.ts';

const BITS = 21;
/** Three whole pieces for two threads, and a rest. */
const WORDS = 6 * CHUNK_WORDS + 17;

function masks(): Mask[] {
  return ([1, -1, 1] as const).map((sign, i) => ({ key: new Uint8Array(32).fill(i + 1), sign }));
}

/** They take off what `masks` put on. */
function opposite(): Mask[] {
  return masks().map(({ key, sign }) => ({ key, sign: sign === 1 ? -1 : 1 }));
}

function vector(): Int32Array {
  return Int32Array.from({ length: WORDS }, (_, i) => (i * 7919) % 1000);
}

function maskedHere(): Uint8Array[] {
  return [...maskChunks(nodeBackend, masks(), vector(), BITS)];
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const wiped = (all: readonly Mask[]): boolean => all.every(({ key }) => key.every((byte) => byte === 0));

describe('vectors on threads', () => {
  let directory: string;
  let work: VectorWork;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'tributary-vectors-'));
    work = new VectorWork({ threads: 2, largeMasking: 0, largeUpload: 0 });
  });
  afterAll(async () => {
    await work.close();
    rmSync(directory, { recursive: true });
  });

  it('are masked to the same chunks as here, and keys and input are gone afterwards', async () => {
    const keys = masks();
    const input = vector();
    const chunks = await collect(work.mask(keys, input, BITS));
    const expected = maskedHere();
    expect(chunks.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
    expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true);
    expect(wiped(keys)).toBe(true);
    expect(input.every((word) => word === 0)).toBe(true);
  });

  it('lose their mask keys also where the upload is given up', async () => {
    const keys = masks();
    for await (const chunk of work.mask(keys, vector(), BITS)) {
      expect(chunk).toHaveLength(packedLength(CHUNK_WORDS, BITS));
      break;
    }
    expect(wiped(keys)).toBe(true);
  });

  it('get their masks off as here', async () => {
    const packed = concatBytes(...maskedHere());
    const words = sharedWords(WORDS);
    unpackWords(packed, BITS, words);
    const here = Int32Array.from(words);
    const keys = opposite();
    await work.unmask(keys, words);
    await new VectorWork({ threads: 0 }).unmask(opposite(), here);
    expect(Buffer.from(words).equals(Buffer.from(here))).toBe(true);
    expect(words[5]).not.toBe(0);
    expect((words[5] ?? 0) & (2 ** BITS - 1)).toBe((5 * 7919) % 1000);
    expect(wiped(keys)).toBe(true);
  });

  it('are added from a file, and a file with other bytes is found out', async () => {
    const packed = concatBytes(...maskedHere());
    const path = join(directory, 'upload');
    writeFileSync(path, packed);
    const digest = nodeBackend.sha256(packed);
    const into = sharedWords(WORDS);
    expect(await work.addFile({ path, bits: BITS, into, digest })).toBe(true);
    const here = new Int32Array(WORDS);
    unpackWords(packed, BITS, here);
    expect(Buffer.from(into.buffer).equals(Buffer.from(here.buffer))).toBe(true);

    for (const wrong of [
      packed.map((byte, i) => (i === 70_000 ? byte ^ 1 : byte)),
      packed.subarray(0, 100),
    ]) {
      writeFileSync(path, wrong);
      expect(await work.addFile({ path, bits: BITS, into: sharedWords(WORDS), digest })).toBe(false);
    }
    await expect(
      work.addFile({ path: join(directory, 'none'), bits: BITS, into, digest }),
    ).rejects.toMatchObject({ code: 'RUN_FAILED', message: `cannot read blob ${directory}/none: ENOENT` });
  });
});

describe('small vectors', () => {
  it('are masked without a thread', async () => {
    const work = new VectorWork();
    const chunks = await collect(work.mask(masks(), vector(), BITS));
    expect(Buffer.concat(chunks).equals(Buffer.concat(maskedHere()))).toBe(true);
    expect(work.addsFiles(1000)).toBe(false);
    await work.close();
  });
});
