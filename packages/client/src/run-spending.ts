/** What a run may take of an organisation's privacy: asked before anything of the organisation is in it, and again at every attempt. */
import { toHex } from '@tributary/crypto';
import {
  attemptName,
  filterLimit,
  parseFilter,
  type PrivacyDeclaration,
  refuseRun,
  type RoundPrivacy,
} from '@tributary/privacy';
import type { RoundResult } from '@tributary/protocol';
import { type RunManifest, RuntimeError } from '@tributary/runtime';
import { AccountFile } from './account-file.ts';
import type { ClientConfig } from './config.ts';
import type { ContributionRequest } from './round-participant.ts';

/** @throws RuntimeError BAD_CONFIG */
export function accountOf({ account: path, policy }: Pick<ClientConfig, 'account' | 'policy'>): AccountFile {
  return new AccountFile({ path, policy, filter: parseFilter(policy.filter) ?? { kind: 'zcdp' } });
}

export interface SpendingOptions {
  readonly config: Pick<ClientConfig, 'account' | 'policy'>;
  readonly federation: string;
  readonly manifest: RunManifest;
  readonly run: Uint8Array;
  /** Id of the member. */
  readonly self: number;
}

export class RunSpending {
  readonly #account: AccountFile;
  readonly #declaration: PrivacyDeclaration;
  readonly #federation: string;
  readonly #self: number;
  readonly #run: string;

  private constructor({ config, federation, run, self }: SpendingOptions, declaration: PrivacyDeclaration) {
    this.#account = accountOf(config);
    this.#declaration = declaration;
    this.#federation = federation;
    this.#self = self;
    this.#run = toHex(run);
  }

  /**
   * Lets a run begin, or go on: one that was begun before is asked for its budget at each attempt only.
   * @returns undefined for a run without noise, where the policy allows one
   * @throws RuntimeError POLICY
   */
  static async begin(options: SpendingOptions): Promise<RunSpending | undefined> {
    const { config, manifest } = options;
    const { policy } = config;
    const { privacy } = manifest;
    if (privacy === 'none') {
      if (policy.allowNoNoise) return undefined;
      throw new RuntimeError(
        'POLICY',
        'the run adds no privacy noise to its sums',
        "set 'policy: { allowNoNoise: true }' if you agree to exact sums over your data",
      );
    }
    if (privacy.colluders < policy.minColluders) {
      throw new RuntimeError(
        'POLICY',
        `the noise of the run withstands ${privacy.colluders} colluding organisations, 'policy.minColluders' is ${policy.minColluders}`,
        'ask the operator of the coordinator',
      );
    }
    const spending = new RunSpending(options, privacy);
    const { account, entries } = await spending.#account.read();
    const isBegun = entries.some((entry) => entry.type !== 'open' && entry.run === spending.#run);
    const refusal = refuseRun(policy, account, privacy, isBegun ? privacy.rounds.length : 0);
    if (refusal === undefined) return spending;
    throw new RuntimeError('POLICY', `${refusal.code}: ${refusal.message}`, HINT);
  }

  /** Before noise is drawn for an attempt. Returns once it is charged, durably. @throws RuntimeError POLICY, BAD_FILE, RUN_FAILED */
  async reserve({ round, attempt, minSurvivors }: ContributionRequest, noise: RoundPrivacy): Promise<void> {
    const refusal = await this.#account.reserve(
      { run: this.#run, round, attempt, federation: this.#federation, member: this.#self },
      noise,
      { runLimit: filterLimit(this.#declaration), minSurvivors },
    );
    if (refusal !== undefined) throw new RuntimeError('POLICY', `${refusal.code}: ${refusal.message}`, HINT);
  }

  /**
   * An attempt was opened. Its charge falls to what its survivors make it where this member signed their set; on the coordinator's word
   * alone nothing is given back, and what was uploaded and is in no sum stays charged.
   */
  async settle(
    { round, attempt, survivors }: RoundResult,
    noise: RoundPrivacy,
    signed: boolean,
  ): Promise<void> {
    if (!signed || !survivors.includes(this.#self)) return;
    await this.#account.settle({ run: this.#run, round, attempt }, noise, survivors.length);
  }

  /** An attempt of which nothing that this member uploaded can ever be opened, by promises that it verified itself. Again, it changes nothing. */
  async void({ round, attempt }: Pick<ContributionRequest, 'round' | 'attempt'>): Promise<void> {
    await this.#account.void({ run: this.#run, round, attempt }, this.#self);
  }

  /**
   * Whether the account knows the attempts that this member's journal says it was in.
   * @throws RuntimeError BAD_FILE where it does not: it is an older copy, and nothing may be spent from it
   */
  async requireKnown(attempts: readonly Pick<RoundResult, 'round' | 'attempt'>[]): Promise<void> {
    const { budget } = (await this.#account.read()).account;
    for (const { round, attempt } of attempts) {
      const name = attemptName(this.#run, round, attempt);
      if (budget.reserved.has(name) || budget.closed.has(name)) continue;
      throw new RuntimeError(
        'BAD_FILE',
        `privacy account ${this.#account.path} does not know round ${round} of this run, in which this client took part`,
        'it is an older copy, or was removed: bring back the newest one',
      );
    }
  }
}

const HINT =
  "`tributary privacy budget` shows what is spent; 'policy' in the configuration says what is allowed";
