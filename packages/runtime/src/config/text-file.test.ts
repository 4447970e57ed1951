import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTextFile, writeTextFile } from './text-file.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-text-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('writeTextFile', () => {
  it('replaces the file and leaves nothing beside it', async () => {
    const path = join(directory, 'router.json');
    writeFileSync(path, 'old');
    await writeTextFile(path, 'new');
    expect(readTextFile(path)).toBe('new');
    expect(readdirSync(directory)).toEqual(['router.json']);
  });

  it('keeps the old file where the new one cannot be written', async () => {
    const path = join(directory, 'router.json');
    writeFileSync(path, 'old');
    await expect(writeTextFile(join(path, 'below'), 'new')).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `cannot write ${path}/below: a part of the path is no directory`,
    });
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('names a directory that is not there', async () => {
    await expect(writeTextFile(join(directory, 'no', 'x'), '')).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `cannot write ${directory}/no/x: no such file or directory`,
      hint: 'check the path',
    });
  });
});
