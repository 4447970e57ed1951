/** What every adapter of `BlobStore` keeps. Adapters run it from their tests. */
import type { BlobStore } from '@tributary/runtime';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface BlobStoreSubject {
  readonly store: BlobStore;
  dispose(): Promise<void>;
}

export function blobStoreContract(adapter: string, create: () => Promise<BlobStoreSubject>): void {
  describe(`blob store: ${adapter}`, () => {
    let subject: BlobStoreSubject;
    let store: BlobStore;
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);

    beforeEach(async () => {
      subject = await create();
      ({ store } = subject);
    });
    afterEach(() => subject.dispose());

    async function chunksOf(name: string, chunkBytes: number): Promise<Uint8Array[]> {
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.chunks(name, chunkBytes)) chunks.push(Uint8Array.from(chunk));
      return chunks;
    }

    it('gives back what was put, whole or in pieces', async () => {
      await store.put('model', bytes);
      expect(await store.get('model')).toEqual(bytes);
      const pieces = await chunksOf('model', 400);
      expect(pieces.map(({ length }) => length)).toEqual([400, 400, 200]);
      expect(Buffer.concat(pieces)).toEqual(Buffer.from(bytes));
      expect((await chunksOf('model', 500)).map(({ length }) => length)).toEqual([500, 500]);
    });

    it('knows an empty blob from one that is not there', async () => {
      await store.put('empty', new Uint8Array(0));
      expect(await store.get('empty')).toEqual(new Uint8Array(0));
      expect(await chunksOf('empty', 10)).toEqual([]);
      expect(await store.get('absent')).toBeUndefined();
      await expect(chunksOf('absent', 10)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    });

    it('shows a blob that arrives in pieces once it is committed, and not before', async () => {
      await store.put('upload', Uint8Array.of(1));
      const writer = await store.create('upload');
      await writer.append(bytes.subarray(0, 600));
      await writer.append(bytes.subarray(600));
      expect(writer.length).toBe(1000);
      expect(await store.get('upload')).toEqual(Uint8Array.of(1));
      await writer.commit();
      expect(await store.get('upload')).toEqual(bytes);
      await writer.abort();
      expect(await store.get('upload')).toEqual(bytes);
    });

    it('commits what was appended, also where the caller did not wait', async () => {
      const writer = await store.create('upload');
      const appended = [bytes.subarray(0, 10), bytes.subarray(10)].map((piece) => writer.append(piece));
      await writer.commit();
      await Promise.all(appended);
      expect(await store.get('upload')).toEqual(bytes);
    });

    it('forgets a blob that is given up', async () => {
      const writer = await store.create('upload');
      await writer.append(bytes);
      await writer.abort();
      await writer.abort();
      expect(await store.list()).toEqual([]);
      await expect(writer.append(bytes)).rejects.toMatchObject({ code: 'RUN_FAILED' });
      await expect(writer.commit()).rejects.toMatchObject({ code: 'RUN_FAILED' });
      expect(await store.get('upload')).toBeUndefined();
    });

    it('keeps apart two blobs of one name that arrive at once; the last to commit stays', async () => {
      const [first, second] = [await store.create('upload'), await store.create('upload')];
      await first.append(Uint8Array.of(1));
      await second.append(Uint8Array.of(2));
      await second.commit();
      expect(await store.get('upload')).toEqual(Uint8Array.of(2));
      await first.commit();
      expect(await store.get('upload')).toEqual(Uint8Array.of(1));
    });

    it('lists in order, and deletes, also what is not there', async () => {
      for (const name of ['b', 'a.1', 'a-2']) await store.put(name, bytes);
      expect(await store.list()).toEqual(['a-2', 'a.1', 'b']);
      await store.delete('a.1');
      await store.delete('a.1');
      expect(await store.list()).toEqual(['a-2', 'b']);
      expect(await store.get('a.1')).toBeUndefined();
    });

    it('keeps a copy: neither the writer nor a reader can change it later', async () => {
      const mine = bytes.slice();
      await store.put('model', mine);
      mine.fill(0);
      (await store.get('model'))?.fill(0);
      expect(await store.get('model')).toEqual(bytes);
    });

    it.each(['', '.hidden', '../escape', 'a/b', 'UPPER', 'a b', 'nul\0', 'a'.repeat(129)])(
      'refuses the name %j everywhere',
      async (name) => {
        const refusal = { code: 'BAD_ARGUMENT' };
        await expect(store.put(name, bytes)).rejects.toMatchObject(refusal);
        await expect(store.create(name)).rejects.toMatchObject(refusal);
        await expect(store.get(name)).rejects.toMatchObject(refusal);
        await expect(store.delete(name)).rejects.toMatchObject(refusal);
        await expect(chunksOf(name, 1)).rejects.toMatchObject(refusal);
      },
    );

    it.each([0, -1, 1.5, Number.NaN])('refuses chunks of %d bytes', async (chunkBytes) => {
      await store.put('model', bytes);
      await expect(chunksOf('model', chunkBytes)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    });

    it('does not care how a blob is cut on its way in and out', async () => {
      const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 });
      const property = fc.asyncProperty(
        pieces,
        fc.integer({ min: 1, max: 60 }),
        async (parts, chunkBytes) => {
          const writer = await store.create('cut');
          for (const part of parts) await writer.append(part);
          await writer.commit();
          const whole = Buffer.concat(parts);
          expect(Buffer.from((await store.get('cut')) ?? [])).toEqual(whole);
          expect(Buffer.concat(await chunksOf('cut', chunkBytes))).toEqual(whole);
        },
      );
      await fc.assert(property, { numRuns: 30 });
    });
  });
}
