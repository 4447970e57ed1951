/** The privacy calculators as an auditor calls them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory, tributary } from '../support/cli.ts';

function eventsFile(events: unknown): string {
  const path = join(temporaryDirectory(), 'events.json');
  writeFileSync(path, JSON.stringify(events));
  return path;
}

async function account(events: unknown, accountant: string): Promise<unknown> {
  const args = ['--events', eventsFile(events), '--delta', '1e-5', '--accountant', accountant];
  return (await tributary(['privacy', 'account', ...args, '--json'])).result;
}

describe('tributary privacy', () => {
  it('accounts a composition, and several in one call', async () => {
    // 20 rounds at z = 6, one release at z = 3, one at z = 6, 20 bits at z = 20: adding epsilons instead would say 6.78.
    const composed = [
      { type: 'gaussian', noiseMultiplier: 6, count: 21 },
      { type: 'gaussian', noiseMultiplier: 3 },
      { type: 'gaussian', noiseMultiplier: 20, count: 20 },
    ];
    expect(await account(composed, 'zcdp')).toMatchObject({ accountant: 'zcdp', delta: 1e-5 });
    const single = (await account(composed, 'zcdp')) as { epsilon: number };
    expect(single.epsilon).toBeCloseTo(3.99, 2);
    const [first, second] = (await account([composed, [{ type: 'zcdp', rho: 0.1 }]], 'rdp')) as {
      epsilon: number;
    }[];
    expect(first?.epsilon).toBeGreaterThanOrEqual(single.epsilon - 1e-9);
    expect(second?.epsilon).toBeLessThan(single.epsilon);
  });

  it('prints an infinite epsilon as text', async () => {
    expect(await account([{ type: 'zcdp', rho: 1e308, count: 1000 }], 'rdp')).toMatchObject({
      epsilon: 'Infinity',
    });
  });

  it.each([
    ['an unknown event', [{ type: 'tree' }], 'tree'],
    ['a misspelt field', [{ type: 'gaussian', noiseMultiplyer: 1 }], 'noiseMultipl'],
    ['no array', { type: 'gaussian' }, 'array'],
  ])('refuses %s in one line', async (_, events, word) => {
    const run = await tributary([
      'privacy',
      'account',
      '--events',
      eventsFile(events),
      '--delta',
      '1e-5',
      '--json',
    ]);
    expect(run.exitCode).toBe(4);
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
    expect(run.stderr).toContain(word);
  });

  it('calibrates and forecasts', async () => {
    const calibrated = await tributary([
      'privacy',
      'calibrate',
      '--epsilon',
      '3',
      '--delta',
      '1e-5',
      '--rounds',
      '1',
      '--json',
    ]);
    expect((calibrated.result as { noiseMultiplier: number }).noiseMultiplier).toBeCloseTo(1.4932, 4);
    const args = ['--units', '1000', '--dimension', '460', '--epsilon', '8', '--delta', '1e-5', '--json'];
    const forecast = await tributary(['privacy', 'forecast', ...args]);
    expect(forecast.result).toMatchObject({ verdict: 'go' });
    expect((forecast.result as { signalToNoise: number }).signalToNoise).toBeCloseTo(73, 0);
  });
});
