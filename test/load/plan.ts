/** What the processes of a federation under load agree on: who is in it, what it sums, who is lost when. All follows from a seed. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  type ClientPhase,
  completeGraphThresholds,
  type ExpectedRound,
  type Thresholds,
  thresholdsFor,
} from '@tributary/protocol';
import { seededBytes } from '../support/federation.ts';

export interface LoadPlan {
  readonly members: number;
  readonly seed: number;
  readonly graph: Graph;
  /** Key indices that the setup shares ahead. */
  readonly keyCount: number;
  readonly rounds: readonly LoadRound[];
  /** Whether members keep journal, secrets and uploads on disk as they do in the field. */
  readonly durable: boolean;
}

export interface LoadRound {
  readonly dimension: number;
  readonly bits: number;
  /** Members that are lost in this round, or in the setup before the first, for good: id and phase. */
  readonly lost: readonly (readonly [member: number, phase: ClientPhase])[];
}

export type Graph = 'complete' | 'calculator';

/** Inputs are signed integers of 17 bits. */
export const INPUT_BOUND: number = 2 ** 16;

/** Bits of a ring that holds the sum of so many inputs. */
export function ringBits(members: number): number {
  return 17 + Math.ceil(Math.log2(members));
}

/** A tenth may collude, a tenth may be lost; a round that fails may be tried again. */
export function loadThresholds(members: number, graph: Graph): Thresholds {
  if (graph === 'calculator') {
    return thresholdsFor(members, 'security', {
      colluders: Math.floor(0.1 * members),
      dropoutRate: 0.1,
      abortBits: 10,
    });
  }
  if (members <= 64) return completeGraphThresholds(members);
  // Beyond what the calculator allows, to show what the sparse graph saves.
  const threshold = Math.floor((2 * members) / 3) + 1;
  const colluders = 2 * threshold - members - 1;
  return {
    cohort: members,
    graph: 'complete',
    organisationCap: 1,
    holders: members,
    threshold,
    colluders,
    minCohort: colluders + 2,
    minSurvivors: threshold,
  };
}

/** @param round 1 or more */
export function expectedRoundOf(plan: LoadPlan, round: number, logHead: Uint8Array): ExpectedRound {
  const { dimension, bits } = plan.rounds[round - 1] ?? { dimension: 0, bits: 0 };
  return {
    round,
    planHash: new Uint8Array(32).fill(1),
    modelHash: new Uint8Array(32).fill(2),
    dimension,
    bits,
    inputBound: INPUT_BOUND,
    noiseMargin: 0,
    encoding: { scale: 1, normBound: 1, coordinateBound: INPUT_BOUND, maxRecords: 1 },
    privacy: new Uint8Array(0),
    logHead,
  };
}

/** What a member puts into a sum: coordinates of up to `INPUT_BOUND` in size. */
export function vectorOf({ seed }: LoadPlan, member: number, round: number, dimension: number): Int32Array {
  const key = crypto.sha256(Uint8Array.of(seed, round, member & 0xff, member >>> 8));
  const bytes = crypto.keystream(key).next(16 * Math.ceil(dimension / 4));
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, dimension);
  const vector = new Int32Array(dimension);
  for (let i = 0; i < dimension; i++) vector[i] = ((words[i] as number) & 0x1ffff) - INPUT_BOUND;
  return vector;
}

/** @returns the first coordinate in which `sum` is not that of the members' vectors; -1 where there is none */
export function firstWrongCoordinate(
  plan: LoadPlan,
  round: number,
  members: readonly number[],
  sum: Int32Array,
): number {
  const expected = new Int32Array(sum.length);
  for (const member of members) {
    const vector = vectorOf(plan, member, round, sum.length);
    for (let i = 0; i < sum.length; i++) expected[i] = (expected[i] as number) + (vector[i] as number);
  }
  return expected.findIndex((value, i) => value !== sum[i]);
}

const LOST_IN = ['setup', 'masked-input', 'consistency', 'unmask'] as const;

/** A share of the members, drawn from the seed, each with a phase to be lost in. */
export function drawLost(members: number, share: number, seed: number): LoadRound['lost'] {
  const random = seededBytes(seed + 77);
  const ids = Array.from({ length: members }, (_, id) => id);
  return Array.from({ length: Math.round(share * members) }, () => {
    const draw = new DataView(random(8).buffer);
    const [member = 0] = ids.splice(draw.getUint32(0) % ids.length, 1);
    return [member, LOST_IN[draw.getUint32(4) % LOST_IN.length] ?? 'setup'];
  });
}
