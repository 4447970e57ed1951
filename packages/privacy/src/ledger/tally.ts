import {
  addRational,
  compareRational,
  formatRational,
  shortenedUp,
  subtractRational,
  ZERO,
  type Rational,
} from '../zcdp/rational.ts';

/** What one member, or the federation, has spent; in the unit of the filter. */
export interface LedgerAccount {
  readonly settled: Rational;
  /** Of attempts that are neither opened nor void: they count as spent. */
  readonly reserved: Rational;
}

/** Adds up what happened, also what should not have: unlike a `Budget` it refuses nothing, because the past cannot be refused. */
export class Tally {
  readonly #open = new Map<string, Rational>();
  #settled: Rational = ZERO;
  #reserved: Rational = ZERO;

  /** @returns what was passed, in words, or undefined where the total stays within the limit */
  reserve(attempt: string, charge: Rational, limit: Rational): string | undefined {
    this.giveBack(attempt);
    this.#open.set(attempt, charge);
    this.#reserved = addRational(this.#reserved, charge);
    const total = addRational(this.#settled, this.#reserved);
    if (compareRational(total, limit) <= 0) return undefined;
    return `${formatRational(total)} are spent and reserved, the limit is ${formatRational(limit)}`;
  }

  settle(attempt: string, charge: Rational): void {
    this.giveBack(attempt);
    this.#settled = shortenedUp(addRational(this.#settled, charge));
  }

  giveBack(attempt: string): void {
    const charge = this.#open.get(attempt);
    if (charge === undefined) return;
    this.#open.delete(attempt);
    this.#reserved = subtractRational(this.#reserved, charge);
  }

  account(): LedgerAccount {
    return { settled: this.#settled, reserved: this.#reserved };
  }
}
