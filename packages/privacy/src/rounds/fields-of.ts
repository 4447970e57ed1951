import { PrivacyError } from '../privacy-error.ts';
import { parseRational, type Rational } from '../zcdp/rational.ts';

/** The fields of one untrusted object, each taken once with its type and range; what nobody takes is refused. */
export class FieldsOf {
  readonly #path: string;
  readonly #left: Map<string, unknown>;

  /** @throws PrivacyError `BAD_PARAMETER` where it is no object, like every method */
  constructor(untrusted: unknown, path: string) {
    this.#path = path;
    if (typeof untrusted !== 'object' || untrusted === null || Array.isArray(untrusted)) {
      throw new PrivacyError('BAD_PARAMETER', `${path} must be an object`);
    }
    this.#left = new Map(Object.entries(untrusted));
  }

  /** @param read the value of a field, or undefined where it is none */
  read<T>(name: string, wanted: string, read: (value: unknown) => T | undefined): T {
    const value = this.#left.get(name);
    this.#left.delete(name);
    const result = read(value);
    if (result !== undefined) return result;
    const got =
      typeof value === 'string' || typeof value === 'number' ? `, not ${JSON.stringify(value)}` : '';
    throw new PrivacyError('BAD_PARAMETER', `${this.#path}.${name} must be ${wanted}${got.slice(0, 80)}`);
  }

  integer(name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
    return this.read(name, `an integer in ${least} .. ${most}`, (value) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
        ? value
        : undefined,
    );
  }

  text(name: string, most: number): string {
    return this.read(name, `text of at most ${most} characters`, (value) =>
      typeof value === 'string' && value.length <= most ? value : undefined,
    );
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    return this.read(name, `one of ${choices.join(', ')}`, (value) => choices.find((each) => each === value));
  }

  /** A finite number above 0 as its shortest decimal text. */
  decimal(name: string): number {
    return this.read(name, 'a number above 0 as its shortest decimal text', (value) => {
      const number = Number(value);
      return typeof value === 'string' && number > 0 && Number.isFinite(number) && String(number) === value
        ? number
        : undefined;
    });
  }

  /** As `decimal`; undefined where the field is left out. */
  optionalDecimal(name: string): number | undefined {
    return this.#left.has(name) ? this.decimal(name) : undefined;
  }

  /** A fraction that is not negative, as "p/q" in lowest terms. */
  rational(name: string): Rational {
    return this.read(name, 'a fraction "p/q" in lowest terms, not negative', (value) => {
      const fraction = typeof value === 'string' ? parseRational(value) : undefined;
      return fraction !== undefined && fraction.numerator >= 0n ? fraction : undefined;
    });
  }

  /** An integer of any size as decimal text. */
  bigint(name: string): bigint {
    return this.read(name, 'an integer as decimal text', (value) =>
      typeof value === 'string' && /^(?:0|[1-9]\d{0,30})$/.test(value) ? BigInt(value) : undefined,
    );
  }

  /** Integers in ascending order, without repeats. */
  members(name: string): readonly number[] {
    return this.read(name, 'member ids in ascending order', (value) => {
      if (!Array.isArray(value) || value.length > 65_536) return undefined;
      const ids: readonly unknown[] = value;
      return ids.every(
        (id, i): id is number =>
          typeof id === 'number' &&
          Number.isInteger(id) &&
          id >= 0 &&
          id < 65_536 &&
          (i === 0 || id > (ids[i - 1] as number)),
      )
        ? ids
        : undefined;
    });
  }

  list<T>(name: string, least: number, most: number, read: (item: FieldsOf) => T): readonly T[] {
    const items = this.read(name, `a list of ${least} .. ${most} objects`, (value) =>
      Array.isArray(value) && value.length >= least && value.length <= most
        ? (value as readonly unknown[])
        : undefined,
    );
    return items.map((item, i) => read(new FieldsOf(item, `${this.#path}.${name}[${i}]`)));
  }

  end(): void {
    const [other] = this.#left.keys();
    if (other !== undefined) {
      throw new PrivacyError(
        'BAD_PARAMETER',
        `${this.#path} has no field ${JSON.stringify(other.slice(0, 40))}`,
      );
    }
  }
}
