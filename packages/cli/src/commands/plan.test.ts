import { afterEach, describe, expect, it, vi } from 'vitest';
import { run } from '../run.ts';

afterEach(() => vi.restoreAllMocks());

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function text({ mock }: { readonly mock: { readonly calls: readonly (readonly unknown[])[] } }): string {
  return mock.calls.map(([part]) => String(part)).join('');
}

async function plan(line: string): Promise<Ran> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exitCode = await run(['plan', ...line.split(' ')]);
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

interface Planned {
  readonly abort: { readonly byPhase: Readonly<Record<'ready' | 'masked-input', number>> };
}

describe('plan', () => {
  it('tells what a small federation needs', async () => {
    const { exitCode, stdout, stderr } = await plan('--clients 10 --dropout 0.1 --dimension 1000');
    expect([exitCode, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('10 clients, preset security, 1000 numbers');
    expect(lines).toContain('graph          complete: everybody holds shares of everybody');
    expect(lines).toContain('threshold      t = 7 of H = 10 shares reconstruct a secret');
    expect(lines).toContain('colluders      c = 3 besides the coordinator');
    expect(lines).toContain('floors         5 organisations and 7 members in every sum');
    expect(lines).toContain('losses         any 3 members may be lost');
    expect(lines).toContain('P(abort)       1.3e-2 per round');
    expect(lines).toContain('keys           B = 16 per setup');
    // 10 * 100 * 1024 = 1024000 < 2^20
    expect(lines).toContain('ring           21 bits, headroom 0.03 bits over 1024000');
    expect(lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim().split(' ')[0])).toEqual([
      'ready',
      'masked-input',
      'consistency',
      'unmask',
    ]);
  });

  it('counts on four fifths of the members where sums carry noise', async () => {
    const { stdout } = await plan('--clients 10 --dropout 0.1 --budget');
    expect(stdout).toContain('5 organisations and 8 members in every sum');
    expect(stdout).toContain('any 2 members may be lost');
  });

  it('gives the chance of fewer than that', async () => {
    const { stdout } = await plan('--clients 10 --dropout 0.1 --budget --json');
    const { byPhase } = (JSON.parse(stdout) as Planned).abort;
    // More than two of ten, each lost in one of two phases of four.
    const stays = Math.sqrt(0.9);
    const lost = 1 - stays;
    const few = stays ** 10 + 10 * lost * stays ** 9 + 45 * lost ** 2 * stays ** 8;
    expect(byPhase.ready + byPhase['masked-input']).toBeCloseTo(1 - few, 12);
  });

  it('plans a sparse graph above 64 clients', async () => {
    const { stdout } = await plan('--clients 1000 --dropout 0.1 --corruption 0.1');
    expect(stdout).toContain('Harary: 114 neighbours hold shares');
    expect(stdout).toContain('t = 78 of H = 114');
    expect(stdout).toContain('c = 100 besides the coordinator, at most 40 among the holders of one secret');
    expect(stdout).toMatch(/P\(abort\) +\S+ per round, at most \S+/);
    expect(stdout).toMatch(/P\(cut\) +at most \S+ per setup/);
  });

  it('gives the whole plan with --json', async () => {
    const { stdout, stderr } = await plan('--clients 5 --preset availability --setup-dropout 0.01 --json');
    const result: unknown = JSON.parse(stdout);
    expect(stderr).toBe('');
    expect(result).toMatchObject({
      thresholds: { cohort: 5, graph: 'complete', threshold: 4, colluders: 2, minCohort: 4, minSurvivors: 4 },
      colludingHolders: 2,
      tolerableLosses: 1,
      dropoutRates: { setup: 0.01, ready: 0, 'masked-input': 0, consistency: 0, unmask: 0 },
      keyCount: 16,
    });
  });

  it('takes the other choices', async () => {
    const flags = [
      '--clients 300 --corruption 0.02 --organisation-cap 4 --colluding-members 60 --abort-bits 10',
      '--dimension 5000 --coordinate-bound 10 --max-records 7 --noise 30 --key-count 2 --json',
    ];
    const { stdout } = await plan(flags.join(' '));
    expect(JSON.parse(stdout)).toMatchObject({
      thresholds: { graph: 'harary', colluders: 6, organisationCap: 4 },
      colludingHolders: 24,
      cutProbability: 0,
      keyCount: 2,
      ring: { reach: 300 * 70 + 10 * Math.sqrt(300) * 30 },
    });
  });

  it.each([
    ['--clients 2', 'a secure sum needs at least 3 organisations, not 2'],
    ['--clients ten', '--clients ten is no number of 0 or more'],
    ['--clients 10 --dropout 1', 'dropout rate 1 is outside 0..1'],
    ['--clients 10 --setup-dropout 2', 'dropout rate 2 of setup is outside 0..1'],
    ['--clients 10 --corruption 0.5', '5 of 10 members may collude, the preset security tolerates 3'],
    ['--clients 100 --dropout 0.9', 'no graph of at most 254 neighbours lets'],
    ['--clients 10 --preset fast', "option '--preset <name>' argument 'fast' is invalid"],
    ['--preset security', '--clients is missing'],
    ['--clients 10 --max-records 1e9', 'a ring of 32 bits holds less than'],
  ])('%s is refused', async (line, message) => {
    const { exitCode, stdout, stderr } = await plan(line);
    expect([exitCode, stdout]).toEqual([4, '']);
    expect(stderr).toContain(message);
  });
});
