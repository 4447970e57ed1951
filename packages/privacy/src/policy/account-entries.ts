/**
 * What the file of an organisation's account holds: one entry after the other, never changed. The account is what they add up to, so it says
 * what was spent, and in which run.
 */
import { PrivacyError } from '../privacy-error.ts';
import { formatFilter, parseFilter } from '../rounds/declaration.ts';
import { FieldsOf } from '../rounds/fields-of.ts';
import type { FilterRule } from '../zcdp/budget.ts';
import { formatRational, type Rational } from '../zcdp/rational.ts';
import {
  type AccountChange,
  attemptName,
  type ClientAccount,
  openClientAccount,
  reserveAttempt,
  settleAttempt,
  voidAttempt,
} from './client-account.ts';

/** One attempt at a round of a run. */
export interface AccountedAttempt {
  /** The run's id in hexadecimal. */
  readonly run: string;
  readonly round: number;
  readonly attempt: number;
}

export type AccountEntry =
  /** The first: what is added up. */
  | { readonly type: 'open'; readonly filter: FilterRule }
  /** Before the attempt's noise is drawn and anything leaves. */
  | ({
      readonly type: 'reserve';
      /** Name of the federation, for people. */
      readonly federation: string;
      /** Id in the roster of the member that contributes: clients of several members may share an account. */
      readonly member: number;
      readonly charge: Rational;
    } & AccountedAttempt)
  /** The attempt was opened. */
  | ({ readonly type: 'settle'; readonly charge: Rational } & AccountedAttempt)
  /** What the member that reserved the attempt uploaded to it can never be opened. */
  | ({ readonly type: 'void' } & AccountedAttempt);

/** As a line of JSON: integers and text alone. */
export function encodeAccountEntry(entry: AccountEntry): string {
  if (entry.type === 'open') return JSON.stringify({ ...entry, filter: formatFilter(entry.filter) });
  return JSON.stringify('charge' in entry ? { ...entry, charge: formatRational(entry.charge) } : entry);
}

/** @throws PrivacyError `BAD_PARAMETER` naming the field */
export function parseAccountEntry(text: string): AccountEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PrivacyError('BAD_PARAMETER', 'the entry is not JSON');
  }
  const fields = new FieldsOf(value, 'entry');
  const entry = readEntry(fields);
  fields.end();
  return entry;
}

const MAX_NUMBER = 2 ** 32 - 1;
const MAX_MEMBER = 65_535;

function readEntry(fields: FieldsOf): AccountEntry {
  const type = fields.choice('type', ['open', 'reserve', 'settle', 'void'] as const);
  if (type === 'open') {
    const filter = fields.read('filter', 'zcdp or rdp@ORDER', (text) =>
      typeof text === 'string' ? parseFilter(text) : undefined,
    );
    return { type, filter };
  }
  const attempt: AccountedAttempt = {
    run: fields.text('run', 64),
    round: fields.integer('round', 1, MAX_NUMBER),
    attempt: fields.integer('attempt', 1, MAX_NUMBER),
  };
  if (type === 'void') return { type, ...attempt };
  if (type === 'settle') return { type, ...attempt, charge: fields.rational('charge') };
  return {
    type,
    ...attempt,
    federation: fields.text('federation', 64),
    member: fields.integer('member', 0, MAX_MEMBER),
    charge: fields.rational('charge'),
  };
}

/**
 * The account that a list of entries adds up to. What is open in it stays charged: an attempt that was reserved before a crash may have been
 * uploaded.
 * @param limit from the policy as it is now; an account may have spent more than that, and then nothing more is let through
 * @param run of the entries only those of this run, where it is given
 * @throws PrivacyError `BAD_PARAMETER` where they contradict each other: an account that cannot be read lets nothing through
 */
export function replayAccount(
  entries: readonly AccountEntry[],
  limit: Rational,
  run?: string,
): ClientAccount {
  const [first, ...others] = entries;
  if (first?.type !== 'open') throw new PrivacyError('BAD_PARAMETER', 'an account begins with its filter');
  let account = openClientAccount(first.filter, UNLIMITED);
  for (const entry of others) {
    if (entry.type === 'open') throw new PrivacyError('BAD_PARAMETER', 'an account is opened once');
    if (run !== undefined && entry.run !== run) continue;
    const change = applied(account, entry);
    if ('refused' in change) throw new PrivacyError('BAD_PARAMETER', change.refused.message);
    ({ account } = change);
  }
  return { ...account, budget: { ...account.budget, limit } };
}

/** The past is added up, not filtered. */
const UNLIMITED: Rational = { numerator: 1n << 1024n, denominator: 1n };

function applied(account: ClientAccount, entry: Exclude<AccountEntry, { type: 'open' }>): AccountChange {
  const name = attemptName(entry.run, entry.round, entry.attempt);
  switch (entry.type) {
    case 'reserve':
      return reserveAttempt(account, name, entry.charge);
    case 'settle':
      return settleAttempt(account, name, entry.charge);
    case 'void':
      return voidAttempt(account, name);
  }
}
