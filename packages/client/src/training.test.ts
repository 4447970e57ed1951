import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { EMPTY_LOG_HEAD, nextLogHead, type RoundResult } from '@tributary/protocol';
import { type Dataset, previousRouterText, startProgram } from '@tributary/router';
import { planRound, type RunManifest } from '@tributary/runtime';
import { describe, expect, it } from 'vitest';
import { startTraining, type Training, type TrainingOptions } from './training.ts';
import { NO_PROOF } from '../../../test/support/opening-proof.ts';

const DIMENSIONS = 4;
const MANIFEST: RunManifest = {
  name: 'toy',
  program: 'kmeans',
  parameters: { models: ['small', 'large'], dimensions: DIMENSIONS, clusters: 2 },
  encoder: 'toy',
  maxRecords: 20,
  contributors: 3,
  privacy: 'none',
  seed: '05'.repeat(32),
};

/** Records on two sides of the origin; what is good on one side is bad on the other. */
function dataset(records: number): Dataset {
  const features = new Float32Array(records * DIMENSIONS);
  for (let i = 0; i < records; i++) {
    features[i * DIMENSIONS] = i % 2 === 0 ? 0.9 : -0.9;
    features[i * DIMENSIONS + 1] = i / (4 * records);
  }
  const each = Array.from({ length: records }, (_, i) => i);
  return {
    models: ['small', 'large'],
    dimensions: DIMENSIONS,
    features,
    records,
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from(each, (i) => (i >> 1) % 2),
    quality: Float64Array.from(each, (i) => (i % 2 === (i >> 1) % 2 ? 1 : 0)),
    costUsd: Float64Array.from(each, (i) => ((i >> 1) % 2 === 0 ? 0.001 : 0.01)),
  };
}

const start = (change: Partial<TrainingOptions> = {}): Training =>
  startTraining({
    crypto: nodeBackend,
    manifest: MANIFEST,
    run: new Uint8Array(32).fill(1),
    identity: new Uint8Array(32).fill(2),
    data: dataset(10),
    ...change,
  });

const result = (round: number): RoundResult => ({
  roundContext: new Uint8Array(32).fill(round),
  round,
  attempt: 1,
  survivors: [0, 1, 2],
  survivorsDigest: new Uint8Array(32),
  length: 0,
  digest: new Uint8Array(32).fill(9),
  proof: NO_PROOF,
});

describe('local training', () => {
  it('expects what the coordinator will ask for', () => {
    const program = startProgram('kmeans', { ...MANIFEST.parameters, seed: MANIFEST.seed });
    if (program.kind !== 'sum') throw new Error('finished without a sum');
    expect(start().expected()).toEqual(
      planRound(nodeBackend, program.plan, program.stateBytes(), {
        round: 1,
        logHead: EMPTY_LOG_HEAD,
        contributors: 3,
        maxRecords: 20,
        privacy: 'none',
      }).expected,
    );
  });

  it('comes to the same router at every member, from sums alone', () => {
    const members = [dataset(10), dataset(7), dataset(12)].map((data, i) =>
      start({ data, identity: new Uint8Array(32).fill(i) }),
    );
    let logHead = EMPTY_LOG_HEAD;
    let round = 0;
    while (members[0]?.expected() !== undefined) {
      round += 1;
      const expected = members[0].expected();
      for (const member of members) expect(member.expected()).toEqual(expected);
      const sum = new Int32Array(expected?.dimension ?? 0);
      for (const member of members) {
        const vector = member.contribution();
        expect(vector).toHaveLength(sum.length);
        vector.forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
      }
      // As a sum arrives: the low bits of each word.
      const mask = 2 ** (expected?.bits ?? 32) - 1;
      for (const member of members)
        member.accept(
          result(round),
          sum.map((word) => word & mask),
        );
      logHead = nextLogHead(nodeBackend, logHead, result(round));
    }
    expect(round).toBeGreaterThan(3);
    for (const member of members) {
      expect(member).toMatchObject({ knownSums: round, logHead, cohortSizes: Array<number>(round).fill(3) });
      expect(member.model).toEqual(members[0]?.model);
    }
    expect(members[0]?.model).toMatchObject({
      kind: 'kmeans',
      models: ['small', 'large'],
      dimensions: DIMENSIONS,
    });
  });

  it('goes on from the router of another run, with a model that this one did not know', () => {
    const first = start();
    for (let round = 1; first.expected() !== undefined; round++)
      first.accept(result(round), first.contribution());
    if (first.model === undefined) throw new Error('the first run is over');
    const news = { ...dataset(10), models: ['larger'], model: new Uint16Array(10) };
    const router = previousRouterText(first.model);
    const parameters = { models: ['larger'], dimensions: DIMENSIONS, router };
    const manifest = { ...MANIFEST, program: 'kmeans-update', parameters };
    const update = start({ manifest, data: news });
    update.accept(result(1), update.contribution());
    expect(update.model?.models).toEqual(['small', 'large', 'larger']);
  });

  it('has nothing to give, and takes nothing, when the model is finished', () => {
    const training = start();
    for (let round = 1; training.expected() !== undefined; round++)
      training.accept(result(round), training.contribution());
    const { model, knownSums } = training;
    expect(training.contribution()).toHaveLength(0);
    training.accept(result(knownSums + 1), new Int32Array(5));
    expect(training).toMatchObject({ model, knownSums });
  });

  it('says so where a sum leaves nothing to learn from', () => {
    const training = start();
    const { dimension = 0 } = training.expected() ?? {};
    expect(() => training.accept(result(1), new Int32Array(dimension))).toThrow(
      expect.objectContaining({ name: 'RouterError', code: 'NO_RECORDS' }),
    );
    expect(training.knownSums).toBe(0);
  });

  it('refuses parameters that the program does not take', () => {
    expect(() => start({ manifest: { ...MANIFEST, parameters: { models: ['a'], dimensions: 0 } } })).toThrow(
      expect.objectContaining({ name: 'RouterError', code: 'BAD_PARAMETERS' }),
    );
  });
});

/** What it contributes to the first sum tells which records take part. */
const contribution = (change: Partial<TrainingOptions> = {}): string =>
  toHex(new Uint8Array(start({ data: dataset(200), ...change }).contribution().buffer));

describe('an organisation with more records than the run takes', () => {
  it('says how many stay out', () => {
    expect(start({ data: dataset(200) })).toMatchObject({ records: 20, leftOut: 180 });
    expect(start({ data: dataset(20) })).toMatchObject({ records: 20, leftOut: 0 });
  });

  it('takes part with the same records after a restart', () => {
    expect(contribution()).toBe(contribution());
  });

  it('takes part with others in another run, and under another key', () => {
    const ways = [
      contribution(),
      contribution({ run: new Uint8Array(32).fill(3) }),
      contribution({ identity: new Uint8Array(32).fill(3) }),
    ];
    expect(new Set(ways).size).toBe(3);
  });

  it('gives no more than the bound that the ring is sized for', () => {
    const training = start({ data: dataset(200) });
    const { inputBound = 0 } = training.expected() ?? {};
    for (const value of training.contribution()) expect(Math.abs(value)).toBeLessThanOrEqual(inputBound);
  });
});

describe('secret samples', () => {
  const parameters = {
    models: ['small', 'large'],
    dimensions: DIMENSIONS,
    projection: 2,
    hidden: [2, 2],
    steps: 2,
    sampling: 0.5,
  };
  const manifest = { ...MANIFEST, program: 'dp-sgd', parameters, maxRecords: 1000 };

  /** At the first step of a run without noise, so that vectors show who is in them. */
  const atFirstStep = (): Training => {
    const training = start({ manifest, data: dataset(400) });
    training.accept(result(1), training.contribution());
    return training;
  };

  it('are drawn anew for every attempt', () => {
    const training = atFirstStep();
    expect(training.expected()).toBeDefined();
    expect(training.contribution()).not.toEqual(training.contribution());
  });

  it('are drawn for sampled sums alone', () => {
    const training = start({
      manifest: { ...manifest, parameters: { ...parameters, sampling: 1 } },
      data: dataset(400),
    });
    training.accept(result(1), training.contribution());
    expect(training.contribution()).toEqual(training.contribution());
  });
});
