import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../dataset.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { selectRecords } from '../../select-records.ts';
import { refusal } from '../../testing/refusal.ts';
import { runPlainly } from '../../testing/plain-run.ts';
import { TOY_SEED, toyDataset } from '../../testing/toy-dataset.ts';
import { checkKMeansParameters, type KMeansSettings } from './parameters.ts';
import { kmeansProgram } from './program.ts';
import { kmeansStateBytes } from './state.ts';

function parametersFor(data: Dataset, settings: KMeansSettings = {}): unknown {
  return { models: data.models, dimensions: data.dimensions, seed: TOY_SEED, ...settings };
}

function stepsOf(data: Dataset, settings: KMeansSettings): string[] {
  return runPlainly('kmeans', parametersFor(data, settings), [data]).plans.map(({ step }) => step);
}

function isInside({ length, indices, values }: RecordVector, plan: SumPlan): boolean {
  const [places, used] = [indices.subarray(0, length), values.subarray(0, length)];
  return (
    length <= plan.recordSupport &&
    used.every((value) => Math.abs(value) <= plan.recordMax) &&
    Math.hypot(...used) <= plan.recordNorm * (1 + 1e-12) &&
    places.every((index, j) => index < plan.dimension && (j === 0 || index > (places[j - 1] ?? 0)))
  );
}

describe('the K-means program', () => {
  it('finds the topics, and what each model is good at', () => {
    const data = toyDataset('three topics', { records: 600 });
    const { model } = runPlainly('kmeans', parametersFor(data, { clusters: 6, kappa: 5 }), [data]);
    for (let topic = 0; topic < 3; topic++) {
      // Each topic has centres of its own; at every one of them its own model is predicted best.
      const own = Array.from({ length: 6 }, (_, k) => k).filter(
        (k) => (model.centres[k * 8 + topic] ?? 0) > 0.5,
      );
      expect(own.length).toBeGreaterThan(0);
      for (const k of own) {
        const row = [...model.quality.subarray(k * 3, k * 3 + 3)];
        expect(row.indexOf(Math.max(...row))).toBe(topic);
      }
    }
  });

  it('gives bit for bit what the pooled records give, however they are spread over clients', () => {
    const pooled = toyDataset('spread', { records: 120, observations: 2 });
    const parameters = parametersFor(pooled, { clusters: 5, maxEvaluationsPerQuery: 2 });
    const expected = runPlainly('kmeans', parameters, [pooled]);
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 120, maxLength: 120 }), (owners) => {
        const clients = [0, 1, 2, 3].map((client) =>
          selectRecords(
            pooled,
            owners.flatMap((owner, record) => (owner === client ? [record] : [])),
          ),
        );
        expect(runPlainly('kmeans', parameters, clients)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps every record’s vector inside the declared bounds, whatever the dataset holds', () => {
    const wild = fc.record({
      scale: fc.constantFrom(0, 1e-30, 0.5, 1, 3, 1e10),
      quality: fc.constantFrom(-1, 0, 0.5, 1, 9, Number.NaN),
      cost: fc.constantFrom(-1, 0, 1e-9, 1e-3, 5, Number.POSITIVE_INFINITY, Number.NaN),
      name: fc.string(),
    });
    fc.assert(
      fc.property(wild, ({ scale, quality, cost, name }) => {
        const tame = toyDataset(name, { records: 12, observations: 3 });
        const data = {
          ...tame,
          features: tame.features.map((x) => x * scale),
          quality: tame.quality.fill(quality, 3, 20),
          costUsd: tame.costUsd.fill(cost, 10, 30),
        };
        const parameters = parametersFor(data, {
          clusters: 3,
          maxEvaluationsPerQuery: 2,
          lloydIterations: 2,
        });
        const outside: string[] = [];
        runPlainly('kmeans', parameters, [data], (vector, plan) => {
          if (!isInside(vector, plan)) outside.push(plan.step);
        });
        expect(outside).toEqual([]);
      }),
    );
  });

  it('doubles its centres from the global mean up to K, also where K is no power of two', () => {
    const data = toyDataset('steps', { records: 200 });
    const steps = stepsOf(data, { clusters: 6, lloydIterations: 2, tolerance: 0 });
    expect(steps).toEqual(['mean', 'split 1', 'split 2', 'lloyd 1', 'lloyd 2', 'statistics']);
    const slower = stepsOf(data, { clusters: 6, splitIterations: 2, lloydIterations: 1, tolerance: 0 });
    expect(slower).toEqual(['mean', 'split 1', 'split 2', 'split 3', 'split 4', 'lloyd 1', 'statistics']);
  });

  it('asks for 14 sums at most with its defaults', () => {
    expect(stepsOf(toyDataset('defaults', { records: 300 }), { tolerance: 0 })).toHaveLength(14);
  });

  it('stops where the centres stand still', () => {
    const data = toyDataset('converges', { records: 200 });
    const steps = stepsOf(data, { clusters: 3, lloydIterations: 50 });
    expect(steps.length).toBeLessThan(20);
    expect(steps.at(-1)).toBe('statistics');
  });

  it('asks for the statistics alone where K is 1', () => {
    const data = toyDataset('static', { records: 50 });
    const { model, plans } = runPlainly('kmeans', parametersFor(data, { clusters: 1 }), [data]);
    expect(plans.map(({ step }) => step)).toEqual(['statistics']);
    expect(model.observations.reduce((a, b) => a + b)).toBe(50);
  });

  it('starts from no data point', () => {
    const data = toyDataset('starts', { records: 40 });
    const rows = Array.from({ length: 40 }, (_, i) => String([...data.features.subarray(i * 8, i * 8 + 8)]));
    let step = kmeansProgram.start(checkKMeansParameters(parametersFor(data, { clusters: 8 })));
    while (step.kind === 'sum' && step.state.centres.length < 64) {
      const sum = new Float64Array(step.plan.dimension);
      for (const { indices, values } of kmeansProgram.contribute(step.state, data)) {
        indices.forEach((index, j) => (sum[index] = (sum[index] ?? 0) + (values[j] ?? 0)));
      }
      step = kmeansProgram.next(step.state, sum);
    }
    const centres = step.kind === 'sum' ? step.state.centres : new Float64Array();
    const starts = Array.from({ length: 8 }, (_, k) =>
      String([...Float32Array.from(centres.subarray(k * 8, k * 8 + 8))]),
    );
    expect(starts.filter((start) => rows.includes(start))).toEqual([]);
    expect(new Set(starts).size).toBe(8);
  });

  it('works with fewer records than clusters, and with records that are all the same', () => {
    const few = toyDataset('few', { records: 3 });
    expect(runPlainly('kmeans', parametersFor(few), [few]).model.clusters).toBe(20);
    const same = { ...toyDataset('same', { records: 30 }), features: new Float32Array(240).fill(0.1) };
    const { model } = runPlainly('kmeans', parametersFor(same), [same]);
    expect(model.centres.every(Number.isFinite)).toBe(true);
    expect(model.observations.reduce((a, b) => a + b)).toBe(30);
  });

  it('accepts a client without records, and refuses to learn from nobody', () => {
    const data = toyDataset('someone', { records: 30 });
    const nobody = selectRecords(data, []);
    const parameters = parametersFor(data, { clusters: 2 });
    expect(runPlainly('kmeans', parameters, [data, nobody])).toEqual(
      runPlainly('kmeans', parameters, [data]),
    );
    expect(() => runPlainly('kmeans', parameters, [nobody])).toThrow(refusal('NO_RECORDS', 'no records'));
  });

  it('refuses a sum that is not what it asked for', () => {
    const data = toyDataset('sums', { records: 5 });
    const step = kmeansProgram.start(checkKMeansParameters(parametersFor(data)));
    if (step.kind !== 'sum') throw new Error('a run starts with a sum');
    expect(() => kmeansProgram.next(step.state, new Float64Array(8))).toThrow(refusal('BAD_SUM', '9 values'));
    const sum = new Float64Array(9).fill(1);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      sum[4] = value;
      expect(() => kmeansProgram.next(step.state, sum)).toThrow(refusal('BAD_SUM', 'sum[4]'));
    }
  });

  it('refuses a dataset of other models or dimensions', () => {
    const data = toyDataset('shape', { records: 5 });
    const step = kmeansProgram.start(checkKMeansParameters(parametersFor(data)));
    if (step.kind !== 'sum') throw new Error('a run starts with a sum');
    for (const models of [
      ['ant', 'bee'],
      ['bee', 'ant', 'cat'],
    ]) {
      expect(() => kmeansProgram.contribute(step.state, { ...data, models })).toThrow(
        refusal('BAD_DATASET', 'models'),
      );
    }
    const narrow = toyDataset('shape', { records: 5, dimensions: 4 });
    expect(() => kmeansProgram.contribute(step.state, narrow)).toThrow(refusal('BAD_DATASET', 'dimensions'));
  });
});

/** The bytes of every state of a run whose sums are all ones. */
function statesOf(data: Dataset): string[] {
  const seen: string[] = [];
  let step = kmeansProgram.start(checkKMeansParameters(parametersFor(data, { clusters: 3 })));
  while (step.kind === 'sum') {
    seen.push(Buffer.from(kmeansStateBytes(step.state)).toString('hex'));
    step = kmeansProgram.next(step.state, new Float64Array(step.plan.dimension).fill(1));
  }
  return seen;
}

describe('the bytes of its state', () => {
  const data = toyDataset('bytes', { records: 40 });

  it('are the same for everybody', () => {
    const states = statesOf(data);
    expect(statesOf(data)).toEqual(states);
    expect(new Set(states).size).toBe(states.length);
  });

  it('change with every parameter', () => {
    const changes: object[] = [
      {},
      { models: ['ant', 'bee', 'dog'] },
      { seed: 'cd'.repeat(32) },
      { dimensions: 9 },
      { sums: 'noisy', clusters: 20, kappa: 50, lloydIterations: 8 },
      { clusters: 19 },
      { kappa: 51 },
      { splitIterations: 2 },
      { lloydIterations: 9 },
      { tolerance: 1e-3 },
      { maxEvaluationsPerQuery: 2 },
      { costMinUsd: 1e-5 },
      { costMaxUsd: 2 },
    ];
    const hashes = changes.map((change) => {
      const step = kmeansProgram.start(
        checkKMeansParameters({ ...(parametersFor(data) as object), ...change }),
      );
      return step.kind === 'sum' ? Buffer.from(kmeansStateBytes(step.state)).toString('hex') : '';
    });
    expect(new Set(hashes).size).toBe(changes.length);
  });
});
