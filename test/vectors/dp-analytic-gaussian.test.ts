import { existsSync, readFileSync } from 'node:fs';
import { calibrateGaussian, gaussianDelta, rhoFromEpsilon, toNumberUp } from '@tributary/privacy';
import { describe, expect, it } from 'vitest';

const FILE = new URL('../../../shared/vectors/dp/analytic_gaussian.json', import.meta.url);

interface Row {
  readonly epsilon: number;
  readonly delta: number;
  readonly sigma_over_sensitivity: string;
  readonly classical_sigma_1p25: string;
  readonly classical_valid: boolean;
  readonly zcdp_rho_budget_cks: string;
}

function readRows(): readonly Row[] {
  if (!existsSync(FILE)) return [];
  const { rows }: { rows: Row[] } = JSON.parse(readFileSync(FILE, 'utf8'));
  return rows;
}

describe.skipIf(!existsSync(FILE))('the reference table of Gaussian calibration', () => {
  it.each(readRows())('epsilon $epsilon, delta $delta', (row) => {
    const { epsilon, delta } = row;
    const sigma = calibrateGaussian(epsilon, delta);
    const exact = Number(row.sigma_over_sensitivity);
    expect(sigma).toBeGreaterThanOrEqual(exact);
    expect(sigma / exact - 1).toBeLessThan(1e-11);

    const rho = toNumberUp(rhoFromEpsilon(epsilon, delta));
    const budget = Number(row.zcdp_rho_budget_cks);
    expect(rho).toBeLessThanOrEqual(budget);
    expect(1 - rho / budget).toBeLessThan(1e-9);

    // Where the classical formula is not proved, it may or may not be enough; where it is, it is.
    const classical = gaussianDelta(1 / Number(row.classical_sigma_1p25), epsilon);
    expect(classical <= delta || !row.classical_valid).toBe(true);
  });
});
