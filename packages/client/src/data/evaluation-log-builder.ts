import { DataError, quoted } from './data-error.ts';
import type { Embeddings, EvaluationLog, Evaluations, LoggedModel, LoggedQuery } from './evaluation-log.ts';

const MOST_MODELS = 65_535;

/** Collects a log row by row, in any order, and puts it in the order that `EvaluationLog` promises. */
export class EvaluationLogBuilder {
  readonly #source: string;
  readonly #queries: LoggedQuery[] = [];
  readonly #queryIndex = new Map<string, number>();
  readonly #models: LoggedModel[] = [];
  readonly #modelIndex = new Map<string, number>();
  #query = new Uint32Array(1024);
  #model = new Uint16Array(1024);
  #quality = new Float64Array(1024);
  #costUsd = new Float64Array(1024);
  #line = new Uint32Array(1024);
  #rows = 0;

  /** @param source the path that messages name */
  constructor(source: string) {
    this.#source = source;
  }

  get queryCount(): number {
    return this.#queries.length;
  }

  get modelNames(): Iterable<string> {
    return this.#modelIndex.keys();
  }

  /** Index of the query with this id, if the log has it. */
  queryIndex(id: string): number | undefined {
    return this.#queryIndex.get(id);
  }

  /** Index of the model with this name, if the log has it. */
  modelIndex(name: string): number | undefined {
    return this.#modelIndex.get(name);
  }

  /** @throws DataError `DUPLICATE_QUERY` */
  addQuery(query: LoggedQuery, at: string): number {
    if (this.#queryIndex.has(query.id)) {
      throw new DataError(
        'DUPLICATE_QUERY',
        `${at}: id ${quoted(query.id)} names a second query`,
        'give every query an id of its own',
      );
    }
    const index = this.#queries.push(query) - 1;
    this.#queryIndex.set(query.id, index);
    return index;
  }

  /** @throws DataError `DUPLICATE_MODEL`, `TOO_MANY_MODELS` */
  addModel(model: LoggedModel, at: string): number {
    if (this.#modelIndex.has(model.name)) {
      throw new DataError(
        'DUPLICATE_MODEL',
        `${at}: model ${quoted(model.name)} is listed twice`,
        'keep one row per model',
      );
    }
    if (this.#models.length === MOST_MODELS) {
      throw new DataError(
        'TOO_MANY_MODELS',
        `${at}: more than ${MOST_MODELS} models`,
        'check that the field `model` holds names of models',
      );
    }
    const index = this.#models.push(model) - 1;
    this.#modelIndex.set(model.name, index);
    return index;
  }

  /**
   * @param quality in [0, 1]
   * @param costUsd in USD, >= 0, NaN where not known
   * @param line where it stands, for the message about a duplicate
   */
  addEvaluation(query: number, model: number, quality: number, costUsd: number, line: number): void {
    if (this.#rows === this.#query.length) this.#grow();
    const row = this.#rows++;
    this.#query[row] = query;
    this.#model[row] = model;
    this.#quality[row] = quality;
    this.#costUsd[row] = costUsd;
    this.#line[row] = line;
  }

  /**
   * @param evaluationsFile the file that a duplicate's message names
   * @throws DataError `EMPTY_DATA`, `DUPLICATE_EVALUATION`
   */
  finish(evaluationsFile: string, embeddings?: Embeddings): EvaluationLog {
    if (this.#rows === 0) {
      throw new DataError(
        'EMPTY_DATA',
        `${evaluationsFile}: there are no evaluations in it`,
        'give at least one row of query, model, score and cost_usd',
      );
    }
    const byName = this.#models
      .map((_, index) => index)
      .toSorted((a, b) => (this.#models[a]!.name < this.#models[b]!.name ? -1 : 1));
    return {
      source: this.#source,
      queries: this.#queries,
      models: byName.map((index) => this.#models[index]!),
      evaluations: this.#ordered(byName, evaluationsFile),
      ...(embeddings === undefined ? {} : { embeddings }),
    };
  }

  /** Two stable counting sorts, by model and then by query, leave equal pairs side by side in the order of their lines. */
  #ordered(byName: readonly number[], file: string): Evaluations {
    const rows = this.#rows;
    const rank = new Uint16Array(byName.length);
    for (const [position, index] of byName.entries()) rank[index] = position;
    const model = this.#model.subarray(0, rows).map((index) => rank[index]!);
    const byModel = countingSort(identity(rows), model, byName.length).order;
    const { order, offsets } = countingSort(byModel, this.#query, this.#queries.length);

    const evaluations = {
      offsets,
      model: new Uint16Array(rows),
      quality: new Float64Array(rows),
      costUsd: new Float64Array(rows),
    };
    for (let position = 0; position < rows; position++) {
      const row = order[position]!;
      const before = order[position - 1];
      if (before !== undefined && this.#query[before] === this.#query[row] && model[before] === model[row]) {
        this.#refuseDuplicate(before, row, file);
      }
      evaluations.model[position] = model[row]!;
      evaluations.quality[position] = this.#quality[row]!;
      evaluations.costUsd[position] = this.#costUsd[row]!;
    }
    return evaluations;
  }

  #refuseDuplicate(first: number, second: number, file: string): never {
    const query = this.#queries[this.#query[second]!]!;
    const model = this.#models[this.#model[second]!]!;
    throw new DataError(
      'DUPLICATE_EVALUATION',
      `${file}:${this.#line[second]}: model ${quoted(model.name)} is scored twice on query ${quoted(query.id)} (first on line ${this.#line[first]})`,
      'keep one row per query and model, or give separate requests separate ids',
    );
  }

  #grow(): void {
    const capacity = this.#query.length * 2;
    this.#query = extended(new Uint32Array(capacity), this.#query);
    this.#model = extended(new Uint16Array(capacity), this.#model);
    this.#quality = extended(new Float64Array(capacity), this.#quality);
    this.#costUsd = extended(new Float64Array(capacity), this.#costUsd);
    this.#line = extended(new Uint32Array(capacity), this.#line);
  }
}

function extended<Column extends Uint16Array | Uint32Array | Float64Array>(
  target: Column,
  source: Column,
): Column {
  target.set(source);
  return target;
}

function identity(length: number): Uint32Array {
  const rows = new Uint32Array(length);
  for (let row = 0; row < length; row++) rows[row] = row;
  return rows;
}

/** Sorts `rows` by `key[row]` in 0 .. keys - 1, equal keys in the order given; `offsets` is where each key's rows begin. */
function countingSort(
  rows: Uint32Array,
  key: Uint16Array | Uint32Array,
  keys: number,
): { order: Uint32Array; offsets: Uint32Array } {
  const offsets = new Uint32Array(keys + 1);
  for (const row of rows) {
    const next = key[row]! + 1;
    offsets[next] = offsets[next]! + 1;
  }
  for (let index = 1; index <= keys; index++) {
    offsets[index] = offsets[index]! + offsets[index - 1]!;
  }
  const cursor = offsets.slice();
  const order = new Uint32Array(rows.length);
  for (const row of rows) {
    const slot = cursor[key[row]!]!;
    order[slot] = row;
    cursor[key[row]!] = slot + 1;
  }
  return { order, offsets };
}
