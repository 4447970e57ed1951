import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatorOf } from '../testing/topics.ts';
import { writeToyLog } from '../testing/toy-log.ts';
import { loadWorkload, type Workload } from '../workload/load-workload.ts';
import { loggedRows, loggingPolicy } from './logging-policy.ts';

let directory: string;
let workload: Workload;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-logging-'));
  await writeToyLog(join(directory, 'log'), 2000);
  workload = await loadWorkload({ data: join(directory, 'log') }, 1);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a logging policy', () => {
  it('looks at the task, favours what it believes to be worth its price, and tries everything', () => {
    // Cheap is nearly as good at rhymes as dear is, and much worse at sums.
    const policy = loggingPolicy(workload, 300, generatorOf(80));
    const [sums, rhymes] = [policy('sums'), policy('rhymes')];
    for (const shares of [sums, rhymes]) {
      expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.15);
    }
    expect(sums[1]).toBeGreaterThan(0.6);
    expect(rhymes[0] ?? 0).toBeGreaterThan(sums[0] ?? 0);
    expect(policy('sums')).toBe(sums);
    expect([...loggingPolicy(workload, 300, generatorOf(81))('sums')]).not.toEqual([...sums]);
  });

  it('logs one model per query, as often as it says', () => {
    const policy = loggingPolicy(workload, 300, generatorOf(80));
    const queries = Uint32Array.from({ length: 2000 }, (_, i) => i);
    const rows = loggedRows(workload, queries, policy, generatorOf(82));
    expect(rows.records).toBe(2000);
    expect(rows.model).toHaveLength(2000);
    rows.propensity?.forEach((propensity, i) => {
      const task = workload.log.queries[i]?.task ?? '';
      expect(propensity).toBe(policy(task)[rows.model[i] ?? 0]);
    });
    // Its context says which task it was, and nothing else.
    const tasks = Array.from(queries, (query) => workload.log.queries[query]?.task);
    const pairs = new Set(tasks.map((task, i) => `${task} ${rows.contexts?.[i]}`));
    expect(pairs.size).toBe(new Set(tasks).size);
    expect(new Set(rows.contexts).size).toBe(new Set(tasks).size);
    // In the mean over choices one over the propensity is the number of models.
    const inverse = rows.propensity?.reduce((sum, value) => sum + 1 / value, 0) ?? 0;
    expect(inverse / 2000).toBeCloseTo(2, 0);
    const dear = rows.model.filter((model, i) => model === 1 && i % 2 === 0).length;
    expect(Math.abs(dear / 1000 - (policy('sums')[1] ?? 0))).toBeLessThan(5 * Math.sqrt(0.25 / 1000));
  });
});
