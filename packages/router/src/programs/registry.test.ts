import { describe, expect, it } from 'vitest';
import type { RecordVector } from '../program.ts';
import { refusal } from '../testing/refusal.ts';
import { TOY_SEED, toyDataset } from '../testing/toy-dataset.ts';
import { kmeansProgram } from './kmeans/program.ts';
import { programNames, startProgram } from './registry.ts';

const data = toyDataset('registry', { records: 30 });
const parameters = { models: data.models, dimensions: data.dimensions, seed: TOY_SEED, clusters: 2 };

function valuesOf(vectors: Iterable<RecordVector>): number[][] {
  return Array.from(vectors, ({ values }) => [...values]);
}

describe('the registry of programs', () => {
  it('starts a program by its name', () => {
    expect(programNames()).toEqual([
      'kmeans',
      'kmeans-update',
      'mlp',
      'dp-sgd',
      'mlp-add-models',
      'mlp-add-clients',
      'mf',
      'prox',
    ]);
    const run = startProgram('kmeans', parameters);
    const step = kmeansProgram.start(kmeansProgram.parameters(parameters));
    expect(run.kind === 'sum' && step.kind === 'sum').toBe(true);
    if (run.kind !== 'sum' || step.kind !== 'sum') return;
    expect(run.plan).toEqual(step.plan);
    expect(run.stateBytes()).toEqual(kmeansProgram.stateBytes(step.state));
    expect(valuesOf(run.contribute(data))).toEqual(valuesOf(kmeansProgram.contribute(step.state, data)));
  });

  it('leaves a run as it was, so that it can be replayed', () => {
    const run = startProgram('kmeans', parameters);
    if (run.kind !== 'sum') throw new Error('a run starts with a sum');
    const before = run.stateBytes();
    const sum = new Float64Array(run.plan.dimension).fill(1);
    const [once, again] = [run.next(sum), run.next(sum)];
    expect(run.stateBytes()).toEqual(before);
    if (once.kind !== 'sum' || again.kind !== 'sum') throw new Error('the mean is not the last sum');
    expect(once.stateBytes()).toEqual(again.stateBytes());
    expect(once.stateBytes()).not.toEqual(before);
  });

  it('refuses what it does not know', () => {
    for (const name of ['k-means', '', 'constructor', '__proto__']) {
      expect(() => startProgram(name, parameters)).toThrow(refusal('UNKNOWN_PROGRAM', 'kmeans'));
    }
    expect(() => startProgram('kmeans', { ...parameters, clusters: -1 })).toThrow(
      refusal('BAD_PARAMETERS', 'clusters'),
    );
  });
});
