import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../dataset.ts';
import type { RecordVector, SumPlan } from '../../program.ts';
import { selectRecords } from '../../select-records.ts';
import { isInside } from '../../testing/inside-plan.ts';
import {
  type Habits,
  WORLD_COSTS,
  WORLD_MODELS,
  WORLD_QUALITY,
  worldLogs,
  worldRouter,
  worldValue,
} from '../../testing/logged-world.ts';
import { refusal } from '../../testing/refusal.ts';
import { TOY_SEED } from '../../testing/toy-dataset.ts';
import { TOY_MLP } from '../../testing/toy-mlp.ts';
import { previousRouterText } from '../previous-router.ts';
import { startEstimate } from '../registry.ts';
import { type Estimator, ESTIMATORS, type FrontierEstimate } from './estimate.ts';
import { checkOffPolicyParameters } from './parameters.ts';
import { offPolicyProgram } from './program.ts';

/** Ant everywhere; ant and bee; cat and bee; cat everywhere. */
const LAMBDAS = [1e4, 500, 100, 1];
const CHOICES: readonly [number, number][] = [
  [0, 0],
  [0, 1],
  [2, 1],
  [2, 2],
];

function parametersFor(settings: object = {}): object {
  return {
    router: previousRouterText(worldRouter()),
    models: WORLD_MODELS,
    dimensions: 2,
    seed: TOY_SEED,
    lambdas: LAMBDAS,
    budgetsUsd: [2e-4, 6e-4, 1.5e-3],
    costCapsUsd: WORLD_COSTS.map((cost) => 8 * cost),
    ...settings,
  };
}

/** By sums in clear of integers, 4096 to the unit. */
function estimated(
  clients: readonly Dataset[],
  settings: object = {},
  watch: (vector: RecordVector, plan: SumPlan) => void = () => {},
): FrontierEstimate {
  let run = startEstimate('off-policy', parametersFor(settings));
  while (run.kind === 'sum') {
    const sum = new Float64Array(run.plan.dimension);
    for (const client of clients) {
      for (const vector of run.contribute(client)) {
        watch(vector, run.plan);
        for (let j = 0; j < vector.length; j++) {
          const at = vector.indices[j] ?? 0;
          sum[at] = (sum[at] ?? 0) + Math.round(4096 * (vector.values[j] ?? 0));
        }
      }
    }
    run = run.next(sum.map((integer) => integer / 4096));
  }
  return run.model;
}

const truth = CHOICES.map(worldValue);

function errorsOf(estimate: FrontierEstimate, estimator: Estimator): number[] {
  return estimate.policies.map((policy, j) => policy[estimator].quality - (truth[j]?.quality ?? 0));
}

function withoutPropensities({ propensity, ...data }: Dataset): Dataset {
  expect(propensity).toBeDefined();
  return data;
}

/** What the router that knows the world expects of a choice, by model. */
function utilities(lambda: number, topic: number): number[] {
  return WORLD_COSTS.map((cost, m) => (WORLD_QUALITY[topic]?.[m] ?? 0) - lambda * cost);
}

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

/** Thinks that cat is poor at the first topic and bee at the second, but chooses as if it knew better. */
const WRONG = [
  [0.2, 0.25, 0.7],
  [0.4, 0.7, 0.75],
];

/** Strata that know nothing of topics: they tell queries apart by the second feature. */
const BLIND = previousRouterText({ ...worldRouter(), centres: Float64Array.of(0, -0.6, 0, 0.6) });

/** With the topic as the context of each record. */
function withTopics(data: Dataset): Dataset {
  const contexts = Uint32Array.from({ length: data.records }, (_, i) =>
    (data.features[2 * i] ?? 0) < 0 ? 4 : 1,
  );
  return { ...data, contexts };
}

const many = worldLogs('many', 20_000);
/** Habits that nobody knows: cat was asked what it is good at. */
const OTHERS: Habits = [
  [0.3, 0.4, 0.3],
  [0.1, 0.1, 0.8],
];

describe('an estimate from logs', () => {
  it('knows what every policy would have achieved, in quality and in cost', () => {
    const estimate = estimated([many]);
    expect(estimate.records).toBe(20_000);
    for (const estimator of ESTIMATORS) {
      expect(largest(errorsOf(estimate, estimator))).toBeLessThan(0.02);
      estimate.policies.forEach((policy, j) => {
        expect(policy[estimator].costUsd / (truth[j]?.costUsd ?? 0)).toBeCloseTo(1, 1);
      });
    }
    estimate.policies.forEach(({ meanWeight }) => expect(meanWeight).toBeCloseTo(1, 1));
  });

  it('is the same however the records are spread over clients', () => {
    const halves = [0, 1].map((half) =>
      selectRecords(
        many,
        Array.from({ length: 20_000 }, (_, i) => i).filter((i) => i % 2 === half),
      ),
    );
    expect(estimated(halves)).toEqual(estimated([many]));
  });

  it('of a router that is wrong is wrong by the direct method alone', () => {
    const estimate = estimated([many], { router: previousRouterText(worldRouter(WRONG)) });
    expect(largest(errorsOf(estimate, 'direct'))).toBeGreaterThan(0.1);
    expect(largest(errorsOf(estimate, 'ips'))).toBeLessThan(0.02);
    expect(largest(errorsOf(estimate, 'doublyRobust'))).toBeLessThan(0.02);
  });

  it('with wrong propensities is wrong by weighing alone', () => {
    const estimate = estimated([many], { propensities: 'uniform' });
    expect(largest(errorsOf(estimate, 'ips'))).toBeGreaterThan(0.03);
    expect(largest(errorsOf(estimate, 'doublyRobust'))).toBeLessThan(0.02);
    // And the weights say so.
    expect(Math.max(...estimate.policies.map(({ meanWeight }) => Math.abs(meanWeight - 1)))).toBeGreaterThan(
      0.2,
    );
  });

  it('counts how likely choices were, where logs do not say', () => {
    const clients = [many, worldLogs('others', 10_000, OTHERS)].map(withoutPropensities);
    const strata = previousRouterText(worldRouter());
    const wrong = { router: previousRouterText(worldRouter(WRONG)) };
    const estimate = estimated(clients, { ...wrong, propensities: 'estimated', strata });
    expect(largest(errorsOf(estimate, 'ips'))).toBeLessThan(0.02);
    expect(largest(errorsOf(estimate, 'doublyRobust'))).toBeLessThan(0.02);
    expect(() => estimated(clients, wrong)).toThrow(refusal('BAD_DATASET', 'propensity'));
  });

  it('counts them in the contexts that a client names, whatever the strata show', () => {
    const wrong = {
      router: previousRouterText(worldRouter(WRONG)),
      propensities: 'estimated',
      strata: BLIND,
    };
    const logs = withoutPropensities(many);
    const blind = estimated([logs], wrong);
    expect(largest(errorsOf(blind, 'ips'))).toBeGreaterThan(0.03);
    expect(largest(errorsOf(blind, 'doublyRobust'))).toBeGreaterThan(0.03);
    const seeing = estimated([withTopics(logs)], wrong);
    expect(largest(errorsOf(seeing, 'ips'))).toBeLessThan(0.02);
    expect(largest(errorsOf(seeing, 'doublyRobust'))).toBeLessThan(0.02);
  });

  it.each([
    ['logged', {}],
    ['estimated', { propensities: 'estimated', strata: BLIND }],
  ])(
    'at a budget has an interval that covers the truth as often as it says, with propensities as %s',
    (_, assumed) => {
      const budgetsUsd = [2e-4, 6e-4, 1.5e-3];
      const place = [0, 1, 2].map((b) => {
        const next = truth.findIndex(({ costUsd }) => costUsd > (budgetsUsd[b] ?? 0));
        const [low, high] = [truth[next - 1], truth[next]];
        if (low === undefined || high === undefined) throw new Error('budgets lie between policies');
        const share = ((budgetsUsd[b] ?? 0) - low.costUsd) / (high.costUsd - low.costUsd);
        return low.quality + share * (high.quality - low.quality);
      });
      const covered: Record<Estimator, number> = { direct: 0, ips: 0, doublyRobust: 0 };
      const runs = 150;
      const router = previousRouterText(worldRouter(WRONG));
      for (let run = 0; run < runs; run++) {
        const { budgets } = estimated([withTopics(worldLogs(`run ${run}`, 400))], {
          router,
          budgetsUsd,
          ...assumed,
        });
        budgets.forEach((budget, b) => {
          for (const estimator of ESTIMATORS) {
            const { quality, standardError } = budget[estimator] ?? { quality: 9, standardError: 0 };
            if (Math.abs(quality - (place[b] ?? 0)) <= 1.96 * standardError) covered[estimator] += 1;
          }
        });
      }
      // Of 450 cells, of which three share the records of a run: 95 % give or take four standard errors over the runs.
      for (const estimator of ['ips', 'doublyRobust'] as const) {
        expect(covered[estimator] / (3 * runs)).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / runs));
      }
      // The direct method is sure of what is wrong.
      expect(covered.direct / (3 * runs)).toBeLessThan(0.5);
    },
  );

  it('does not tell what no record tells', () => {
    const onlyAnt = worldLogs('ant', 300, [
      [1, 0, 0],
      [1, 0, 0],
    ]);
    const { policies, budgets } = estimated([onlyAnt]);
    expect(policies.map(({ ips }) => Number.isNaN(ips.quality))).toEqual([false, false, true, true]);
    expect(budgets.every(({ ips }) => ips === undefined || Number.isFinite(ips.quality))).toBe(true);
    expect(() => estimated([selectRecords(onlyAnt, [])])).toThrow(refusal('NO_OBSERVATIONS', 'no survivor'));
  });

  it('keeps every vector inside the declared bounds, whatever the logs hold', () => {
    const wild = fc.record({
      scale: fc.constantFrom(0, 1e-30, 1, 1e10),
      quality: fc.constantFrom(-1, 0.5, 9, Number.NaN),
      cost: fc.constantFrom(-1, 0, 1e-3, 5, Number.POSITIVE_INFINITY, Number.NaN),
      propensity: fc.constantFrom(1e-300, 1e-3, 1),
      mostWeight: fc.constantFrom(1, 2, 1e4),
      propensities: fc.constantFrom('logged', 'estimated', 'uniform'),
    });
    fc.assert(
      fc.property(wild, ({ scale, quality, cost, propensity, mostWeight, propensities }) => {
        const tame = worldLogs('tame', 40);
        const data = {
          ...tame,
          features: tame.features.map((x) => x * scale),
          quality: tame.quality.fill(quality, 3, 20),
          costUsd: tame.costUsd.fill(cost, 10, 30),
          propensity: (tame.propensity ?? new Float64Array(40)).fill(propensity, 5, 25),
        };
        const strata = propensities === 'estimated' ? { strata: previousRouterText(worldRouter()) } : {};
        const outside: string[] = [];
        estimated([data], { mostWeight, propensities, ...strata }, (vector, plan) => {
          if (!isInside(vector, plan)) outside.push(plan.step);
        });
        expect(outside).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the bytes of its state', () => {
  it('change with every parameter and every sum', () => {
    const strata = previousRouterText(worldRouter());
    const changes: object[] = [
      {},
      { router: previousRouterText(worldRouter(WRONG)) },
      { seed: 'cd'.repeat(32) },
      { lambdas: [1e4, 500, 100] },
      { budgetsUsd: [2e-4] },
      { costCapsUsd: [1, 1, 1] },
      { propensities: 'uniform' },
      { propensities: 'estimated', strata },
      { mostWeight: 20 },
    ];
    const bytes = changes.map((change) => {
      const run = startEstimate('off-policy', parametersFor(change));
      return run.kind === 'sum' ? Buffer.from(run.stateBytes()).toString('hex') : '';
    });
    expect(new Set(bytes).size).toBe(changes.length);
    const states: string[] = [];
    let run = startEstimate('off-policy', parametersFor({ propensities: 'estimated', strata }));
    while (run.kind === 'sum') {
      states.push(Buffer.from(run.stateBytes()).toString('hex'));
      run = run.next(new Float64Array(run.plan.dimension).fill(1));
    }
    expect(new Set(states).size).toBe(3);
  });
});

describe('its parameters', () => {
  const strata = previousRouterText(worldRouter());
  it.each<[string, object]>([
    ['router', { router: '{}' }],
    ['router', { router: 7 }],
    ['models', { models: ['ant', 'bee', 'dog'] }],
    ['models', { models: ['ant', 'bee'] }],
    ['dimensions', { dimensions: 3 }],
    ['lambdas', { lambdas: [1, 2] }],
    ['lambdas', { lambdas: [] }],
    ['lambdas', { lambdas: [Number.NaN] }],
    ['budgetsUsd', { budgetsUsd: [2, 1] }],
    ['budgetsUsd', { budgetsUsd: [0] }],
    ['costCapsUsd', { costCapsUsd: [1, 1] }],
    ['propensities', { propensities: 'guessed' }],
    ['strata', { propensities: 'estimated' }],
    ['strata', { propensities: 'estimated', strata: previousRouterText(TOY_MLP) }],
    ['strata', { strata }],
    ['mostWeight', { mostWeight: 0.5 }],
  ])('are refused for their %s', (field, change) => {
    expect(() => checkOffPolicyParameters(parametersFor(change))).toThrow(refusal('BAD_PARAMETERS', field));
  });

  it('fit no sum of another length and no other data', () => {
    const step = offPolicyProgram.start(checkOffPolicyParameters(parametersFor()));
    if (step.kind !== 'sum') throw new Error('a run starts with a sum');
    expect(() => offPolicyProgram.next(step.state, new Float64Array(3))).toThrow(
      refusal('BAD_SUM', 'values'),
    );
    const others = { ...many, models: ['x', 'y', 'z'] };
    expect(() => [...offPolicyProgram.contribute(step.state, others)]).toThrow(
      refusal('BAD_DATASET', 'models'),
    );
    const broken = { ...many, features: many.features.with(4, Number.NaN) };
    expect(() => [...offPolicyProgram.contribute(step.state, broken)]).toThrow(
      refusal('BAD_DATASET', 'record 2'),
    );
  });
});

it('is about a world in which the policies choose as the tests say', () => {
  LAMBDAS.forEach((lambda, j) => {
    const choices = [0, 1].map((topic) => {
      const row = utilities(lambda, topic);
      return row.indexOf(Math.max(...row));
    });
    expect(choices).toEqual(CHOICES[j]);
  });
});
