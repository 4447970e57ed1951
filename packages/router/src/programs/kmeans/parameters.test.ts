import { describe, expect, it } from 'vitest';
import { expectRouterError } from '../../testing/expect-router-error.ts';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { checkKMeansParameters } from './parameters.ts';

const REQUIRED = { models: ['ant', 'bee'], dimensions: 8, seed: TOY_SEED };

describe('the parameters of the K-means program', () => {
  it('have defaults for all but models, dimensions and seed', () => {
    expect(checkKMeansParameters(REQUIRED)).toEqual({
      ...REQUIRED,
      clusters: 20,
      kappa: 50,
      splitIterations: 1,
      lloydIterations: 8,
      tolerance: 1e-4,
      maxEvaluationsPerQuery: 1,
      costMinUsd: 1e-6,
      costMaxUsd: 1,
    });
  });

  it.each([
    ['models', []],
    ['models', ['ant', 'ant']],
    ['models', ['ant', '']],
    ['models', ['ant', 7]],
    ['models', 'ant'],
    ['models', undefined],
    ['dimensions', 0],
    ['dimensions', 1.5],
    ['dimensions', '8'],
    ['seed', 'ab'],
    ['seed', TOY_SEED.toUpperCase()],
    ['seed', undefined],
    ['clusters', 0],
    ['clusters', 5000],
    ['clusters', null],
    ['kappa', -1],
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
    expectRouterError('BAD_PARAMETERS', `parameters.${field} `, () =>
      checkKMeansParameters({ ...REQUIRED, [field]: value }),
    );
  });

  it('refuse a field that they do not know', () => {
    expectRouterError('BAD_PARAMETERS', '"kapa"', () => checkKMeansParameters({ ...REQUIRED, kapa: 5 }));
    const polluted: unknown = JSON.parse(`{"__proto__": {"kappa": 1}, "dimensions": 8}`);
    expectRouterError('BAD_PARAMETERS', 'models', () => checkKMeansParameters(polluted));
  });

  it('refuse a vector that would not fit into memory', () => {
    expectRouterError('BAD_PARAMETERS', 'clusters', () =>
      checkKMeansParameters({ ...REQUIRED, dimensions: 65536, clusters: 4096 }),
    );
  });

  it.each([null, undefined, 3, 'text', [], new Map()])('refuse %j, which holds no fields', (value) => {
    expectRouterError('BAD_PARAMETERS', 'parameters', () => checkKMeansParameters(value));
  });
});
