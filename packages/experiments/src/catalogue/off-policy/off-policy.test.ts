import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf } from '../../results/result.ts';
import type { EstimatedValue, TrialOutcome } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import type { ExperimentOptions } from '../../run/experiment-options.ts';
import { trialMeasurer, trialsOf } from '../../run/measure-trial.ts';
import { writeToyLog } from '../../testing/toy-log.ts';
import { offPolicyExperiment } from '../off-policy.ts';
import { figuresOver } from './estimate-frontier.ts';

let directory: string;
let options: ExperimentOptions;
let trial: TrialOutcome;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-off-policy-'));
  const data = join(directory, 'log');
  await writeToyLog(data, 1200);
  options = { experiment: 'off-policy', data, clients: 3, seeds: 1, routers: ['kmeans'], plain: true };
  trial = await trialMeasurer(options)('seed 1, kmeans');
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the experiment off-policy', () => {
  it('measures each assumption on the same router', () => {
    expect(trialsOf(options, 2).map(({ name }) => name)).toEqual(['seed 1, kmeans']);
    const points = trial.measurements.map(({ point }) => point);
    expect(points).toEqual(['propensities known', 'propensities estimated', 'propensities wrong']);
    expect(new Set(trial.measurements.map(({ scores }) => JSON.stringify(scores))).size).toBe(1);
  });

  it('finds a frontier near the truth where propensities are known or estimated', () => {
    for (const { figures = {} } of trial.measurements.slice(0, 2)) {
      expect(figures['doubly robust error']).toBeLessThan(0.04);
      expect(figures['doubly robust coverage']).toBeGreaterThan(0.8);
    }
  });

  it('is the same by the protocol as in clear', async () => {
    const secure = await trialMeasurer({ ...options, plain: false })('seed 1, kmeans');
    expect(secure).toEqual(trial);
  }, 60_000);

  it('shows estimates beside the truth', () => {
    const outcome: ExperimentOutcome = {
      experiment: 'off-policy',
      dataset: 'toy',
      synthetic: true,
      seeds: [1],
      settings: [],
      routers: [{ name: 'kmeans', title: 'K-means' }],
      facts: [trial.facts],
      measurements: trial.measurements,
    };
    const shown = offPolicyExperiment.sections(outcome).map(({ text }) => text);
    expect(shown).toHaveLength(4);
    expect(shown[0]).toContain('<svg');
    expect(shown[3]).toContain('doubly robust coverage');
    const { summary } = resultOf(outcome);
    expect(summary['kmeans']?.['federated']).toHaveProperty('propensities known: doubly robust error');
  });
});

function value(quality: number, half: number): EstimatedValue {
  return { quality, low: quality - half, high: quality + half };
}

describe('the figures of an estimate', () => {
  it('are the mean absolute error and the share of intervals that hold the truth', () => {
    const figures = figuresOver([
      { budgetUsd: 1, truth: 0.5, direct: value(0.7, 0.1), doublyRobust: value(0.55, 0.1) },
      { budgetUsd: 2, truth: 0.6, direct: value(0.6, 0), doublyRobust: value(0.45, 0.2) },
    ]);
    expect(figures['direct error']).toBeCloseTo(0.1, 12);
    expect(figures['direct coverage']).toBe(0.5);
    expect(figures['doubly robust error']).toBeCloseTo(0.1, 12);
    expect(figures['doubly robust coverage']).toBe(1);
    // Of what it does not see it knows nothing.
    expect(figures['IPS error']).toBeCloseTo(0.55, 12);
    expect(figures['IPS coverage']).toBe(0);
  });
});
