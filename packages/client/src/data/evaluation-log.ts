/** A query as the log has it. */
export interface LoggedQuery {
  /** Unique in the log. */
  readonly id: string;
  readonly text: string;
  /** Label of the kind of task, where the log has one: partitions of a benchmark are drawn over it, routers never see it. */
  readonly task?: string;
  /** Pseudonym of the end user who asked, where the log has one. */
  readonly user?: string;
}

/** A model as the log names it. */
export interface LoggedModel {
  /** Unique in the log. */
  readonly name: string;
  /** Free label by which a pool is chosen, such as `api`, `chat` or `base`. */
  readonly kind?: string;
}

/** Evaluations in columns, one entry per (query, model) pair that was scored, ordered by query and then by model. */
export interface Evaluations {
  /** Those of query i are at `offsets[i] .. offsets[i + 1]`. Length: queries + 1. */
  readonly offsets: Uint32Array;
  /** Index into `models`. */
  readonly model: Uint16Array;
  /** In [0, 1]. */
  readonly quality: Float64Array;
  /** In USD, >= 0; NaN where the log leaves the cost blank. */
  readonly costUsd: Float64Array;
}

/** Feature vectors that came with the log. */
export interface Embeddings {
  /** Name of the encoder, the label in `embeddings.<label>.json`; all organisations of a run use the same. */
  readonly encoder: string;
  /** What the encoder is, in words, from the sidecar file. */
  readonly description?: string;
  readonly dimensions: number;
  /** Row-major, one row per query, every value finite. */
  readonly rows: Float32Array;
}

/** An organisation's log of (query, model, quality, cost), checked and in memory. */
export interface EvaluationLog {
  /** Where it was read from, for messages. */
  readonly source: string;
  readonly queries: readonly LoggedQuery[];
  /** Ordered by name (UTF-16 code units), so that the order of a file's rows does not matter. */
  readonly models: readonly LoggedModel[];
  readonly evaluations: Evaluations;
  readonly embeddings?: Embeddings;
}
