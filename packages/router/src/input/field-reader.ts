import { RouterError, type RouterErrorCode } from '../errors.ts';

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly integer?: boolean;
  /** Taken where the field is absent; without it the field is required. */
  readonly otherwise?: number;
}

export interface LengthRange {
  readonly least: number;
  readonly most: number;
}

/** Names end up in terminals and reports. */
export const NAME: RegExp = /^[^\p{Cc}]{1,200}$/u;
export const NAME_DESCRIBED = '1 .. 200 characters without control characters';

/** Reads the fields of an untrusted object one by one, each with its type and range, and refuses what nobody asked for. */
export class FieldReader {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #code: RouterErrorCode;
  readonly #known = new Set<string>();

  /**
   * @param path what the object is, for messages: "parameters", "artifact.encoder"
   * @param code of the `RouterError` that every method throws
   */
  constructor(untrusted: unknown, path: string, code: RouterErrorCode) {
    this.#path = path;
    this.#code = code;
    if (typeof untrusted !== 'object' || untrusted === null || Array.isArray(untrusted)) {
      throw new RouterError(code, `${path} must be an object`);
    }
    this.#fields = new Map(Object.entries(untrusted));
  }

  number(name: string, range: NumberRange): number {
    const value = this.#has(name) ? this.#take(name) : range.otherwise;
    if (typeof value === 'number' && isWithin(value, range)) return value;
    const kind = range.integer === true ? 'an integer' : 'a number';
    return this.fail(name, `${kind} in ${range.least} .. ${range.most}`, value);
  }

  /** A number, or a word that stands for one and is taken where the field is absent. */
  numberOr<T extends string>(name: string, word: T, range: NumberRange): number | T {
    const value = this.#has(name) ? this.#take(name) : word;
    if (value === word) return word;
    if (typeof value === 'number' && isWithin(value, range)) return value;
    return this.fail(name, `a number in ${range.least} .. ${range.most}, or ${JSON.stringify(word)}`, value);
  }

  optionalNumber(name: string, range: NumberRange): number | undefined {
    return this.#has(name) ? this.number(name, range) : undefined;
  }

  /** @param pattern what the whole text must match, with its description in words */
  text(name: string, pattern: RegExp, described: string): string {
    const value = this.#take(name);
    return typeof value === 'string' && pattern.test(value) ? value : this.fail(name, described, value);
  }

  /** One of a few words; `choices[0]` where the field is absent. */
  choice<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const value = this.#has(name) ? this.#take(name) : choices[0];
    const chosen = choices.find((choice) => choice === value);
    return chosen ?? this.fail(name, `one of ${choices.join(', ')}`, value);
  }

  /** Names that differ from each other. */
  names(name: string, least: number, most: number): string[] {
    const value = this.#take(name);
    const described = `${least} .. ${most} different names of ${NAME_DESCRIBED}`;
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      return this.fail(name, described, value);
    }
    const names = value.filter((entry): entry is string => typeof entry === 'string' && NAME.test(entry));
    return new Set(names).size === value.length ? names : this.fail(name, described, value);
  }

  /**
   * An array of numbers, each inside the range.
   * @param otherwise taken where the field is absent; without it the field is required
   */
  numbers(name: string, length: LengthRange, range: NumberRange, otherwise?: readonly number[]): number[] {
    const value = this.#has(name) ? this.#take(name) : otherwise;
    const kind = range.integer === true ? 'integers' : 'numbers';
    const count = length.least === length.most ? `${length.least}` : `${length.least} .. ${length.most}`;
    const described = `${count} ${kind} in ${range.least} .. ${range.most}`;
    if (!Array.isArray(value) || value.length < length.least || value.length > length.most) {
      return this.fail(name, described, value);
    }
    const numbers = value.filter(
      (entry): entry is number => typeof entry === 'number' && isWithin(entry, range),
    );
    return numbers.length === value.length ? numbers : this.fail(name, described, value);
  }

  object(name: string): FieldReader {
    return new FieldReader(this.#take(name), `${this.#path}.${name}`, this.#code);
  }

  optionalObject(name: string): FieldReader | undefined {
    return this.#has(name) ? this.object(name) : undefined;
  }

  /** Refuses fields that no call has asked for. */
  end(): void {
    for (const name of this.#fields.keys()) {
      if (this.#known.has(name)) continue;
      const known = [...this.#known].join(', ');
      throw new RouterError(
        this.#code,
        `${this.#path} has no field ${JSON.stringify(name)}; its fields are ${known}`,
      );
    }
  }

  fail(name: string, wanted: string, got: unknown): never {
    throw new RouterError(this.#code, `${this.#path}.${name} must be ${wanted}${butIs(got)}`);
  }

  #take(name: string): unknown {
    this.#known.add(name);
    return this.#fields.get(name);
  }

  #has(name: string): boolean {
    this.#known.add(name);
    return this.#fields.get(name) !== undefined;
  }
}

function isWithin(value: number, { least, most, integer }: NumberRange): boolean {
  return value >= least && value <= most && (integer !== true || Number.isSafeInteger(value));
}

const SHOWN = 60;

/** What was found instead, short enough for one line whatever it was. */
function butIs(value: unknown): string {
  if (value === undefined) return '; it is missing';
  if (Array.isArray(value)) return `; it is an array of length ${value.length}`;
  return typeof value === 'object' && value !== null ? '; it is an object' : `, not ${scalar(value)}`;
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN));
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : `of type ${typeof value}`;
}
