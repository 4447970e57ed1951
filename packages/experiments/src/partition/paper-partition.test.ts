/** The partition of the paper, drawn once by its authors, beside many draws of ours with the same parameters. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGenerator } from '@tributary/router';
import { beforeAll, describe, expect, it } from 'vitest';
import { observationCounts, partitionQueries } from './partition-queries.ts';

/** Sizes, model counts and task mixes of the ten clients on RouterBench, outside of the repository. */
const FILE = fileURLToPath(
  new URL('../../../../../shared/vectors/paper/clients_summary.json', import.meta.url),
);

const CLIENTS = 10;
const MODELS = 11;
const TRAIN_FRACTION = 0.75;
const DRAWS = 30;
/** Tasks that the summary counts together. RouterBench has 86 labels; that these are of equal size is our guess. */
const LABELS: Readonly<Record<string, number>> = { 'MMLU (all)': 57, 'Chinese (all)': 16 };

interface PaperPartition {
  readonly tasks: readonly string[];
  readonly sizes: readonly number[];
  /** Training rows per client and model. */
  readonly counts: readonly (readonly number[])[];
  /** Training rows per client and group of tasks. */
  readonly taskmix: readonly (readonly number[])[];
}

type Marginals = Pick<PaperPartition, 'sizes' | 'counts' | 'taskmix'>;

/** The statistics that the Dirichlet parameters show in. */
const STATISTICS: Readonly<Record<string, (partition: Marginals) => number>> = {
  'inequality of sizes, N * sum of squared shares': ({ sizes }) =>
    (CLIENTS * total(sizes.map((size) => size ** 2))) / total(sizes) ** 2,
  'largest client': ({ sizes }) => Math.max(...sizes) / total(sizes),
  'smallest client': ({ sizes }) => Math.min(...sizes) / total(sizes),
  'mean share of the model that a client uses most': ({ counts }) =>
    mean(counts.map((row) => Math.max(...row) / total(row))),
  'mean inequality of a client’s models': ({ counts }) =>
    mean(counts.map((row) => total(row.map((n) => (n / total(row)) ** 2)))),
  'cells with at most 15 observations': ({ counts }) => counts.flat().filter((n) => n <= 15).length,
  'clients that hold a model, mean over models': ({ counts }) =>
    mean(Array.from({ length: MODELS }, (_, m) => counts.filter((row) => (row[m] ?? 0) > 0).length)),
  'mean inequality of a task over the clients': ({ taskmix }) =>
    mean(
      columns(taskmix)
        // Small tasks say more about rounding than about the distribution.
        .filter((column) => total(column) >= 500)
        .map((column) => total(column.map((n) => (n / total(column)) ** 2))),
    ),
};

describe.skipIf(!existsSync(FILE))('the partition of the paper', () => {
  let paper: PaperPartition;
  let ours: Marginals[];
  beforeAll(() => {
    paper = JSON.parse(readFileSync(FILE, 'utf8')) as PaperPartition;
    ours = Array.from({ length: DRAWS }, (_, draw) => drawLike(paper, draw, 0.6, 0.45));
  });

  it('has ten clients with 27,368 training rows, each with one observed model', () => {
    expect(paper.sizes).toHaveLength(CLIENTS);
    expect(total(paper.sizes)).toBe(27_368);
    expect(paper.counts.map(total)).toEqual(paper.sizes);
    expect(paper.taskmix.map(total)).toEqual(paper.sizes);
  });

  it.each(Object.keys(STATISTICS))('could have been one of our draws: %s', (name) => {
    const [least, most] = rangeOf(ours, name);
    const value = STATISTICS[name]?.(paper) ?? Number.NaN;
    expect(value).toBeGreaterThanOrEqual(least);
    expect(value).toBeLessThanOrEqual(most);
  });

  it('could not have been drawn with other parameters', () => {
    const uneven = Array.from({ length: 8 }, (_, draw) => drawLike(paper, draw, 0.05, 0.1));
    const even = Array.from({ length: 8 }, (_, draw) => drawLike(paper, draw, 10, 10));
    for (const name of [
      'mean share of the model that a client uses most',
      'mean inequality of a client’s models',
      'cells with at most 15 observations',
      'mean inequality of a task over the clients',
    ]) {
      const value = STATISTICS[name]?.(paper) ?? Number.NaN;
      const between = [rangeOf(even, name), rangeOf(uneven, name)].toSorted(([a], [b]) => a - b);
      expect(value).toBeGreaterThan(between[0]?.[1] ?? Number.NaN);
      expect(value).toBeLessThan(between[1]?.[0] ?? Number.NaN);
    }
  });

  it('is as large as ours, to the rounding of each client’s training share', () => {
    for (const { sizes } of ours) {
      expect(Math.abs(total(sizes) - total(paper.sizes))).toBeLessThanOrEqual(CLIENTS + paper.tasks.length);
    }
  });
});

/** Our partition of as many queries of as many tasks. */
function drawLike(paper: PaperPartition, draw: number, taskAlpha: number, modelAlpha: number): Marginals {
  const labels: string[] = [];
  const groups: number[] = [];
  columns(paper.taskmix).forEach((column, group) => {
    const name = paper.tasks[group] ?? '';
    const queries = Math.round(total(column) / TRAIN_FRACTION);
    for (let i = 0; i < queries; i++) {
      labels.push(`${name} ${i % (LABELS[name] ?? 1)}`);
      groups.push(group);
    }
  });
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, draw);
  const options = { clients: CLIENTS, models: MODELS, taskAlpha, modelAlpha, trainFraction: TRAIN_FRACTION };
  const shares = partitionQueries(createGenerator(seed), labels, options);
  return {
    sizes: shares.map(({ train }) => train.length),
    counts: shares.map((share) => observationCounts(share, MODELS)),
    taskmix: shares.map(({ train }) => {
      const mix = paper.tasks.map(() => 0);
      for (const query of train) mix[groups[query] ?? 0] = (mix[groups[query] ?? 0] ?? 0) + 1;
      return mix;
    }),
  };
}

function rangeOf(draws: readonly Marginals[], name: string): [least: number, most: number] {
  const values = draws.map((draw) => STATISTICS[name]?.(draw) ?? Number.NaN);
  return [Math.min(...values), Math.max(...values)];
}

function columns(rows: readonly (readonly number[])[]): number[][] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? 0));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number {
  return total(values) / values.length;
}
