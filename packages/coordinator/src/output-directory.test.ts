import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimOutput } from './output-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-output-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('claimOutput', () => {
  it('makes the directory with an empty one for spools, and removes what it made of them', async () => {
    const output = await claimOutput(join(directory, 'a', 'b'));
    expect(output.spools).toBe(join(directory, 'a', 'b', 'spool'));
    expect(statSync(output.spools).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(directory, 'a', 'b', 'coordinator.pid'), 'utf8')).toBe(`${process.pid}\n`);
    writeFileSync(join(output.spools, '1-1-0.upload'), 'masked');
    await output.release();
    expect(readdirSync(join(directory, 'a', 'b'))).toEqual([]);
  });

  it('refuses where another process runs, and touches nothing', async () => {
    const other = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    mkdirSync(join(directory, 'spool'));
    writeFileSync(join(directory, 'spool', '1-1-0.upload'), 'masked');
    writeFileSync(join(directory, 'coordinator.pid'), `${other.pid}\n`);
    await expect(claimOutput(directory)).rejects.toMatchObject({
      code: 'DIRECTORY_IN_USE',
      exitCode: 4,
      message: `'output' ${directory} is in use by process ${other.pid}`,
    });
    expect(existsSync(join(directory, 'spool', '1-1-0.upload'))).toBe(true);
    other.kill('SIGKILL');
    await once(other, 'exit');
    // Killed, it left its lock and its spools behind.
    await (await claimOutput(directory)).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each(['', 'nonsense', '-1', '0', `${process.pid}`])('takes over a lock that says %j', async (text) => {
    writeFileSync(join(directory, 'coordinator.pid'), text);
    await (await claimOutput(directory)).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('names a path that is no directory', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(claimOutput(join(file, 'below'))).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `cannot write ${file}/below: a part of the path is no directory`,
    });
  });
});
