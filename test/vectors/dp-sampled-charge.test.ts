import { existsSync, readFileSync } from 'node:fs';
import { rationalFromNumber, sampledCharge, toNumberUp } from '@tributary/privacy';
import { describe, expect, it } from 'vitest';

const FILE = new URL('../../../shared/vectors/dp/dev.json', import.meta.url);

interface Row {
  readonly id: string;
  readonly group: string;
  readonly neighbouring: string;
  readonly params: { readonly q: number; readonly noise_multiplier: number; readonly steps: number };
  readonly rdp: { readonly orders_checked: number[]; readonly rdp_at: (number | 'Infinity')[] };
}

function sampledRows(): readonly Row[] {
  if (!existsSync(FILE)) return [];
  const { rows }: { rows: Row[] } = JSON.parse(readFileSync(FILE, 'utf8'));
  return rows.filter(
    ({ group, neighbouring }) => group === 'poisson_gaussian' && neighbouring !== 'replace_one',
  );
}

describe.skipIf(!existsSync(FILE))('the charge of sampled steps', () => {
  it('is what dp_accounting computes at the same integer order, rounded up', () => {
    let compared = 0;
    for (const { id, params, rdp } of sampledRows()) {
      const { q, noise_multiplier: z, steps } = params;
      rdp.orders_checked.forEach((order, i) => {
        const expected = Number(rdp.rdp_at[i]) / steps;
        if (!Number.isInteger(order) || order < 2 || q === 1 || !Number.isFinite(expected)) return;
        const rho = rationalFromNumber(1 / (2 * z * z));
        const charge = toNumberUp(sampledCharge({ kind: 'rdp', order }, rho, q));
        expect(charge, `${id} at order ${order}`).toBeGreaterThanOrEqual(expected * (1 - 1e-9));
        expect(charge, `${id} at order ${order}`).toBeLessThanOrEqual(expected * (1 + 1e-8) + 2e-12);
        compared++;
      });
    }
    expect(compared).toBeGreaterThan(100);
  });
});
