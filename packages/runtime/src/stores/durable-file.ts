/** Whole files and lines of files that have survived whatever comes when the call returns. They reject with Node's system errors. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nodeFileSystem, syncDirectory } from './file-system.ts';

/** Replaces the file in one step: whoever reads it, also after a crash, finds the old content or the new one. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(nodeFileSystem, dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Appends to the file, which is made where there is none. A crash before the return may leave a part of `text` behind. */
export async function appendDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    const created = (await file.stat()).size === 0;
    await file.appendFile(text);
    await file.datasync();
    if (created) await syncDirectory(nodeFileSystem, dirname(path));
  } finally {
    await file.close();
  }
}
