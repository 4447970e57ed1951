import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../dataset.ts';
import { WORLD_COSTS, WORLD_MODELS, worldRouter } from '../../testing/logged-world.ts';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { previousRouterText } from '../previous-router.ts';
import { checkOffPolicyParameters } from './parameters.ts';
import { estimatedPropensities, propensityTable } from './propensities.ts';

const strata = worldRouter();
const parameters = checkOffPolicyParameters({
  router: previousRouterText(strata),
  models: WORLD_MODELS,
  dimensions: 2,
  seed: TOY_SEED,
  lambdas: [1],
  budgetsUsd: [1],
  costCapsUsd: WORLD_COSTS,
  propensities: 'estimated',
  strata: previousRouterText(strata),
});
/** Ten records of every organisation: half of each stratum. */
const table = propensityTable(Float64Array.of(1, 3, 1, 4, 0, 1), 3);

/** Records of the first stratum, each with one observation: `model` of it. */
function logOf(model: readonly number[], contexts?: readonly number[]): Dataset {
  const records = model.length;
  return {
    models: WORLD_MODELS,
    dimensions: 2,
    records,
    features: Float32Array.from({ length: 2 * records }, (_, j) => (j % 2 === 0 ? -0.6 : 0)),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from(model),
    quality: new Float64Array(records),
    costUsd: new Float64Array(records),
    ...(contexts === undefined ? {} : { contexts: Uint32Array.from(contexts) }),
  };
}

function propensitiesOf(data: Dataset): number[] {
  const propensityOf = estimatedPropensities(parameters, strata, table, data);
  return Array.from({ length: data.records }, (_, i) => propensityOf(i, i));
}

describe('estimated propensities', () => {
  it('count a model that was chosen anywhere in every stratum', () => {
    expect(table.every((frequency) => frequency > 0)).toBe(true);
    expect(table[0]).toBeCloseTo((1 + 5 * 0.5) / 10, 12);
  });

  it('of a record alone in its context are those of its stratum: it does not judge itself', () => {
    const alone = propensitiesOf(logOf([0, 1, 2], [7, 5, 2 ** 32 - 1]));
    alone.forEach((propensity, m) => expect(propensity).toBeCloseTo(table[m] ?? 0, 12));
  });

  it('count the other records of its context, shrunk to its stratum as ten records', () => {
    const [first, , , last] = propensitiesOf(logOf([0, 0, 0, 1], [3, 3, 3, 3]));
    expect(first).toBeCloseTo((2 + 10 * (table[0] ?? 0)) / 13, 12);
    expect(last).toBeCloseTo((10 * (table[1] ?? 0)) / 13, 12);
  });

  it('are a distribution over models for a record that comes to the others', () => {
    const others = [0, 1, 1, 2, 0, 1];
    const shares = [0, 1, 2].map((model) => propensitiesOf(logOf([...others, model])).at(-1) ?? 0);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  it('take the stratum for the context where a dataset names none', () => {
    const model = [0, 1, 1, 2];
    expect(propensitiesOf(logOf(model))).toEqual(propensitiesOf(logOf(model, [9, 9, 9, 9])));
  });
});
