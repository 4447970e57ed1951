/**
 * A Monte-Carlo audit of one step of DP-SGD: the sum is opened many times with a record and many times without it, and no threshold test on it may
 * tell the two apart better than the charge allows. Mechanisms that are broken on purpose have to fail it.
 */
import { utf8 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { drawNoiseShare, encodeRecord, planNoise, rational, sampledLatticeRdp } from '@tributary/privacy';
import { type Dataset, type ProgramRun, startProgram } from '@tributary/router';
import { describe, expect, it } from 'vitest';

const RUNS = 8000;
const SAMPLING = 0.25;
/** What the step may cost without sampling: a noise multiplier of 0.71, so that there is something to see. */
const RHO = rational(1n);
const SCALE = 4096;
const HONEST = 4;

/** One model, one feature, layers of one unit: three values are trained. */
function firstStep(sampling: number): Extract<ProgramRun, { kind: 'sum' }> {
  const start = startProgram('dp-sgd', {
    models: ['ant'],
    dimensions: 1,
    seed: '5a'.repeat(32),
    projection: 1,
    hidden: [1, 1],
    clipNorm: 0.1,
    headScale: 1,
    sampling,
  });
  if (start.kind !== 'sum') throw new Error('a run starts with a sum');
  const step = start.next(Float64Array.from({ length: start.plan.dimension }, () => 50));
  if (step.kind !== 'sum') throw new Error('a step follows');
  return step;
}

function dataset(records: number): Dataset {
  return {
    models: ['ant'],
    dimensions: 1,
    records,
    features: new Float32Array(records).fill(1),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: new Uint16Array(records),
    quality: new Float64Array(records),
    costUsd: new Float64Array(records).fill(1e-3),
  };
}

interface Broken {
  /** Shares of noise that are added, of those that were declared. */
  readonly shares?: number;
  /** Probability with which records really enter. */
  readonly sampling?: number;
  /** Factor on what a record adds after it was clipped. */
  readonly stretched?: number;
}

/** How far each opened sum lies along the record's gradient, in units of its bound. */
function openings(
  data: Dataset,
  name: string,
  { shares = HONEST, sampling = SAMPLING, stretched = 1 }: Broken,
): Float64Array {
  const step = firstStep(sampling);
  const encoding = { scale: SCALE, normBound: SCALE + 1, coordinateBound: SCALE, maxRecords: 10 };
  const honest = { rho: RHO, normBound: encoding.normBound, minSurvivors: HONEST + 1, colluders: 1 };
  const { variance } = planNoise(honest);
  const { dimension } = step.plan;
  const direction = [...firstStep(1).contribute(dataset(1))][0]?.values.slice() ?? new Float64Array();
  const keyOf = (label: string): Uint8Array => nodeBackend.sha256(utf8(`${name}, ${label}`));
  const noise = Array.from({ length: shares }, (_, share) =>
    drawNoiseShare(nodeBackend, keyOf(`share ${share}`), variance, RUNS * dimension),
  );
  return Float64Array.from({ length: RUNS }, (_, run) => {
    const sum = new Int32Array(dimension);
    for (const record of step.contribute(data, keyOf(`coins ${run}`))) encodeRecord(record, encoding, sum);
    let along = 0;
    for (let j = 0; j < dimension; j++) {
      const words = noise.reduce((total, share) => total + (share[run * dimension + j] ?? 0), 0);
      along += (stretched * (sum[j] ?? 0) + words) * (direction[j] ?? 0);
    }
    return along / SCALE;
  });
}

/** The delta that goes with an epsilon by what is proved at the best integer order. */
function provedDelta(epsilon: number): number {
  let least = 1;
  for (let order = 2; order <= 64; order++) {
    const rdp = sampledLatticeRdp(SAMPLING, 1)(order);
    const log = (order - 1) * (rdp - epsilon + Math.log1p(-1 / order)) - Math.log(order);
    least = Math.min(least, Math.exp(log));
  }
  return least;
}

function above(values: Float64Array, threshold: number): number {
  return values.filter((value) => value > threshold).length / RUNS;
}

/** The most by which a threshold test beats the bound, in standard deviations of its own count. */
function worstExcess(broken: Broken): number {
  const without = openings(dataset(0), 'without', broken).toSorted();
  const present = openings(dataset(1), 'present', broken).toSorted();
  let worst = Number.NEGATIVE_INFINITY;
  for (let threshold = -2; threshold <= 3; threshold += 0.25) {
    const [p, r] = [above(present, threshold), above(without, threshold)];
    for (const epsilon of [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2]) {
      const e = Math.exp(epsilon);
      for (const [hits, alarms] of [
        [p, r],
        [1 - r, 1 - p],
      ] as const) {
        const deviation = Math.sqrt((hits * (1 - hits) + e * e * alarms * (1 - alarms)) / RUNS) + 1 / RUNS;
        worst = Math.max(worst, (hits - e * alarms - provedDelta(epsilon)) / deviation);
      }
    }
  }
  return worst;
}

describe('one step of DP-SGD under a Monte-Carlo audit', () => {
  it('tells no more than is charged', () => {
    expect(worstExcess({})).toBeLessThan(4);
  });

  it.each([
    ['every record enters, though a sample was charged', { sampling: 1 }],
    ['three of four shares of the noise are missing', { shares: 1 }],
    ['a record adds twice its bound', { stretched: 2 }],
  ])('notices where %s', (_, broken) => {
    expect(worstExcess(broken)).toBeGreaterThan(5);
  });
});
