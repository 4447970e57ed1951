import { DataError, quoted } from './data-error.ts';

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number that a CSV cell spells in decimal; NaN for anything else, an empty cell and `Infinity` among it. */
export function decimal(cell: string): number {
  const text = cell.trim();
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

export function isScore(value: number): boolean {
  return value >= 0 && value <= 1;
}

export function isCost(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}

export function invalidScore(value: string, at: string): DataError {
  return new DataError(
    'INVALID_SCORE',
    `${at}: score ${quoted(value)} is not a number in [0, 1]`,
    'scale scores to 0 .. 1, and leave out rows that have none',
  );
}

export function invalidCost(value: string, at: string): DataError {
  return new DataError(
    'INVALID_COST',
    `${at}: cost_usd ${quoted(value)} is not a number >= 0`,
    'give the cost in USD, or leave it blank where it is not known',
  );
}

/** A line of JSON as an object. @throws DataError `INVALID_JSON` */
export function parseJsonObject(text: string, at: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notAnObject(at, { cause: error });
  }
  if (!isObject(value)) throw notAnObject(at);
  return value;
}

/** Does not show the line: it may hold what an end user asked. */
function notAnObject(at: string, options?: ErrorOptions): DataError {
  return new DataError('INVALID_JSON', `${at}: not a JSON object`, 'write one JSON object a line', options);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that must hold a text that is not empty. @throws DataError `MISSING_FIELD`, `INVALID_FIELD` */
export function requiredText(object: Readonly<Record<string, unknown>>, field: string, at: string): string {
  const value = object[field];
  if (value === undefined || value === null) throw missingField(field, at);
  if (typeof value === 'string' && value !== '') return value;
  throw invalidField(field, value, 'a string that is not empty', at);
}

/** A field that must hold a name: see `optionalName`. @throws DataError `MISSING_FIELD`, `INVALID_FIELD` */
export function requiredName(object: Readonly<Record<string, unknown>>, field: string, at: string): string {
  const name = optionalName(object, field, at);
  if (name === undefined) throw missingField(field, at);
  return name;
}

/**
 * A field that may be left out or null, else holds a name: a string of one line that is not empty, or an integer, which counts as its
 * decimal digits.
 *
 * @throws DataError `INVALID_FIELD`
 */
export function optionalName(
  object: Readonly<Record<string, unknown>>,
  field: string,
  at: string,
): string | undefined {
  const value = object[field];
  if (value === undefined || value === null) return undefined;
  const name = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof name === 'string' && name !== '' && !/\p{Cc}/u.test(name)) return name;
  throw invalidField(field, value, 'a string of one line that is not empty', at);
}

function invalidField(field: string, value: unknown, wanted: string, at: string): DataError {
  return new DataError(
    'INVALID_FIELD',
    `${at}: field ${quoted(field)} is ${quoted(JSON.stringify(value))}`,
    `make it ${wanted}`,
  );
}

export function missingField(field: string, at: string): DataError {
  return new DataError(
    'MISSING_FIELD',
    `${at}: there is no field ${quoted(field)}`,
    `add the field ${quoted(field)}`,
  );
}
