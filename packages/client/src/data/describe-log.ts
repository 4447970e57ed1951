import type { EvaluationLog } from './evaluation-log.ts';

export interface ModelDescription {
  readonly model: string;
  readonly kind: string | null;
  readonly rows: number;
  /** Share of the queries that the model was scored on. */
  readonly coverage: number;
  /** Null where the model has no row, or none with a cost. */
  readonly meanQuality: number | null;
  readonly meanCostUsd: number | null;
  readonly missingCosts: number;
}

/** What a log holds and what it lacks; plain data, for people and for `--json`. */
export interface LogDescription {
  readonly source: string;
  /** Evaluations: (query, model) pairs with a score. */
  readonly rows: number;
  readonly queries: number;
  readonly models: readonly ModelDescription[];
  /** Share of all (query, model) pairs that were scored. */
  readonly coverage: number;
  /** Queries that every model was scored on. */
  readonly completeQueries: number;
  readonly missing: {
    /** (query, model) pairs without a score. */
    readonly scores: number;
    /** Rows without a cost. */
    readonly costs: number;
    /** Queries without any row. */
    readonly queries: number;
  };
  /** Queries whose text an earlier query has too. */
  readonly repeatedTexts: number;
  /** Null where no query names a user. */
  readonly users: {
    readonly count: number;
    readonly queriesPerUser: { readonly median: number; readonly max: number };
    readonly queriesWithoutUser: number;
  } | null;
  /** Null where no query names a task. */
  readonly tasks: number | null;
  readonly embeddings: { readonly encoder: string; readonly dimensions: number } | null;
}

export function describeLog(log: EvaluationLog): LogDescription {
  const { queries, evaluations } = log;
  const rows = evaluations.model.length;
  const pairs = queries.length * log.models.length;
  const models = describeModels(log);
  let complete = 0;
  let empty = 0;
  for (let query = 0; query < queries.length; query++) {
    const scored = evaluations.offsets[query + 1]! - evaluations.offsets[query]!;
    if (scored === log.models.length) complete++;
    if (scored === 0) empty++;
  }
  return {
    source: log.source,
    rows,
    queries: queries.length,
    models,
    coverage: rows / pairs,
    completeQueries: complete,
    missing: {
      scores: pairs - rows,
      costs: models.reduce((sum, { missingCosts }) => sum + missingCosts, 0),
      queries: empty,
    },
    repeatedTexts: queries.length - new Set(queries.map(({ text }) => text)).size,
    users: describeUsers(log),
    tasks: new Set(queries.flatMap(({ task }) => task ?? [])).size || null,
    embeddings: log.embeddings
      ? { encoder: log.embeddings.encoder, dimensions: log.embeddings.dimensions }
      : null,
  };
}

function describeModels({ models, queries, evaluations }: EvaluationLog): ModelDescription[] {
  const totals = models.map(() => ({ rows: 0, quality: 0, costUsd: 0, missingCosts: 0 }));
  for (const [row, model] of evaluations.model.entries()) {
    const total = totals[model]!;
    const costUsd = evaluations.costUsd[row]!;
    total.rows++;
    total.quality += evaluations.quality[row]!;
    if (Number.isNaN(costUsd)) total.missingCosts++;
    else total.costUsd += costUsd;
  }
  return totals.map((total, model) => {
    const { name, kind } = models[model]!;
    const costs = total.rows - total.missingCosts;
    return {
      model: name,
      kind: kind ?? null,
      rows: total.rows,
      coverage: total.rows / queries.length,
      meanQuality: total.rows === 0 ? null : total.quality / total.rows,
      meanCostUsd: costs === 0 ? null : total.costUsd / costs,
      missingCosts: total.missingCosts,
    };
  });
}

function describeUsers({ queries }: EvaluationLog): LogDescription['users'] {
  const perUser = new Map<string, number>();
  let without = 0;
  for (const { user } of queries) {
    if (user === undefined) without++;
    else perUser.set(user, (perUser.get(user) ?? 0) + 1);
  }
  if (perUser.size === 0) return null;
  const counts = [...perUser.values()].toSorted((a, b) => a - b);
  return {
    count: perUser.size,
    queriesPerUser: {
      median: counts[Math.floor((counts.length - 1) / 2)]!,
      max: counts.at(-1)!,
    },
    queriesWithoutUser: without,
  };
}
