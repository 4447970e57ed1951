import { describe, expect, it } from 'vitest';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { checkKMeansParameters } from './parameters.ts';

const REQUIRED = { models: ['ant', 'bee'], dimensions: 8, seed: TOY_SEED };

describe('the parameters of the K-means program', () => {
  it('have defaults for all but models, dimensions and seed', () => {
    expect(checkKMeansParameters(REQUIRED)).toEqual({
      ...REQUIRED,
      sums: 'exact',
      clusters: 20,
      kappa: 'estimated',
      splitIterations: 1,
      lloydIterations: 8,
      tolerance: 1e-4,
      maxEvaluationsPerQuery: 1,
      costMinUsd: 1e-6,
      costMaxUsd: 1,
    });
  });

  it('have others for noisy sums', () => {
    expect(checkKMeansParameters({ ...REQUIRED, sums: 'noisy' })).toMatchObject({
      clusters: 24,
      kappa: 20,
      lloydIterations: 4,
    });
    expect(checkKMeansParameters({ ...REQUIRED, sums: 'noisy', clusters: 3 }).clusters).toBe(3);
  });

  it('let kappa be estimated from exact sums, not from noisy ones', () => {
    expect(checkKMeansParameters({ ...REQUIRED, kappa: 'estimated' }).kappa).toBe('estimated');
    expect(checkKMeansParameters({ ...REQUIRED, kappa: 50 }).kappa).toBe(50);
    expect(() => checkKMeansParameters({ ...REQUIRED, sums: 'noisy', kappa: 'estimated' })).toThrow(
      refusal('BAD_PARAMETERS', 'parameters.kappa '),
    );
  });

  it.each([
    ['models', []],
    ['models', ['ant', 'ant']],
    ['models', ['ant', '']],
    ['models', ['ant', 7]],
    ['models', ['ant', '\u001b[2Jbee']],
    ['models', 'ant'],
    ['models', undefined],
    ['dimensions', 0],
    ['dimensions', 1.5],
    ['dimensions', '8'],
    ['seed', 'ab'],
    ['seed', TOY_SEED.toUpperCase()],
    ['seed', undefined],
    ['sums', 'some'],
    ['sums', true],
    ['clusters', 0],
    ['clusters', 5000],
    ['clusters', null],
    ['kappa', -1],
    ['kappa', 'guessed'],
    ['kappa', Number.NaN],
    ['kappa', Number.POSITIVE_INFINITY],
    ['splitIterations', 0],
    ['lloydIterations', 0],
    ['tolerance', -1e-9],
    ['maxEvaluationsPerQuery', 3],
    ['costMinUsd', 0],
    ['costMaxUsd', 1e-6],
    ['costMaxUsd', Number.POSITIVE_INFINITY],
  ])('refuse %s = %j and name it', (field, value) => {
    expect(() => checkKMeansParameters({ ...REQUIRED, [field]: value })).toThrow(
      refusal('BAD_PARAMETERS', `parameters.${field} `),
    );
  });

  it('refuse a field that they do not know', () => {
    expect(() => checkKMeansParameters({ ...REQUIRED, kapa: 5 })).toThrow(
      refusal('BAD_PARAMETERS', '"kapa"'),
    );
    const polluted: unknown = JSON.parse(`{"__proto__": {"kappa": 1}, "dimensions": 8}`);
    expect(() => checkKMeansParameters(polluted)).toThrow(refusal('BAD_PARAMETERS', 'models'));
  });

  it('refuse a vector that would not fit into memory', () => {
    expect(() => checkKMeansParameters({ ...REQUIRED, dimensions: 65536, clusters: 4096 })).toThrow(
      refusal('BAD_PARAMETERS', 'clusters'),
    );
  });

  it.each([null, undefined, 3, 'text', [], new Map()])('refuse %j, which holds no fields', (value) => {
    expect(() => checkKMeansParameters(value)).toThrow(refusal('BAD_PARAMETERS', 'parameters'));
  });
});
