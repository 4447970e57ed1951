/** The rows of a measured round. */
import { packedLength } from '@tributary/crypto';
import type { Thresholds } from '@tributary/protocol';
import type { Graph } from '../../test/load/plan.ts';
import { median, spread } from '../measure.ts';
import type { Row } from '../rows.ts';
import type { Bounds } from './bounds.ts';

export interface MeasuredRun {
  /** CPU milliseconds of one client. */
  readonly client: number;
  readonly coordinator: number;
  /** Measured right before and after this run. */
  readonly bounds: Bounds;
}

export interface MeasuredRound {
  readonly n: number;
  readonly d: number;
  readonly bits: number;
  /** Share of members lost after setup. */
  readonly dropout: number;
  readonly transport: 'in-memory' | 'sockets';
  readonly graph: Graph;
  readonly thresholds: Thresholds;
  readonly keyCount: number;
  readonly runs: readonly MeasuredRun[];
  /** CPU milliseconds of the setup's share of one round. */
  readonly setup: { readonly client: number; readonly coordinator: number };
  readonly peakRssMb?: { readonly client: number; readonly coordinator: number };
  readonly note?: string;
}

export function rowsOf(round: MeasuredRound): Row[] {
  const { n, d, bits, dropout, transport, graph, thresholds, keyCount, setup, peakRssMb, note = '' } = round;
  const notes = [
    `${thresholds.graph} graph of ${thresholds.holders} holders, t = ${thresholds.threshold}`,
    graph === 'complete' && n > 64 ? 'complete graph forced by the benchmark' : '',
    `17-bit inputs in a ring of ${bits} bits`,
    keyCount === 1 ? 'with a setup of its own' : `setup amortised over ${keyCount} sums`,
    'noise off',
    note,
  ].filter((part) => part !== '');
  return (['client', 'coordinator'] as const).map((role): Row => {
    const spent = round.runs.map((run) => run[role]);
    const ratios = round.runs.map((run) => (run[role] + setup[role]) / run.bounds[role]);
    return {
      name: 'secure-sum',
      n,
      d,
      dropout,
      transport,
      role,
      cpuMs: median(spent) + setup[role],
      spread: spread(spent),
      boundMs: median(round.runs.map(({ bounds }) => bounds[role])),
      ratio: median(ratios),
      ...(role === 'client' ? { bytesUp: packedLength(d, bits) } : {}),
      ...(peakRssMb === undefined ? {} : { peakRssMb: peakRssMb[role] }),
      note: notes.join('; '),
    };
  });
}
