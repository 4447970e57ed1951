import { closest } from '@tributary/runtime';
import { DataError, quoted } from './data-error.ts';
import type { EvaluationLog, LoggedModel } from './evaluation-log.ts';

/** Which of a log's models a run routes between. */
export interface ModelSelection {
  /** Kinds as in models.csv; all models where left out. */
  readonly kinds?: readonly string[];
  /** Names of models to leave out. */
  readonly exclude?: readonly string[];
}

/**
 * Names of the selected models, in the order of the log.
 *
 * @throws DataError `UNKNOWN_KIND`, `UNKNOWN_MODEL` (with the nearest name as a hint), `TOO_FEW_MODELS` where fewer than two are left
 */
export function selectModels(log: EvaluationLog, selection: ModelSelection = {}): string[] {
  const kinds = new Set(log.models.flatMap(({ kind }) => (kind === undefined ? [] : [kind])));
  for (const kind of selection.kinds ?? []) requireKnown('kind', kind, kinds, log);
  const names = new Set(log.models.map(({ name }) => name));
  for (const name of selection.exclude ?? []) requireKnown('model', name, names, log);

  const wanted = ({ name, kind }: LoggedModel): boolean =>
    (selection.kinds === undefined || (kind !== undefined && selection.kinds.includes(kind))) &&
    !selection.exclude?.includes(name);
  const selected = log.models.filter(wanted).map(({ name }) => name);
  if (selected.length < 2) {
    throw new DataError(
      'TOO_FEW_MODELS',
      `${log.source}: the pool has ${selected.length === 0 ? 'no model' : `one model, ${quoted(selected[0]!)}`}`,
      'choose a pool of two models or more',
    );
  }
  return selected;
}

function requireKnown(
  what: 'kind' | 'model',
  word: string,
  known: ReadonlySet<string>,
  log: EvaluationLog,
): void {
  if (known.has(word)) return;
  const near = closest(word, known);
  const list = [...known].slice(0, 8).join(', ');
  const hint =
    known.size === 0 ? `the log gives its models no ${what}` : `it has ${list}${known.size > 8 ? ', …' : ''}`;
  throw new DataError(
    what === 'kind' ? 'UNKNOWN_KIND' : 'UNKNOWN_MODEL',
    `${log.source}: there is no ${what} ${quoted(word)}`,
    near === undefined ? hint : `did you mean ${quoted(near)}?`,
  );
}
