/**
 * An organisation's privacy account on disk: one directory for all runs and federations that use the same data. Every change is one
 * transaction of a log under a lock: what other processes wrote is read, the filter is asked, the entry is synced; only then does it count.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { utf8 } from '@tributary/crypto';
import {
  type AccountedAttempt,
  type AccountEntry,
  admitAttempt,
  attemptName,
  type ClientAccount,
  encodeAccountEntry,
  type FilterRule,
  formatFilter,
  parseAccountEntry,
  policyLimit,
  PrivacyError,
  type PrivacyPolicy,
  type Rational,
  type Refusal,
  replayAccount,
  type RoundPrivacy,
  settledCharge,
} from '@tributary/privacy';
import {
  type DirectoryLock,
  type FileSystem,
  lockDirectory,
  openFileEventLog,
  RuntimeError,
} from '@tributary/runtime';

export interface AccountFileOptions {
  /** A directory, made where there is none. */
  readonly path: string;
  readonly policy: PrivacyPolicy;
  /** What a new account adds up. */
  readonly filter: FilterRule;
  readonly files?: FileSystem;
}

/** How long to wait for another process that is changing the account; a change takes milliseconds. */
const LOCK_SECONDS = 30;
const LONGEST_PAUSE_MS = 25;

export class AccountFile {
  readonly #options: AccountFileOptions;

  constructor(options: AccountFileOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** As it is now, under the limit of the policy. @throws RuntimeError BAD_FILE where it cannot be read: then nothing may be spent */
  async read(): Promise<{ readonly account: ClientAccount; readonly entries: readonly AccountEntry[] }> {
    return await this.#change(({ account, entries }) => ({ result: { account, entries } }));
  }

  /**
   * Reserves an attempt, durably: before its noise is drawn.
   * @param runLimit of the run alone
   * @param minSurvivors that the terms of the batch enforce
   * @returns why not, where the organisation's account or the run's does not allow it
   * @throws RuntimeError BAD_FILE, RUN_FAILED: then nothing may be uploaded either
   */
  async reserve(
    attempt: AccountedAttempt & { readonly federation: string; readonly member: number },
    noise: RoundPrivacy,
    { runLimit, minSurvivors }: { readonly runLimit: Rational; readonly minSurvivors: number },
  ): Promise<Refusal | undefined> {
    return await this.#change(({ account, entries }) => {
      const { run, round, attempt: number } = attempt;
      const accounts = { own: account, run: replayAccount(entries, runLimit, run) };
      const admission = admitAttempt(accounts, attemptName(run, round, number), noise, minSurvivors);
      if ('refused' in admission) return { result: admission.refused };
      const charge = admission.charge;
      return { result: undefined, entry: { type: 'reserve', ...attempt, charge } };
    });
  }

  /** Charges what an attempt cost that was opened over so many survivors. An attempt that is not reserved is left as it is. */
  async settle(attempt: AccountedAttempt, noise: RoundPrivacy, survivors: number): Promise<void> {
    await this.#change(({ account }) =>
      isReserved(account, attempt)
        ? { entry: { type: 'settle', ...attempt, charge: settledCharge(noise, survivors) } }
        : {},
    );
  }

  /**
   * Gives back what a member reserved for an attempt, where nothing that it uploaded can ever be opened; the caller has seen to it that this
   * is so. What another member reserved stays reserved.
   */
  async void(attempt: AccountedAttempt, member: number): Promise<void> {
    await this.#change(({ account, entries }) => {
      const isOwn = entries.some(
        (entry) => entry.type === 'reserve' && entry.member === member && isOfAttempt(entry, attempt),
      );
      return isOwn && isReserved(account, attempt) ? { entry: { type: 'void', ...attempt } } : {};
    });
  }

  async #change<T = void>(
    work: (state: { readonly account: ClientAccount; readonly entries: readonly AccountEntry[] }) => {
      readonly result?: T;
      readonly entry?: AccountEntry;
    },
  ): Promise<T> {
    const { path, policy, filter, files } = this.#options;
    const lock = await lockAccount(path);
    try {
      const log = await openFileEventLog(lock, files);
      try {
        const entries: AccountEntry[] = [];
        for await (const record of log.read()) {
          entries.push(parseAccountEntry(Buffer.from(record).toString('utf8')));
        }
        const opened: AccountEntry = { type: 'open', filter };
        const isNew = entries.length === 0;
        if (isNew) entries.push(opened);
        const rule = entries[0]?.type === 'open' ? entries[0].filter : filter;
        const account = replayAccount(entries, policyLimit(policy, rule));
        if (formatFilter(rule) !== formatFilter(filter)) throw otherFilter(path, rule, filter);
        const { result, entry } = work({ account, entries });
        if (entry !== undefined) {
          const added = isNew ? [opened, entry] : [entry];
          await log.append(added.map((each) => utf8(encodeAccountEntry(each))));
        }
        return result as T;
      } finally {
        await log.close();
      }
    } catch (error) {
      if (!(error instanceof PrivacyError)) throw error;
      throw new RuntimeError(
        'BAD_FILE',
        `privacy account ${path} cannot be used: ${error.message}`,
        'nothing is spent as long as it cannot; restore it from what it was, never from an older copy',
        error,
      );
    } finally {
      lock.release();
    }
  }
}

function isReserved({ budget }: ClientAccount, { run, round, attempt }: AccountedAttempt): boolean {
  return budget.reserved.has(attemptName(run, round, attempt));
}

function isOfAttempt(entry: AccountedAttempt, { run, round, attempt }: AccountedAttempt): boolean {
  return entry.run === run && entry.round === round && entry.attempt === attempt;
}

function otherFilter(path: string, has: FilterRule, wanted: FilterRule): RuntimeError {
  return new RuntimeError(
    'BAD_CONFIG',
    `privacy account ${path} adds up ${formatFilter(has)}, 'policy.filter' is ${formatFilter(wanted)}`,
    'charges of different rules do not add: keep the filter, or open another account for other data',
  );
}

/** Other processes of the organisation change the same account, each for a moment. */
async function lockAccount(path: string): Promise<DirectoryLock> {
  const deadline = Date.now() + LOCK_SECONDS * 1000;
  for (;;) {
    try {
      return lockDirectory(path);
    } catch (error) {
      const taken = error instanceof RuntimeError && error.code === 'BAD_CONFIG';
      if (!taken || Date.now() > deadline) throw error;
      await pause(1 + (Date.now() % LONGEST_PAUSE_MS));
    }
  }
}
