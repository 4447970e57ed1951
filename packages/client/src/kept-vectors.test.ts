import { packedLength, packWords } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { CHUNK_WORDS, type RoundResult } from '@tributary/protocol';
import { type BlobStore, memoryBlobStore } from '@tributary/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { KeptVectors } from './kept-vectors.ts';
import { NO_PROOF } from '../../../test/support/opening-proof.ts';

const FIRST = new Uint8Array(32).fill(1);
const SECOND = new Uint8Array(32).fill(2);
const SHAPE = { dimension: 3, bits: 20 };

let blobs: BlobStore;
let vectors: KeptVectors;
beforeEach(() => {
  blobs = memoryBlobStore();
  vectors = new KeptVectors(nodeBackend, blobs);
});

async function upload(roundContext: Uint8Array, bytes: Uint8Array): Promise<void> {
  const blob = await vectors.beginUpload(roundContext);
  await blob.append(bytes);
  await blob.commit();
}

function packed(words: Int32Array): Uint8Array {
  const bytes = new Uint8Array(packedLength(words.length, SHAPE.bits));
  packWords(words, SHAPE.bits, bytes);
  return bytes;
}

function resultOf(round: number, bytes: Uint8Array): RoundResult {
  return {
    roundContext: FIRST,
    round,
    attempt: 1,
    survivors: [0, 1, 2],
    survivorsDigest: new Uint8Array(32),
    length: bytes.length,
    digest: nodeBackend.sha256(bytes),
    proof: NO_PROOF,
  };
}

describe('an upload that is kept', () => {
  it('comes back in the chunks in which it was sent, and is gone when it is discarded', async () => {
    const bytes = Uint8Array.from({ length: packedLength(CHUNK_WORDS, 20) + 10 }, (_, i) => i);
    await upload(FIRST, bytes);
    const chunks: number[] = [];
    for await (const chunk of (await vectors.upload(FIRST, 20)) ?? []) chunks.push(chunk.length);
    expect(chunks).toEqual([packedLength(CHUNK_WORDS, 20), 10]);
    await vectors.discardUpload(FIRST);
    expect(await vectors.upload(FIRST, 20)).toBeUndefined();
  });

  it('is not there before it is complete', async () => {
    const blob = await vectors.beginUpload(FIRST);
    await blob.append(new Uint8Array(5));
    expect(await vectors.upload(FIRST, 20)).toBeUndefined();
  });
});

describe('a sum that is kept', () => {
  const words = Int32Array.of(1, 2, 3);

  it('comes back under the digest that was signed', async () => {
    await vectors.keepSum(4, packed(words));
    expect(await vectors.sum(resultOf(4, packed(words)), SHAPE)).toEqual(words);
  });

  it.each([
    ['is gone', undefined],
    ['is another', packed(Int32Array.of(1, 2, 4))],
    ['is cut', packed(words).subarray(1)],
  ])('is a damaged state where it %s', async (_, bytes) => {
    if (bytes !== undefined) await blobs.put('sum-00004', bytes);
    await expect(vectors.sum(resultOf(4, packed(words)), SHAPE)).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: 'the state of this client does not hold the sum of round 4 any more',
    });
  });
});

describe('what a crash has left', () => {
  it('is removed, but for the upload of the open round and the sums that were taken', async () => {
    await upload(FIRST, new Uint8Array(3));
    await upload(SECOND, new Uint8Array(3));
    for (const round of [1, 2, 3]) await vectors.keepSum(round, packed(Int32Array.of(round, 0, 0)));
    await vectors.clear(SECOND, 2);
    expect(await blobs.list()).toEqual(['sum-00001', 'sum-00002', `upload-${'02'.repeat(32)}`]);
    await vectors.clear(undefined, 0);
    expect(await blobs.list()).toEqual([]);
  });
});
