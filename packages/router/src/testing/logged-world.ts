import type { KMeansModel } from '../artifact/model.ts';
import { logCostOf } from '../cost/log-cost.ts';
import type { CostQuality } from '../evaluation/curve.ts';
import type { Dataset } from '../dataset.ts';
import { createGenerator } from '../random/generator.ts';
import { seedOf } from './toy-dataset.ts';

const BOUNDS = { costMinUsd: 1e-6, costMaxUsd: 1 };
export const WORLD_MODELS: readonly string[] = ['ant', 'bee', 'cat'];
/** What each model costs, in USD, whatever the query. */
export const WORLD_COSTS: readonly number[] = [1e-4, 5e-4, 2e-3];

/** Mean quality per topic and model: cat is good at all, bee at the second topic, ant at little. */
export const WORLD_QUALITY: readonly (readonly number[])[] = [
  [0.2, 0.35, 0.8],
  [0.4, 0.85, 0.9],
];

/** A logging policy that looks at the query: how likely each model is, per topic. */
export type Habits = readonly (readonly number[])[];

export const HABITS: Habits = [
  [0.6, 0.3, 0.1],
  [0.2, 0.2, 0.6],
];

/** A K-means router of two clusters, the topics. */
export function worldRouter(quality: readonly (readonly number[])[] = WORLD_QUALITY): KMeansModel {
  return {
    ...BOUNDS,
    kind: 'kmeans',
    models: WORLD_MODELS,
    dimensions: 2,
    clusters: 2,
    centres: Float64Array.of(-0.6, 0, 0.6, 0),
    observations: new Float64Array(6).fill(50),
    quality: Float64Array.from(quality.flat()),
    logCost: Float64Array.from([...WORLD_COSTS, ...WORLD_COSTS], (cost) => logCostOf(cost, BOUNDS)),
    kappa: { quality: 0, logCost: 0 },
    logCostVariance: new Float64Array(3),
  };
}

/** Half the queries are of each topic; each is answered by one model, by habit. */
export function worldLogs(name: string, records: number, habits: Habits = HABITS): Dataset {
  const generator = createGenerator(seedOf(name));
  const data = {
    models: WORLD_MODELS,
    dimensions: 2,
    records,
    features: new Float32Array(2 * records),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: new Uint16Array(records),
    quality: new Float64Array(records),
    costUsd: new Float64Array(records),
    propensity: new Float64Array(records),
  };
  for (let i = 0; i < records; i++) {
    const topic = generator.nextInt(2);
    data.features.set([topic === 0 ? -0.6 : 0.6, 0.3 * (generator.nextDouble() - 0.5)], 2 * i);
    const habit = habits[topic] ?? [];
    let point = generator.nextDouble();
    const model = habit.findIndex((share) => (point -= share) < 0);
    data.model[i] = model;
    data.propensity[i] = habit[model] ?? 0;
    data.quality[i] = generator.nextDouble() < (WORLD_QUALITY[topic]?.[model] ?? 0) ? 1 : 0;
    data.costUsd[i] = WORLD_COSTS[model] ?? 0;
  }
  return data;
}

/** What choosing these models for the topics achieves in truth. */
export function worldValue(choices: readonly [number, number]): CostQuality {
  return {
    quality: choices.reduce((sum, m, topic) => sum + (WORLD_QUALITY[topic]?.[m] ?? 0) / 2, 0),
    costUsd: choices.reduce((sum, m) => sum + (WORLD_COSTS[m] ?? 0) / 2, 0),
  };
}
