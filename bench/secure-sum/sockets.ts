/** Rounds of real processes over WebSockets on loopback, ten members to a process, members at low priority. */
import { DEFAULT_KEY_COUNT } from '@tributary/protocol';
import { LoadFederation } from '../../test/load/federation.ts';
import { type Graph, type LoadPlan, loadThresholds, ringBits } from '../../test/load/plan.ts';
import type { Row } from '../rows.ts';
import { between, type Bounds, boundsOf } from './bounds.ts';
import { rowsOf } from './rows.ts';

export interface SocketSetting {
  readonly n: number;
  readonly d: number;
  readonly graph: Graph;
}

const MEMBERS_PER_PROCESS = 10;

/** Rounds without loss, after a warm-up, and one that loses a tenth. */
const RUNS = 2;

export async function measureSockets({ n, d, graph }: SocketSetting): Promise<Row[]> {
  const thresholds = loadThresholds(n, graph);
  const bits = ringBits(n);
  const lost = Array.from(
    { length: Math.round(0.1 * n) },
    (_, i) => [(7 * i + 3) % n, 'masked-input'] as const,
  );
  const round = { dimension: d, bits, lost: [] };
  const warmUp = { ...round, dimension: Math.min(d, 1e5) };
  const rounds = [warmUp, ...Array.from({ length: RUNS }, () => round), { ...round, lost }];
  const keyCount = DEFAULT_KEY_COUNT;
  const plan: LoadPlan = { members: n, seed: 1, graph, keyCount, durable: true, rounds };
  const boundsOfRound = (number: number): Bounds =>
    boundsOf({ n, d, bits, drops: rounds[number - 1]?.lost.length ?? 0 }, thresholds);
  const federation = new LoadFederation(plan);
  try {
    await federation.start(MEMBERS_PER_PROCESS);
    await federation.measure();
    await federation.setUp();
    const inSetup = await federation.measure();
    const setup = {
      client: inSetup.members.cpuMs / n / keyCount,
      coordinator: inSetup.coordinator.cpuMs / keyCount,
    };
    await federation.open(1);
    await federation.measure();
    const measured: (Awaited<ReturnType<LoadFederation['measure']>> & { readonly bounds: Bounds })[] = [];
    for (let number = 2; number <= rounds.length; number++) {
      const before = boundsOfRound(number);
      await federation.open(number);
      const usage = await federation.measure();
      measured.push({ ...usage, bounds: between(before, boundsOfRound(number)) });
    }
    const rowsFor = (dropout: number, by: typeof measured): Row[] =>
      rowsOf({
        n,
        d,
        bits,
        dropout,
        transport: 'sockets',
        graph,
        thresholds,
        keyCount,
        runs: by.map(({ members, coordinator, bounds }) => ({
          client: members.cpuMs / n,
          coordinator: coordinator.cpuMs,
          bounds,
        })),
        setup,
        peakRssMb: {
          client: Math.max(
            ...by.map(({ members }) => members.peakRssMb / Math.ceil(n / MEMBERS_PER_PROCESS)),
          ),
          coordinator: Math.max(...by.map(({ coordinator }) => coordinator.peakRssMb)),
        },
        note:
          `event loop late by p99 ${Math.max(...by.map(({ coordinator }) => coordinator.lagP99Ms)).toFixed(0)} ms, ` +
          `at most ${Math.max(...by.map(({ coordinator }) => coordinator.lagMaxMs)).toFixed(0)} ms; ` +
          `delivery of the sum included; a client's memory is that of a process of ${MEMBERS_PER_PROCESS}`,
      });
    return [...rowsFor(0, measured.slice(0, RUNS)), ...rowsFor(0.1, measured.slice(RUNS))];
  } finally {
    await federation.end();
  }
}
