/** The rows of a measured round. */
import { packedLength } from '@tributary/crypto';
import type { Thresholds } from '@tributary/protocol';
import type { Graph } from '../../test/load/plan.ts';
import { median, spread } from '../measure.ts';
import type { Row } from '../rows.ts';
import type { Bounds } from './bounds.ts';

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
  /** CPU milliseconds of one client, run by run. */
  readonly client: readonly number[];
  readonly coordinator: readonly number[];
  /** CPU milliseconds of the setup's share of one round. */
  readonly setup: { readonly client: number; readonly coordinator: number };
  readonly peakRssMb?: { readonly client: number; readonly coordinator: number };
  /** As measured before and after the rounds: on a busy machine they differ. */
  readonly bounds: readonly Bounds[];
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
    const cpuMs = median(round[role]) + setup[role];
    const boundMs = median(round.bounds.map((bounds) => bounds[role]));
    return {
      name: 'secure-sum',
      n,
      d,
      dropout,
      transport,
      role,
      cpuMs,
      spread: spread(round[role]),
      boundMs,
      ratio: cpuMs / boundMs,
      ...(role === 'client' ? { bytesUp: packedLength(d, bits) } : {}),
      ...(peakRssMb === undefined ? {} : { peakRssMb: peakRssMb[role] }),
      note: notes.join('; '),
    };
  });
}
