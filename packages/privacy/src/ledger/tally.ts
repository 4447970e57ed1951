import { addRational, compareRational, formatRational, ZERO, type Rational } from '../zcdp/rational.ts';

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

  /** @returns what was passed, in words, or undefined where the total stays within the limit */
  reserve(attempt: string, charge: Rational, limit: Rational): string | undefined {
    this.#open.set(attempt, charge);
    const { settled, reserved } = this.account();
    const total = addRational(settled, reserved);
    if (compareRational(total, limit) <= 0) return undefined;
    return `${formatRational(total)} are spent and reserved, the limit is ${formatRational(limit)}`;
  }

  settle(attempt: string, charge: Rational): void {
    this.#open.delete(attempt);
    this.#settled = addRational(this.#settled, charge);
  }

  giveBack(attempt: string): void {
    this.#open.delete(attempt);
  }

  account(): LedgerAccount {
    return { settled: this.#settled, reserved: [...this.#open.values()].reduce(addRational, ZERO) };
  }
}
