/**
 * The coordinator's side of a run's privacy budget: no attempt is announced that could take the run above its limit. Which attempts there
 * were is in the journal before any of them is announced, so after a restart no less is spent than before. Members keep accounts of their own.
 */
import {
  type Budget,
  type BudgetChange,
  compareRational,
  epsilonOf,
  formatFilter,
  formatRational,
  leastCharge,
  openBudget,
  plannedLimit,
  type PrivacyDeclaration,
  type PrivacyUnit,
  remaining,
  reserve,
  reservedCharge,
  type RoundPrivacy,
  settle,
  settledCharge,
  spent,
  voidReservation,
} from '@tributary/privacy';
import { type RunManifest, RuntimeError } from '@tributary/runtime';

/** One attempt at a sum of the run. */
export interface AttemptNumber {
  readonly round: number;
  readonly attempt: number;
}

/** An attempt that the journal has. */
export interface RequestedAttempt extends AttemptNumber {
  /** Enough members promised that it can never be opened. */
  readonly isVoid: boolean;
}

/** What a run spent of its budget; charges in the unit of its filter, as exact fractions "p/q". */
export interface BudgetReport {
  readonly unit: PrivacyUnit;
  readonly epsilon: number;
  readonly delta: number;
  readonly filter: string;
  readonly limit: string;
  /** Of opened sums, and of attempts that might yet be opened. */
  readonly spent: string;
  /** Epsilon at delta of what was spent, rounded up. */
  readonly spentEpsilon: number;
  readonly rounds: readonly ChargedRound[];
}

/** What an opened sum cost. */
export interface ChargedRound {
  readonly round: number;
  /** For the fewest survivors. */
  readonly reserved: string;
  /** For those that there were. */
  readonly charged: string;
  /** Epsilon of all that was spent so far. */
  readonly spentEpsilon: number;
}

export class RunBudget {
  readonly #privacy: 'none' | PrivacyDeclaration;
  readonly #contributors: number;
  readonly #earlier: readonly RequestedAttempt[];
  readonly #rounds: ChargedRound[] = [];
  #budget: Budget | undefined;

  /**
   * @param contributors members of the roster
   * @param earlier what earlier lives of the process asked for
   */
  constructor(
    { privacy, contributors }: Pick<RunManifest, 'privacy' | 'contributors'>,
    earlier: readonly RequestedAttempt[],
  ) {
    this.#contributors = contributors;
    this.#budget = privacy === 'none' ? undefined : openBudget(plannedLimit(privacy));
    this.#privacy = privacy;
    this.#earlier = earlier;
  }

  /** Undefined where the run has none. */
  report(): BudgetReport | undefined {
    const [privacy, budget] = [this.#privacy, this.#budget];
    if (privacy === 'none' || budget === undefined) return undefined;
    const { unit, epsilon, delta, filter } = privacy;
    return {
      unit,
      epsilon,
      delta,
      filter: formatFilter(filter),
      limit: formatRational(budget.limit),
      spent: formatRational(spent(budget)),
      spentEpsilon: epsilonOf(privacy, spent(budget)),
      rounds: this.#rounds,
    };
  }

  /** Charges what earlier lives asked for in a round; again, it changes nothing. */
  recall(round: number, noise: RoundPrivacy | undefined): void {
    if (noise === undefined) return;
    for (const { attempt, isVoid } of this.#earlier.filter((each) => each.round === round)) {
      if (this.#budget?.closed.has(nameOf({ round, attempt })) === true) continue;
      this.#take({ round, attempt }, noise);
      if (isVoid) this.void({ round, attempt }, noise);
    }
  }

  /**
   * Before the attempt is asked for.
   * @throws RuntimeError POLICY where the budget does not hold it, or where the run could not be finished with what a further attempt leaves: then
   *   nothing more is to be spent on it
   */
  reserve(attempt: AttemptNumber, noise: RoundPrivacy | undefined): void {
    this.#take(attempt, noise);
    const [privacy, budget] = [this.#privacy, this.#budget];
    if (attempt.attempt === 1 || privacy === 'none' || budget === undefined) return;
    const least = leastCharge(privacy, attempt.round + 1, this.#contributors);
    if (compareRational(least, remaining(budget)) <= 0) return;
    throw outOfBudget(
      `after ${nameOf(attempt)} at most ${formatRational(remaining(budget))} would be left, and the sums after it cost at least ${formatRational(least)}`,
    );
  }

  #take(attempt: AttemptNumber, noise: RoundPrivacy | undefined): void {
    this.#change(noise, (budget, { charge }) => reserve(budget, nameOf(attempt), charge));
  }

  /** The attempt was opened over so many survivors. */
  settle(attempt: AttemptNumber, noise: RoundPrivacy | undefined, survivors: number): void {
    this.recall(attempt.round, noise);
    this.#change(noise, (budget, { of }) => settle(budget, nameOf(attempt), settledCharge(of, survivors)));
    if (noise === undefined || this.#budget === undefined || this.#privacy === 'none') return;
    this.#rounds.push({
      round: attempt.round,
      reserved: formatRational(reservedCharge(noise)),
      charged: formatRational(settledCharge(noise, survivors)),
      spentEpsilon: epsilonOf(this.#privacy, spent(this.#budget)),
    });
  }

  /** The attempt can provably never be opened. Again, it changes nothing. */
  void({ round, attempt }: AttemptNumber, noise: RoundPrivacy | undefined): void {
    const name = nameOf({ round, attempt });
    if (this.#budget?.closed.has(name) === true) return;
    this.#change(noise, (budget) => voidReservation(budget, name));
  }

  #change(
    noise: RoundPrivacy | undefined,
    change: (budget: Budget, noise: { of: RoundPrivacy; charge: Budget['limit'] }) => BudgetChange,
  ): void {
    if (this.#budget === undefined || noise === undefined) return;
    const changed = change(this.#budget, { of: noise, charge: reservedCharge(noise) });
    if ('refused' in changed) throw outOfBudget(changed.refused.message);
    this.#budget = changed.budget;
  }
}

function outOfBudget(reason: string): RuntimeError {
  return new RuntimeError(
    'POLICY',
    `the privacy budget of the run does not allow it: ${reason}`,
    "what was opened, and failed attempts that might yet be opened, stay charged; 'privacy.retries' of a new run keeps room for such attempts",
  );
}

function nameOf({ round, attempt }: AttemptNumber): string {
  return `round ${round} attempt ${attempt}`;
}
