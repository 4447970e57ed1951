import { describe, expect, it } from 'vitest';
import { EXPERIMENTS, experimentNamed } from '../../catalogue/registry.ts';
import { clientsPoint, coveragePoint, everyAnswerPoint } from '../../catalogue/scale-points.ts';
import type { RouterScore } from '../../evaluation/score-router.ts';
import type { ChargedBudget } from '../../privacy/charged-budget.ts';
import { NO_NOISE, SWEEP, sweepPoint } from '../../privacy/sweep.ts';
import type { Measurement, SceneFacts, Setting } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import { renderExperimentReport } from './render-experiment-report.ts';

function score(aucShared: number): RouterScore {
  return {
    auc: aucShared,
    aucShared,
    costAt97: 0.5,
    qualityAtBudget: { '10%': 0.4, '25%': 0.5, '50%': 0.55, '100%': 0.6 },
    frontier: [
      { costUsd: 1e-4, quality: aucShared - 0.1 },
      { costUsd: 1e-3, quality: aucShared + 0.1 },
    ],
  };
}

function factsOf(seed: number, point?: string): SceneFacts {
  const singles = [
    { model: 'small', costUsd: 1e-4, quality: 0.4 },
    { model: 'large', costUsd: 1e-3, quality: 0.6 },
  ] as const;
  return {
    seed,
    ...(point === undefined ? {} : { point }),
    models: ['small', 'large'],
    trainQueries: 7500,
    testQueries: 2500,
    coverage: [
      [120, 3],
      [0, 77],
    ],
    singles,
    singlesScore: score(0.5),
    singlesFrontier: singles,
    bestSingle: singles[1],
    cheapest: singles[0],
    oracle: { costUsd: 2e-4, quality: 0.9 },
  };
}

function measured(
  setting: Setting,
  seed: number,
  aucShared: number,
  rest: Partial<Measurement> = {},
): Measurement {
  return { router: 'kmeans', setting, seed, clients: 2, scores: [score(aucShared)], ...rest };
}

function outcomeOf(seeds: readonly number[], change: Partial<ExperimentOutcome> = {}): ExperimentOutcome {
  return {
    experiment: 'main',
    dataset: 'a workload',
    synthetic: false,
    seeds,
    settings: [['seeds', '3']],
    routers: [{ name: 'kmeans', title: 'K-means' }],
    facts: seeds.map((seed) => factsOf(seed)),
    measurements: seeds.flatMap((seed) => [
      measured('federated', seed, 0.6 + seed / 100, {
        ownTest: [0.6, 0.5],
        tuned: ['K 8, kappa 20'],
        atHeldOutLambda: { quality: 0.953, cost: 0.4 },
      }),
      measured('centralised', seed, 0.61 + seed / 100),
      measured('local', seed, 0.5, {
        ownTest: [0.5, 0.6],
        scores: [score(0.5), score(0.52)],
        tuned: ['K 1, kappa 20', 'K 8, kappa 20'],
      }),
      measured('static', seed, 0.55),
    ]),
    ...change,
  };
}

function render(outcome: ExperimentOutcome): string {
  const experiment = experimentNamed(outcome.experiment);
  return renderExperimentReport(outcome, experiment.description, experiment.sections(outcome));
}

describe('the report of a comparison', () => {
  const html = render(outcomeOf([1, 2, 3]));

  it('draws a frontier with a band for every setting, and the models each client had seen', () => {
    for (const style of ['federated', 'centralised', 'local', 'static', 'singles']) {
      expect(html).toContain(`class="band ${style}"`);
      expect(html).toContain(`class="line ${style}"`);
    }
    expect(html).toContain('client 1, small: 120');
    expect(html).not.toContain('NaN');
    expect(html).not.toContain('undefined');
  });

  it('gives means with intervals, differences within seeds, and what tuning chose', () => {
    expect(html).toContain('0.620 ± 0.025');
    expect(html).toContain('<th scope="row">K-means: federated − centralised</th><td>−0.010</td>');
    expect(html).toContain('K 8, kappa 20 (3)');
    expect(html).toContain('1.0 of 2');
    expect(html).toContain('95.3 %');
  });

  it('says what one seed cannot tell, and that a generated workload is one', () => {
    const single = render(outcomeOf([1], { synthetic: true }));
    expect(single).toContain('One seed: there are no intervals');
    expect(single).toContain('synthetic workload');
    expect(single).not.toContain('NaN');
    expect(html).not.toContain('synthetic workload');
  });

  it('turns no name into markup', () => {
    const hostile = '<script>alert("x")</script>';
    const facts = factsOf(1);
    const outcome = outcomeOf([1], {
      dataset: hostile,
      settings: [[hostile, hostile]],
      facts: [{ ...facts, models: [hostile, 'large'], bestSingle: { ...facts.bestSingle, model: hostile } }],
    });
    expect(render(outcome)).not.toContain('<script');
  });

  it('is written for every experiment even where nothing was measured', () => {
    for (const { name } of EXPERIMENTS) {
      expect(render(outcomeOf([1], { experiment: name, measurements: [], facts: [factsOf(1)] }))).toContain(
        '</html>',
      );
    }
  });
});

describe('the report of privacy', () => {
  const seeds = [1, 2, 3];
  const budget = { unit: 'record', noise: 'shared', delta: 1e-5 } as const;
  const charged = (epsilon: number): ChargedBudget => ({
    ...budget,
    epsilon,
    filter: 'zcdp',
    spentEpsilon: 0.83 * epsilon,
    expectedEpsilon: 0.76 * epsilon,
    releases: 6,
    colluders: 3,
    minSurvivors: 8,
    statement: '# Privacy statement <of this run>',
  });
  /** What noise leaves, beyond the static router of the same budget. */
  const gains = new Map([
    [1, -0.02],
    [3, 0.001],
    [8, 0.01],
  ]);
  const measurements = seeds.flatMap((seed) => [
    measured('local', seed, 0.55, { point: NO_NOISE, clients: 10 }),
    measured('federated', seed, 0.65, { point: NO_NOISE, clients: 10 }),
    measured('static', seed, 0.63, { point: NO_NOISE, clients: 10 }),
    ...SWEEP.slice(0, 3).flatMap((step) => {
      const point = sweepPoint(step, 10);
      const { epsilon } = step.budget;
      const noise = { point, clients: 10, privacy: charged(epsilon) };
      const chance = epsilon === 3 ? (seed - 2) / 50 : seed / 10_000;
      return [
        measured('federated', seed, 0.63 + (gains.get(epsilon) ?? 0) + chance, noise),
        measured('static', seed, 0.63, noise),
      ];
    }),
  ]);
  const html = render(outcomeOf(seeds, { experiment: 'privacy', measurements }));

  it('says of every budget whether the query helped', () => {
    expect(html).toContain('did harm: take the static router');
    expect(html).toContain('helped in the mean, within chance');
    expect(html).toContain('<td>helped</td>');
    expect(html).toContain('+0.010');
    expect(html).toMatch(/record, ε 3, 10 clients/);
  });

  it('forecasts by the signal that a budget leaves, and shows the charge with its statement', () => {
    expect(html).toMatch(/\d+\.\d\d: go/);
    expect(html).toContain('<td>2.490</td><td>2.280</td>');
    expect(html).toContain('# Privacy statement &lt;of this run&gt;');
    expect(html).not.toContain('No noise was added');
  });
});

describe('the report of scale', () => {
  it('draws what routers lack to full knowledge, by clients and by models per client', () => {
    const seeds = [1, 2];
    const measurements = seeds.flatMap((seed) => [
      measured('centralised', seed, 0.7, { point: everyAnswerPoint(40) }),
      measured('centralised', seed, 0.8, { point: everyAnswerPoint(2) }),
      ...[2, 5, 10, 20, 40].flatMap((clients) => [
        measured('federated', seed, 0.7 - 0.2 / Math.sqrt(clients), { point: clientsPoint(clients) }),
        measured('local', seed, 0.5, { point: clientsPoint(clients) }),
      ]),
      measured('federated', seed, 0.65, { point: coveragePoint(1) }),
      measured('federated', seed, 0.75, { point: coveragePoint(undefined) }),
    ]);
    const facts = seeds.flatMap((seed) => [factsOf(seed), factsOf(seed, coveragePoint(undefined))]);
    const html = render(outcomeOf(seeds, { experiment: 'scale', measurements, facts }));
    expect(html).toContain('class="line guide"');
    // 0.2 / sqrt(5) at five clients, 0.8 - 0.65 where each client uses one model.
    expect(html).toContain('<th scope="row">5 clients</th><td>0.089 ± 0.000</td>');
    expect(html).toContain('<th scope="row">1 model each</th><td>0.150 ± 0.000</td>');
    expect(html).not.toContain('NaN');
  });
});
