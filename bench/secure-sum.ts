/** One round of the secure sum, by role, against the kernel that it cannot do without. */
import { packedLength } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  completeGraphThresholds,
  DEFAULT_KEY_COUNT,
  type Thresholds,
  thresholdsFor,
} from '@tributary/protocol';
import { InMemoryFederation, type SumRequest } from '@tributary/protocol/in-memory';
import { seededBytes, testRoster } from '../test/support/federation.ts';
import { hashOnce, maskOnce, unpackAndAdd } from './kernel.ts';
import { cpuMs, median, repeated, spread } from './measure.ts';
import type { Row } from './rows.ts';

interface Setting {
  readonly n: number;
  readonly d: number;
  readonly dropout: number;
  readonly graph: 'complete' | 'calculator';
  readonly runs: number;
}

const BITS_OF_INPUT = 17;
const FORCED_COMPLETE = 'complete graph forced by the benchmark';

/** n in {10, 50, 100}, d in {10^5, 10^6}, dropout 0 and 10 %; n = 1,000 with d = 10^5. */
function settings(): Setting[] {
  const all: Setting[] = [];
  for (const n of [10, 50, 100]) {
    for (const d of [1e5, 1e6]) {
      const runs = n * d > 2e7 ? 1 : 3;
      for (const dropout of [0, 0.1]) {
        all.push({ n, d, dropout, graph: 'complete', runs });
        if (n === 100) all.push({ n, d, dropout, graph: 'calculator', runs });
      }
    }
  }
  for (const dropout of [0, 0.1]) all.push({ n: 1000, d: 1e5, dropout, graph: 'calculator', runs: 1 });
  return all;
}

export function benchSecureSum(log: (line: string) => void): Row[] {
  return settings().flatMap((setting) => {
    const rows = measure(setting);
    for (const { role, cpuMs: spent, ratio } of rows) {
      const { n, d, dropout, graph } = setting;
      log(
        `n ${n}, d ${d}, ${100 * dropout} % lost, ${graph}: ${role} ${spent.toFixed(1)} ms, ratio ${ratio?.toFixed(2)}`,
      );
    }
    return rows;
  });
}

function thresholdsOf({ n, graph }: Setting): Thresholds {
  if (graph === 'calculator') {
    return thresholdsFor(n, 'security', { colluders: Math.floor(0.1 * n), dropoutRate: 0.1, abortBits: 10 });
  }
  if (n <= 64) return completeGraphThresholds(n);
  // Beyond what the calculator allows, to show what the sparse graph saves.
  const threshold = Math.floor((2 * n) / 3) + 1;
  const colluders = 2 * threshold - n - 1;
  return {
    cohort: n,
    graph: 'complete',
    organisationCap: 1,
    holders: n,
    threshold,
    colluders,
    minCohort: colluders + 2,
    minSurvivors: threshold,
  };
}

function measure(setting: Setting): Row[] {
  const { n, d, dropout, graph, runs } = setting;
  const thresholds = thresholdsOf(setting);
  const keyCount = thresholds.graph === 'complete' ? DEFAULT_KEY_COUNT : 1;
  const spent = new Map<number | 'coordinator', number>();
  const lost = new Set(Array.from({ length: Math.round(dropout * n) }, (_, i) => (7 * i + 3) % n));
  const random = seededBytes(n);
  const { roster, identities, coordinatorIdentity } = testRoster(n, random);
  let dropsNow = false;
  const federation = new InMemoryFederation({
    crypto,
    random,
    roster,
    identities,
    coordinatorIdentity,
    run: new Uint8Array(32),
    thresholds: () => thresholds,
    keyCount: Math.max(keyCount, runs + 3),
    // With a thousand members in one process every one of them would verify a thousand signatures.
    sharesVerifications: n > 100,
    meter(who, work) {
      const before = cpuMs();
      work();
      spent.set(who, (spent.get(who) ?? 0) + cpuMs() - before);
    },
    faults: {
      // Lost with the upload sent in part: the coordinator has to take their pairwise masks off.
      fate: (member, phase, _, chunk) =>
        dropsNow && lost.has(member) && phase === 'masked-input' && chunk === 0 ? 'die' : 'live',
    },
  });
  const bits = BITS_OF_INPUT + Math.ceil(Math.log2(n));
  const sumOf = (dimension: number): ReadonlyMap<number | 'coordinator', number> => {
    spent.clear();
    const outcome = federation.sum(request(dimension, bits));
    if (outcome.kind === 'aborted') throw new Error(`the sum did not open: ${outcome.detail}`);
    return new Map(spent);
  };
  const withSetup = sumOf(16);
  const withoutSetup = sumOf(16);
  sumOf(Math.min(d, 1e5));
  const clients: number[] = [];
  const coordinators: number[] = [];
  for (let run = 0; run < runs; run++) {
    // Members die once: where they do, the last run is the one that counts.
    dropsNow = run === runs - 1;
    const by = sumOf(d);
    if (lost.size > 0 && !dropsNow) continue;
    clients.push(median(roster.members.filter(({ id }) => !lost.has(id)).map(({ id }) => by.get(id) ?? 0)));
    coordinators.push(by.get('coordinator') ?? 0);
  }
  const setupOf = (who: number | 'coordinator'): number =>
    ((withSetup.get(who) ?? 0) - (withoutSetup.get(who) ?? 0)) / keyCount;
  const setupPerClient = Math.max(0, median(roster.members.map(({ id }) => setupOf(id))));
  const bound = bounds(setting, thresholds, bits);
  const shared = { n, d, dropout, transport: 'in-memory' as const };
  const note = [
    `${thresholds.graph} graph of ${thresholds.holders} holders, t = ${thresholds.threshold}`,
    graph === 'complete' && n > 64 ? FORCED_COMPLETE : '',
    `setup amortised over ${keyCount} key indices`,
    'noise off',
    n > 100 ? 'members share verdicts on signatures' : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
  const row = (
    role: 'client' | 'coordinator',
    values: readonly number[],
    setup: number,
    boundMs: number,
  ): Row => {
    const total = median(values) + setup;
    return {
      name: 'secure-sum',
      ...shared,
      role,
      cpuMs: total,
      spread: spread(values),
      boundMs,
      ratio: total / boundMs,
      ...(role === 'client' ? { bytesUp: packedLength(d, bits) } : {}),
      note,
    };
  };
  return [
    row('client', clients, setupPerClient, bound.client),
    row('coordinator', coordinators, Math.max(0, setupOf('coordinator')), bound.coordinator),
  ];
}

function request(dimension: number, bits: number): SumRequest {
  return {
    step: 'bench',
    expected: {
      planHash: new Uint8Array(32),
      modelHash: new Uint8Array(32),
      dimension,
      bits,
      inputBound: 2 ** (BITS_OF_INPUT - 1) - 1,
      noiseMargin: 0,
      encoding: { scale: 1, normBound: 1, coordinateBound: 2 ** (BITS_OF_INPUT - 1) - 1, maxRecords: 1 },
      privacy: new Uint8Array(0),
    },
    vector: () => new Int32Array(dimension),
  };
}

/** What client and coordinator cannot leave out, in CPU milliseconds. */
function bounds(
  { n, d, dropout }: Setting,
  { graph, holders }: Thresholds,
  bits: number,
): { readonly client: number; readonly coordinator: number } {
  const words = new Int32Array(d);
  const packed = new Uint8Array(packedLength(d, bits));
  const times = Math.max(3, Math.ceil(2e6 / d));
  const mask = median(repeated(times, () => maskOnce(words)));
  const unpack = median(repeated(times, () => unpackAndAdd(packed, bits, words)));
  const hash = median(repeated(times, () => hashOnce(packed)));
  const neighbours = graph === 'complete' ? n - 1 : holders;
  const drops = Math.round(dropout * n);
  const survivors = n - drops;
  const message = new Uint8Array(200);
  const identity = new Uint8Array(32).fill(5);
  const signature = crypto.ed25519Sign(identity, message);
  const publicKey = crypto.ed25519PublicKey(identity);
  const verify = median(
    repeated(5, () => {
      for (let i = 0; i < 100; i++) crypto.ed25519Verify(publicKey, message, signature);
    }),
  );
  // Of each member: ready, upload-end, survivors-signature, release.
  const signatures = (4 * n * verify) / 100;
  return {
    client: (neighbours + 1) * mask,
    coordinator: survivors * (unpack + hash + mask) + drops * neighbours * mask + signatures,
  };
}
