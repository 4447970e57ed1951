import { describe, expect, it } from 'vitest';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { checkMlpParameters } from './parameters.ts';

const REQUIRED = { models: ['ant', 'bee'], dimensions: 8, seed: TOY_SEED };

describe('the parameters of the MLP program', () => {
  it('are the paper’s by default, but for models, dimensions and seed', () => {
    expect(checkMlpParameters(REQUIRED)).toEqual({
      ...REQUIRED,
      hidden: [512, 512],
      rounds: 5,
      localEpochs: 1,
      batchSize: 128,
      learningRate: 1e-3,
      weightDecay: 3e-4,
      dropout: 0.1,
      gradientClip: 1,
      clipNorm: 16,
      fullWeight: 10_000,
      holdOut: 0,
      maxEvaluationsPerQuery: 1,
      costMinUsd: 1e-6,
      costMaxUsd: 1,
    });
  });

  it.each([
    ['models', ['ant', 'ant']],
    ['models', undefined],
    ['dimensions', 0],
    ['seed', 'ab'],
    ['hidden', 512],
    ['hidden', [512]],
    ['hidden', [512, 512, 512]],
    ['hidden', [0, 512]],
    ['hidden', [16, 9000]],
    ['hidden', [16, 1.5]],
    ['rounds', 0],
    ['rounds', 10_001],
    ['localEpochs', 0],
    ['batchSize', 0],
    ['batchSize', 4097],
    ['learningRate', 0],
    ['learningRate', 2],
    ['learningRate', '1e-3'],
    ['weightDecay', -1e-9],
    ['dropout', 0.95],
    ['gradientClip', 0],
    ['clipNorm', 0],
    ['clipNorm', Number.NaN],
    ['fullWeight', 0],
    ['holdOut', 0.6],
    ['holdOut', -0.1],
    ['maxEvaluationsPerQuery', 3],
    ['costMinUsd', 0],
    ['costMaxUsd', 1e-6],
  ])('refuse %s = %j and name it', (field, value) => {
    expect(() => checkMlpParameters({ ...REQUIRED, [field]: value })).toThrow(
      refusal('BAD_PARAMETERS', `parameters.${field} `),
    );
  });

  it('refuse a field that they do not know, and what holds no fields', () => {
    expect(() => checkMlpParameters({ ...REQUIRED, clusters: 20 })).toThrow(
      refusal('BAD_PARAMETERS', '"clusters"'),
    );
    for (const value of [null, 3, []]) {
      expect(() => checkMlpParameters(value)).toThrow(refusal('BAD_PARAMETERS', 'parameters'));
    }
  });

  it('refuse what would not fit into memory', () => {
    for (const change of [{ hidden: [8192, 8192] }, { batchSize: 4096 }]) {
      expect(() => checkMlpParameters({ ...REQUIRED, dimensions: 65536, ...change })).toThrow(
        refusal('BAD_PARAMETERS', 'parameters.hidden'),
      );
    }
  });
});
