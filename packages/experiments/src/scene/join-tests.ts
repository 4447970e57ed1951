import type { TestSet } from '@tributary/router';

/**
 * The queries of several test sets in one.
 * @param tests at least one; all with the same models and dimensions
 */
export function joinTests(tests: readonly TestSet[]): TestSet {
  const { models, dimensions } = tests[0] as TestSet;
  const queries = tests.reduce((total, test) => total + test.queries, 0);
  const joined = {
    models,
    dimensions,
    queries,
    features: new Float32Array(queries * dimensions),
    quality: new Float64Array(queries * models.length),
    costUsd: new Float64Array(queries * models.length),
  };
  let at = 0;
  for (const test of tests) {
    joined.features.set(test.features, at * dimensions);
    joined.quality.set(test.quality, at * models.length);
    joined.costUsd.set(test.costUsd, at * models.length);
    at += test.queries;
  }
  return joined;
}
