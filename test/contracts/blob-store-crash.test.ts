/** The file blobs on a disk that fails: under a name there is the old blob or the new one, whole. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlobStore, openFileBlobStore } from '@tributary/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PowerCut, SimulatedDisk, systemError } from './simulated-disk.ts';

const OLD = new Uint8Array(100).fill(1);
const NEW = new Uint8Array(300).fill(2);

describe('blob store in a crash', () => {
  let path: string;
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'tributary-blobs-'));
  });
  afterAll(() => rmSync(path, { recursive: true }));

  const open = (disk: SimulatedDisk): Promise<BlobStore> =>
    openFileBlobStore({ path, release: () => undefined }, disk);

  it.each(['the power goes', 'the operation fails'])(
    'whichever operation it is with which %s',
    async (how) => {
      for (let failsAt = 0; failsAt < 6; failsAt++) {
        for (const survives of [true, false]) {
          const disk = new SimulatedDisk();
          const store = await open(disk);
          await store.put('model', OLD);
          let left = failsAt;
          disk.before = () => {
            if (left-- <= 0) throw how === 'the power goes' ? new PowerCut() : systemError('ENOSPC');
          };
          const outcome = await store.put('model', NEW).then(
            () => 'stored',
            (error: { code: string }) => error.code,
          );
          disk.before = () => undefined;
          disk.losePower(() => survives);

          const found = await (await open(disk)).get('model');
          expect(outcome === 'stored' ? [NEW] : [OLD, NEW]).toContainEqual(found);
          // Four operations make a blob: write, sync, rename, sync of the directory.
          expect(outcome).toBe(failsAt < 4 ? 'RUN_FAILED' : 'stored');
        }
      }
    },
  );

  it('leaves nothing of a blob that could not be written, or that nobody finished', async () => {
    const disk = new SimulatedDisk();
    const store = await open(disk);
    disk.before = (operation) => {
      if (operation === 'write') throw systemError('ENOSPC');
    };
    await expect(store.put('upload', NEW)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: `cannot write blob ${join(path, 'blobs', 'upload')}: ENOSPC`,
    });
    disk.before = () => undefined;
    expect(await disk.list(join(path, 'blobs'))).toEqual([]);

    await (await store.create('upload')).append(NEW);
    expect(await store.list()).toEqual([]);
    expect(await disk.list(join(path, 'blobs'))).toHaveLength(1);
    await open(disk);
    expect(await disk.list(join(path, 'blobs'))).toEqual([]);
  });
});
