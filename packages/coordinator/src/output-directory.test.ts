import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimOutput } from './output-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-output-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

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
  it('makes the directory with a private one for what a restart needs', () => {
    const runs = claimOutput(join(directory, 'a', 'b'));
    expect(runs.path).toBe(join(directory, 'a', 'b', 'state'));
    expect(statSync(runs.path).mode & 0o777).toBe(0o700);
    runs.release();
    claimOutput(join(directory, 'a', 'b')).release();
  });

  it('refuses where another coordinator runs, until it is gone', async () => {
    const other = await otherCoordinator();
    expect(() => claimOutput(directory)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        exitCode: 4,
        message: `state directory ${directory}/state is in use by pid ${other.pid}`,
      }),
    );
    other.kill('SIGKILL');
    await once(other, 'exit');
    // Killed, it left its lock behind.
    claimOutput(directory).release();
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
