import { existsSync, readFileSync } from 'node:fs';
import {
  account,
  optimalEpsilonFromRdp,
  parseEvents,
  type Adjacency,
  type PrivacyEvent,
  rdpOf,
} from '@tributary/privacy';
import { describe, expect, it } from 'vitest';

const FILE = new URL('../../../shared/vectors/dp/dev.json', import.meta.url);

type Figure = number | 'Infinity';
type ByDelta = Readonly<Record<string, Figure>>;

interface Part {
  readonly noise_multiplier: number;
  readonly steps: number;
  readonly q?: number;
}

interface Row {
  readonly id: string;
  readonly group: string;
  readonly neighbouring: Adjacency;
  readonly params: Readonly<Record<string, number>> & { readonly parts?: readonly Part[] };
  readonly rdp?: {
    readonly eps: ByDelta;
    readonly opt_order: ByDelta;
    readonly orders_checked: number[];
    readonly rdp_at: Figure[];
  };
  readonly pld?: { readonly eps_upper: ByDelta; readonly eps_lower?: ByDelta };
  readonly exact?: { readonly eps: ByDelta };
}

const REFUSED = new Set(['tree', 'truncated_poisson']);

function readRows(): readonly Row[] {
  if (!existsSync(FILE)) return [];
  const { rows }: { rows: Row[] } = JSON.parse(readFileSync(FILE, 'utf8'));
  return rows;
}

function eventsOf({ group, neighbouring: adjacency, params }: Row): readonly PrivacyEvent[] {
  const { steps: count = 1, noise_multiplier: noiseMultiplier, sensitivity } = params;
  switch (group) {
    case 'gaussian':
      return parseEvents([{ type: 'gaussian', noiseMultiplier, count, adjacency }]);
    case 'poisson_gaussian':
      return parseEvents([
        { type: 'poisson_gaussian', samplingProbability: params['q'], noiseMultiplier, count, adjacency },
      ]);
    case 'wor_gaussian': {
      const { population: sourceSize, sample: sampleSize } = params;
      return parseEvents([
        {
          type: 'sampled_without_replacement_gaussian',
          sourceSize,
          sampleSize,
          noiseMultiplier,
          count,
          adjacency,
        },
      ]);
    }
    case 'discrete_gaussian':
      return parseEvents([
        { type: 'discrete_gaussian', sigma: params['sigma'], sensitivity, count, adjacency },
      ]);
    case 'laplace':
      return parseEvents([{ type: 'laplace', scale: noiseMultiplier, count, adjacency }]);
    case 'discrete_laplace': {
      const { parameter = Number.NaN } = params;
      return parseEvents([{ type: 'discrete_laplace', scale: 1 / parameter, sensitivity, count, adjacency }]);
    }
    case 'zcdp':
      return parseEvents([{ type: 'zcdp', rho: params['rho'], count, adjacency }]);
    case 'heterogeneous':
      return parseEvents(
        (params.parts ?? []).map((part) => ({
          type: 'poisson_gaussian',
          samplingProbability: part.q ?? 1,
          noiseMultiplier: part.noise_multiplier,
          count: part.steps,
          adjacency,
        })),
      );
    default:
      return parseEvents([{ type: group }]);
  }
}

function value(figure: Figure | undefined): number {
  return Number(figure);
}

function relative(mine: number, theirs: number): number {
  return mine === theirs ? 0 : Math.abs(mine / theirs - 1);
}

const rows = readRows();

describe.skipIf(!existsSync(FILE))('the reference table of differential privacy', () => {
  it('is there and every group of it is used', () => {
    const groups = [
      'gaussian',
      'poisson_gaussian',
      'wor_gaussian',
      'discrete_gaussian',
      'laplace',
      'discrete_laplace',
    ];
    expect(new Set(rows.map(({ group }) => group))).toEqual(
      new Set([...groups, 'zcdp', 'heterogeneous', ...REFUSED]),
    );
  });

  describe('RDP', () => {
    it.each(rows.filter(({ group, rdp }) => rdp !== undefined && !REFUSED.has(group)))(
      '$id, $neighbouring, $params',
      (row) => {
        const events = eventsOf(row);
        const curve = rdpOf(events);
        const { eps = {}, opt_order = {}, orders_checked = [], rdp_at = [] } = row.rdp ?? {};
        orders_checked.forEach((order, i) => {
          const theirs = value(rdp_at[i]);
          // The table's forward differences lose their digits at high orders of samples without replacement, upwards.
          const noisy = row.group === 'wor_gaussian' && order >= 63;
          const off = noisy && curve(order) < theirs ? 0 : relative(curve(order), theirs);
          expect(off, `order ${order}`).toBeLessThan(Number.isInteger(order) ? 1e-9 : 1e-6);
        });
        for (const [delta, theirs] of Object.entries(eps)) {
          const { epsilon, order } = account(events, Number(delta), 'rdp');
          expect(relative(epsilon, value(theirs)), `delta ${delta}`).toBeLessThan(1e-8);
          expect(order).toBe(opt_order[delta]);
          const best = optimalEpsilonFromRdp(curve, Number(delta)).epsilon;
          expect(best).toBeLessThanOrEqual(epsilon);
          const lower = row.exact?.eps[delta] ?? row.pld?.eps_lower?.[delta] ?? 0;
          expect(best).toBeGreaterThanOrEqual(value(lower) - 1e-12);
        }
      },
    );
  });

  describe('PLD', () => {
    it.each(rows.filter(({ group, pld }) => pld !== undefined && !REFUSED.has(group)))(
      '$id, $neighbouring, $params',
      (row) => {
        const events = eventsOf(row);
        for (const [delta, upper] of Object.entries(row.pld?.eps_upper ?? {})) {
          const { epsilon } = account(events, Number(delta), 'pld');
          expect(epsilon, `delta ${delta}`).toBeLessThan(value(upper) + 1e-3);
          expect(epsilon, `delta ${delta}`).toBeGreaterThanOrEqual(value(row.pld?.eps_lower?.[delta] ?? 0));
        }
      },
    );
  });

  describe('closed form', () => {
    it.each(rows.filter(({ exact }) => exact !== undefined))('$id, $neighbouring, $params', (row) => {
      for (const [delta, theirs] of Object.entries(row.exact?.eps ?? {})) {
        const { epsilon } = account(eventsOf(row), Number(delta), 'pld');
        expect(Math.abs(epsilon - value(theirs)), `delta ${delta}`).toBeLessThan(1e-9);
        expect(account(eventsOf(row), Number(delta), 'zcdp').epsilon).toBeGreaterThan(value(theirs));
      }
    });
  });

  it.each(rows.filter(({ group }) => REFUSED.has(group)))('refused: $id, $params', (row) => {
    expect(() => eventsOf(row)).toThrowError(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});
