/**
 * Recomputes a privacy ledger: whether every attempt was reserved before it was uploaded, every charge is what mechanism and survivors
 * make it, no limit was passed, and what each member and the federation have spent. The entries are evidence of the coordinator; each
 * client's own account is its control.
 */
import { filterLimit } from '../rounds/declaration.ts';
import { MIN_NOISE_VARIANCE } from '../sampler/noise-share.ts';
import { chargeOf } from '../zcdp/charge.ts';
import { compareRational, formatRational, type Rational } from '../zcdp/rational.ts';
import { releaseCharge } from '../zcdp/sampled-charge.ts';
import type { GenesisEntry, LedgerEntry, ReserveEntry, VoidEntry } from './entries.ts';
import { type LedgerAccount, Tally } from './tally.ts';

/** Something that an entry says and that is not so. */
export interface LedgerDifference {
  /** Its number in the list that was verified, from 0. */
  readonly entry: number;
  readonly code:
    | 'BAD_GENESIS'
    | 'BAD_ORDER'
    | 'BAD_NOISE'
    | 'BAD_CHARGE'
    | 'OVER_LIMIT'
    | 'NOT_A_MEMBER'
    | 'TOO_FEW_SURVIVORS'
    | 'TOO_FEW_PROMISES';
  readonly message: string;
}

/** An opened sum. */
export interface ReleasedRound {
  readonly round: number;
  readonly attempt: number;
  readonly step: string;
  /** U */
  readonly survivors: number;
  /** How many were in the cohort. */
  readonly cohort: number;
  readonly normBound: number;
  readonly variance: bigint;
  /** rho at U - c honest survivors, as recomputed. */
  readonly rho: Rational;
  readonly charge: Rational;
  /** Probability with which each record was in the sum; left out where all were. */
  readonly sampling?: number;
}

export interface VerifiedLedger {
  readonly genesis: GenesisEntry | undefined;
  readonly differences: readonly LedgerDifference[];
  readonly federation: LedgerAccount;
  /** By member id. */
  readonly members: ReadonlyMap<number, LedgerAccount>;
  readonly releases: readonly ReleasedRound[];
  /** Attempts that were reserved, in all. */
  readonly attempts: number;
  /** Attempts of which nothing can ever be opened. */
  readonly voided: number;
}

interface LedgerAttempt {
  readonly entry: ReserveEntry;
  readonly name: string;
  readonly uploads: Set<number>;
  survivors: readonly number[] | undefined;
  closed: boolean;
}

/** @param entries in the order of the log; what is malformed is the log's to report */
export function verifyLedger(entries: readonly LedgerEntry[]): VerifiedLedger {
  const book = new Book();
  entries.forEach((entry, number) => book.take(entry, number));
  return book.verified();
}

/** The state between two entries. */
class Book {
  readonly #differences: LedgerDifference[] = [];
  readonly #attempts = new Map<string, LedgerAttempt>();
  readonly #releases: ReleasedRound[] = [];
  readonly #members = new Map<number, Tally>();
  readonly #federation = new Tally();
  #genesis: GenesisEntry | undefined;
  #number = 0;
  #round = 0;
  #attempt = 0;
  #opened = true;
  #voided = 0;

  take(entry: LedgerEntry, number: number): void {
    this.#number = number;
    if (entry.type === 'genesis') return this.#takeGenesis(entry);
    const genesis = this.#genesis;
    if (genesis === undefined) return this.#differ('BAD_ORDER', `${entry.type} before the genesis`);
    if (entry.type === 'reserve') return this.#takeReserve(entry, genesis);
    const attempt = this.#attempts.get(nameOf(entry));
    if (attempt === undefined) return this.#differ('BAD_ORDER', `${nameOf(entry)} was not reserved before`);
    if (attempt.closed) return this.#differ('BAD_ORDER', `${entry.type} after the end of ${attempt.name}`);
    switch (entry.type) {
      case 'upload':
        return this.#takeUpload(attempt, entry.member);
      case 'survivors':
        return this.#takeSurvivors(attempt, entry.members, genesis);
      case 'release':
        return this.#takeRelease(attempt, entry.charge, genesis);
      case 'void':
        return this.#takeVoid(attempt, entry, genesis);
    }
  }

  #takeGenesis(genesis: GenesisEntry): void {
    if (this.#number !== 0) return this.#differ('BAD_ORDER', 'a genesis stands first, and once');
    this.#genesis = genesis;
    const { declaration, limit } = genesis;
    const allowed = filterLimit(declaration);
    if (compareRational(limit, allowed) > 0) {
      const { epsilon, delta } = declaration;
      this.#differ(
        'BAD_GENESIS',
        `limit ${formatRational(limit)} is above ${formatRational(allowed)}, which epsilon ${epsilon} at delta ${delta} allows`,
      );
    }
  }

  #takeReserve(entry: ReserveEntry, genesis: GenesisEntry): void {
    const name = nameOf(entry);
    const { declaration } = genesis;
    this.#checkSequence(entry);
    const declared = declaration.rounds[entry.round - 1];
    if (declared === undefined) this.#differ('BAD_ORDER', `${name} is beyond the declared rounds`);
    const honest = declaration.minSurvivors - declaration.colluders;
    if (entry.variance < MIN_NOISE_VARIANCE) {
      this.#differ('BAD_NOISE', `${name} has shares of variance ${entry.variance}, below 64`);
    }
    if (entry.cohort.length < declaration.minSurvivors) {
      this.#differ(
        'TOO_FEW_SURVIVORS',
        `${name} has ${entry.cohort.length} members, U_min is ${declaration.minSurvivors}`,
      );
    }
    const rho = rhoOf(entry, honest);
    const charge = releaseCharge(declaration.filter, rho, declared, declaration.recordsPerUnit);
    this.#compareCharge(name, entry.charge, charge);
    if (declared !== undefined && compareRational(rho, declared.rho) > 0) {
      this.#differ(
        'OVER_LIMIT',
        `${name} costs ${formatRational(rho)}, declared are ${formatRational(declared.rho)}`,
      );
    }
    this.#attempts.set(name, {
      entry,
      name,
      uploads: new Set(),
      survivors: undefined,
      closed: false,
    });
    // What is recomputed counts, whatever the entry claims.
    const over = this.#federation.reserve(name, charge, genesis.limit);
    if (over !== undefined) this.#differ('OVER_LIMIT', `with ${name} ${over}`);
    for (const member of entry.cohort) this.#tallyOf(member).reserve(name, charge, genesis.limit);
  }

  #checkSequence({ round, attempt }: ReserveEntry): void {
    const next = this.#opened ? this.#round + 1 : this.#round;
    const wanted = this.#opened ? 1 : this.#attempt + 1;
    if (round !== next || attempt !== wanted) {
      this.#differ(
        'BAD_ORDER',
        `round ${round} attempt ${attempt} follows where round ${next} attempt ${wanted} is due`,
      );
    }
    this.#round = round;
    this.#attempt = attempt;
    this.#opened = false;
  }

  #takeUpload({ entry, name, uploads, survivors }: LedgerAttempt, member: number): void {
    if (!entry.cohort.includes(member)) {
      this.#differ('NOT_A_MEMBER', `member ${member} uploads to ${name} without being in its cohort`);
    }
    if (survivors !== undefined)
      this.#differ('BAD_ORDER', `member ${member} uploads to ${name} after its survivors were fixed`);
    if (uploads.has(member)) this.#differ('BAD_ORDER', `member ${member} uploads to ${name} a second time`);
    uploads.add(member);
  }

  #takeSurvivors(attempt: LedgerAttempt, members: readonly number[], { declaration }: GenesisEntry): void {
    const { name, uploads } = attempt;
    if (attempt.survivors !== undefined)
      this.#differ('BAD_ORDER', `the survivors of ${name} are fixed twice`);
    const stranger = members.find((member) => !uploads.has(member));
    if (stranger !== undefined)
      this.#differ('NOT_A_MEMBER', `survivor ${stranger} of ${name} did not upload`);
    if (members.length < declaration.minSurvivors) {
      this.#differ(
        'TOO_FEW_SURVIVORS',
        `${name} has ${members.length} survivors, U_min is ${declaration.minSurvivors}`,
      );
    }
    attempt.survivors ??= members;
  }

  #takeRelease(attempt: LedgerAttempt, claimed: Rational, { declaration }: GenesisEntry): void {
    const { entry, name, survivors } = attempt;
    if (survivors === undefined) {
      return this.#differ('BAD_ORDER', `${name} is opened before its survivors are fixed`);
    }
    attempt.closed = true;
    this.#opened = true;
    const rho = rhoOf(entry, Math.max(1, survivors.length - declaration.colluders));
    const declared = declaration.rounds[entry.round - 1];
    const charge = releaseCharge(declaration.filter, rho, declared, declaration.recordsPerUnit);
    this.#compareCharge(name, claimed, charge);
    this.#federation.settle(name, charge);
    const present = new Set(survivors);
    for (const member of entry.cohort) {
      if (present.has(member)) this.#tallyOf(member).settle(name, charge);
      // Nothing of a member that did not upload can be in any sum; what was uploaded and left out stays reserved.
      else if (!attempt.uploads.has(member)) this.#tallyOf(member).giveBack(name);
    }
    this.#releases.push({
      round: entry.round,
      attempt: entry.attempt,
      step: declared?.step ?? '',
      survivors: survivors.length,
      cohort: entry.cohort.length,
      normBound: entry.normBound,
      variance: entry.variance,
      rho,
      charge,
      ...(declared?.sampling === undefined ? {} : { sampling: declared.sampling }),
    });
  }

  /**
   * How many promises seal a vector follows from t, holders and colluders of its setup, which the messages of the log say; whoever
   * verifies those derives the entry from them. A ledger alone can say this much: it is never fewer than c + 1.
   */
  #takeVoid(attempt: LedgerAttempt, { promises, members }: VoidEntry, { declaration }: GenesisEntry): void {
    const { entry, name } = attempt;
    const needed = declaration.colluders + 1;
    if (promises.length < needed) {
      return this.#differ(
        'TOO_FEW_PROMISES',
        `${promises.length} members promised to release nothing of ${name}, at least ${needed} are needed`,
      );
    }
    const stranger = members.find((member) => !entry.cohort.includes(member));
    if (stranger !== undefined) {
      return this.#differ('NOT_A_MEMBER', `${name} is void for member ${stranger}, who is not in its cohort`);
    }
    attempt.closed = true;
    for (const member of members) this.#tallyOf(member).giveBack(name);
    // Of the others something may yet be opened.
    if (members.length < entry.cohort.length) return;
    this.#voided += 1;
    this.#federation.giveBack(name);
  }

  #tallyOf(member: number): Tally {
    const known = this.#members.get(member);
    if (known !== undefined) return known;
    const opened = new Tally();
    this.#members.set(member, opened);
    return opened;
  }

  #compareCharge(name: string, claimed: Rational, charge: Rational): void {
    if (compareRational(claimed, charge) === 0) return;
    this.#differ(
      'BAD_CHARGE',
      `${name} is charged ${formatRational(claimed)}, recomputed are ${formatRational(charge)}`,
    );
  }

  #differ(code: LedgerDifference['code'], message: string): void {
    this.#differences.push({ entry: this.#number, code, message });
  }

  verified(): VerifiedLedger {
    return {
      genesis: this.#genesis,
      differences: this.#differences,
      federation: this.#federation.account(),
      members: new Map(
        [...this.#members].toSorted(([a], [b]) => a - b).map(([id, tally]) => [id, tally.account()]),
      ),
      releases: this.#releases,
      attempts: this.#attempts.size,
      voided: this.#voided,
    };
  }
}

function nameOf({ round, attempt }: { readonly round: number; readonly attempt: number }): string {
  return `round ${round} attempt ${attempt}`;
}

function rhoOf({ normBound, variance }: ReserveEntry, honest: number): Rational {
  return chargeOf({ normBound, variance: variance > 0n ? variance : 1n, honest });
}
