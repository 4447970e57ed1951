/** Rounds of the in-memory federation: all members in this process, each metered for itself. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { DEFAULT_KEY_COUNT, SPARSE_KEY_COUNT } from '@tributary/protocol';
import { InMemoryFederation, type SumRequest } from '@tributary/protocol/in-memory';
import { type Graph, INPUT_BOUND, loadThresholds, ringBits } from '../../test/load/plan.ts';
import { seededBytes, testRoster } from '../../test/support/federation.ts';
import { cpuMs, median } from '../measure.ts';
import type { Row } from '../rows.ts';
import { between, type Bounds, boundsOf } from './bounds.ts';
import { type MeasuredRun, rowsOf } from './rows.ts';

export interface InMemorySetting {
  readonly n: number;
  readonly graph: Graph;
  readonly sizes: readonly {
    readonly d: number;
    /** Rounds that nobody is lost in; one more loses a tenth. */
    readonly runs: number;
  }[];
}

type Who = number | 'coordinator';

/** All sizes on one setup, where that serves several sums. */
export function measureInMemory({ n, graph, sizes }: InMemorySetting): Row[] {
  const thresholds = loadThresholds(n, graph);
  const bits = ringBits(n);
  const random = seededBytes(n);
  const { roster, identities, coordinatorIdentity } = testRoster(n, random);
  const lost = new Set(Array.from({ length: Math.round(0.1 * n) }, (_, i) => (7 * i + 3) % n));
  const spent = new Map<Who, number>();
  let losesNow = false;
  const keyCount = thresholds.graph === 'complete' ? DEFAULT_KEY_COUNT : SPARSE_KEY_COUNT;
  const federation = new InMemoryFederation({
    crypto,
    random,
    roster,
    identities,
    coordinatorIdentity,
    run: new Uint8Array(32),
    thresholds: () => thresholds,
    keyCount,
    // With a thousand members in one process every one of them would verify a thousand signatures.
    sharesVerifications: n > 100,
    meter(who, work) {
      const before = cpuMs();
      work();
      spent.set(who, (spent.get(who) ?? 0) + cpuMs() - before);
    },
    faults: {
      // Lost with the upload sent in part: the coordinator has to take their pairwise masks off.
      fate(member, phase, _, chunk) {
        if (losesNow && lost.has(member) && phase === 'masked-input' && chunk === 0)
          federation.disconnect(member);
        return 'live';
      },
    },
  });
  const sumOf = (dimension: number): ReadonlyMap<Who, number> => {
    spent.clear();
    const outcome = federation.sum(request(dimension, bits));
    if (outcome.kind === 'aborted') throw new Error(`the sum did not open: ${outcome.detail}`);
    return new Map(spent);
  };
  const amortised = keyCount > 1;
  const withSetup = amortised ? sumOf(16) : undefined;
  const withoutSetup = amortised ? sumOf(16) : undefined;
  const setupOf = (who: Who): number =>
    Math.max(0, (withSetup?.get(who) ?? 0) - (withoutSetup?.get(who) ?? 0)) / keyCount;
  const ids = roster.members.map(({ id }) => id);
  const setup = { client: median(ids.map(setupOf)), coordinator: setupOf('coordinator') };
  const measured = (d: number, dropout: number): MeasuredRun => {
    const drops = dropout === 0 ? 0 : lost.size;
    const bound = (): Bounds => boundsOf({ n, d, bits, drops }, thresholds);
    losesNow = drops > 0;
    const before = bound();
    const run = sumOf(d);
    const bounds = between(before, bound());
    for (const member of lost) federation.reconnect(member);
    const there = ids.filter((id) => !losesNow || !lost.has(id));
    return {
      client: median(there.map((id) => run.get(id) ?? 0)),
      coordinator: run.get('coordinator') ?? 0,
      bounds,
    };
  };
  const rowsFor = (d: number, dropout: number, count: number): Row[] =>
    rowsOf({
      n,
      d,
      bits,
      dropout,
      transport: 'in-memory',
      graph,
      thresholds,
      keyCount,
      runs: Array.from({ length: count }, () => measured(d, dropout)),
      setup,
      note: n > 100 ? 'members share verdicts on signatures' : '',
    });
  // A thousand members are their own warm-up.
  if (n <= 100) sumOf(1e5);
  return sizes.flatMap(({ d, runs }) => [...rowsFor(d, 0, runs), ...rowsFor(d, 0.1, 1)]);
}

function request(dimension: number, bits: number): SumRequest {
  return {
    step: 'bench',
    expected: {
      planHash: new Uint8Array(32),
      modelHash: new Uint8Array(32),
      dimension,
      bits,
      inputBound: INPUT_BOUND,
      noiseMargin: 0,
      encoding: { scale: 1, normBound: 1, coordinateBound: INPUT_BOUND, maxRecords: 1 },
      privacy: new Uint8Array(0),
    },
    vector: () => new Int32Array(dimension),
  };
}
