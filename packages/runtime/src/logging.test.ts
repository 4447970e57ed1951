import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What a process that runs `body` with a logger `log` writes. */
function logged(body: string): { stdout: string; lines: Record<string, unknown>[] } {
  const script = `import { createLogger } from './src/logging.ts'; const log = createLogger('info', { role: 'client' }); ${body}`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
  );
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  return { stdout, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('createLogger', () => {
  it('writes to standard error only, and censors what could be a secret or a query', () => {
    const { stdout, lines } = logged(`
      for (const field of ['secretKey', 'identity', 'secrets', 'share', 'shares', 'query', 'prompt', 'text', 'vector']) {
        log.info({ [field]: 'PLANTED' }, field);
        log.info({ inner: { [field]: ['PLANTED'] } }, field);
        log.info({ outer: { inner: { [field]: { deep: 'PLANTED' } } } }, field);
      }
      log.info({ share: new TextEncoder().encode('PLANTED') }, 'bytes');
      log.debug('PLANTED: below the level');
      log.warn({ client: 'acme', reason: 'late\\n{"level":50}\\u001b[2J' }, 'dropped');
    `);
    expect(stdout).toBe('');
    expect(lines).toHaveLength(9 * 3 + 2);
    expect(JSON.stringify(lines)).not.toContain('PLANTED');
    expect(JSON.stringify(lines)).not.toContain(new TextEncoder().encode('PLANTED').join());
    expect(lines[0]).toMatchObject({ role: 'client', secretKey: '[censored]', msg: 'secretKey' });
    // A peer's text can neither begin a line of its own nor steer the terminal.
    expect(lines.at(-1)).toMatchObject({
      client: 'acme',
      reason: 'late\n{"level":50}\u001b[2J',
      msg: 'dropped',
    });
  });
});
