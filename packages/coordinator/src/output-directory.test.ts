import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimOutput, spoolPath } from './output-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-output-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const uploads = (): string[] =>
  readdirSync(join(directory, 'spool')).filter((name) => name.endsWith('.upload'));
const leaveUpload = (spools: string): void =>
  writeFileSync(spoolPath(spools, { round: 1, attempt: 1, member: 0 }), 'masked');

/** Another process that has claimed the directory. */
async function otherCoordinator(): Promise<ChildProcess> {
  const script = `import { claimOutput } from './output-directory.ts';
    claimOutput(${JSON.stringify(directory)}); console.log('claimed'); setInterval(() => {}, 1000);`;
  const other = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: dirname(fileURLToPath(import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(other.stdout, 'data');
  return other;
}

describe('claimOutput', () => {
  it('makes the directory with a private one for spools, and removes what is left of uploads', () => {
    const output = claimOutput(join(directory, 'a', 'b'));
    expect(output.spools).toBe(join(directory, 'a', 'b', 'spool'));
    expect(statSync(output.spools).mode & 0o777).toBe(0o700);
    leaveUpload(output.spools);
    output.release();
    expect(readdirSync(output.spools).filter((name) => name.endsWith('.upload'))).toEqual([]);
    claimOutput(join(directory, 'a', 'b')).release();
  });

  it('refuses where another coordinator runs, and touches nothing', async () => {
    const other = await otherCoordinator();
    leaveUpload(join(directory, 'spool'));
    expect(() => claimOutput(directory)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        exitCode: 4,
        message: `state directory ${directory}/spool is in use by pid ${other.pid}`,
      }),
    );
    expect(uploads()).toHaveLength(1);
    other.kill('SIGKILL');
    await once(other, 'exit');
    // Killed, it left its lock and its uploads behind.
    claimOutput(directory).release();
    expect(uploads()).toEqual([]);
  });

  it('names a path that is no directory', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => claimOutput(join(file, 'below'))).toThrow(
      expect.objectContaining({
        code: 'BAD_FILE',
        message: `cannot write ${file}/below: a part of the path is no directory`,
      }),
    );
    expect(existsSync(file)).toBe(true);
  });
});
