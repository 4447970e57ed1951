/** `kill -9` of processes whose sums carry noise: what was spent is never forgotten, and no budget is passed. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEntry } from '@tributary/audit';
import { AccountFile } from '@tributary/client';
import {
  addRational,
  compareRational,
  type LedgerEntry,
  parseRational,
  type Rational,
  readLedgerEntry,
  spent,
  ZERO,
} from '@tributary/privacy';
import { describe, expect, it } from 'vitest';
import { verifyFile } from '../../packages/cli/src/commands/audit-verify.ts';
import { LIMIT, SPENDING } from '../contracts/account-story.ts';
import { temporaryDirectory } from '../support/cli.ts';
import { routerOf, runProcesses } from './federation-of-processes.ts';
import type { Moment } from './moments.ts';

const TIMEOUT_MS = 120_000;
/** U_min is 4 of 5: while one is dead, sums go on. */
const MEMBERS = [0, 1, 2, 3, 4];
/** An attempt that is lost with its coordinator is made again, and may stay charged. */
const PRIVACY = { epsilon: 3, retries: 3 };
const CLIENT_DIES: readonly Moment[] = ['masked-input@1', 'uploaded@3', 'sum@5'];
const COORDINATOR_DIES: readonly Moment[] = ['unmask@2', 'masked-input@4'];

/** What was on disk at one moment. */
interface Snapshot {
  readonly member: number;
  readonly account: string;
  readonly log: readonly LoggedChange[];
}

/** An entry of the budget, or that the newest attempt ended without a sum. */
type LoggedChange = LedgerEntry | { readonly type: 'abort' };

function ledgerIn(directory: string): LoggedChange[] {
  const lines = readFileSync(join(directory, 'output', 'audit.jsonl'), 'utf8').split('\n');
  // The last line may be half written.
  return lines.flatMap((line): LoggedChange[] => {
    const read = readEntry(new TextEncoder().encode(line));
    if (read.ok && read.entry.type === 'abort') return [{ type: 'abort' }];
    if (!read.ok || read.entry.type !== 'budget') return [];
    const entry = readLedgerEntry(read.entry.ledger);
    return 'fault' in entry ? [] : [entry];
  });
}

/**
 * The least that a member has to have on its account: what it uploaded to is charged, at less than was reserved only once its sum is opened, and
 * not at all once it is void. Members see the promises before the log has them: what ended last may be void for them.
 */
function leastSpent(member: number, entries: readonly LoggedChange[]): Rational {
  const due = new Map<string, { charge: Rational; uploaded: boolean; survived: boolean }>();
  let newest = '';
  let ended = '';
  for (const entry of entries) {
    if (entry.type === 'abort') ended = newest;
    if (entry.type === 'genesis' || entry.type === 'abort') continue;
    const name = `${entry.round} ${entry.attempt}`;
    const attempt = due.get(name);
    if (entry.type === 'reserve') {
      due.set(name, { charge: entry.charge, uploaded: false, survived: false });
      newest = name;
      ended = '';
    } else if (attempt === undefined) throw new Error(`${entry.type} of ${name} before its reservation`);
    else if (entry.type === 'upload') attempt.uploaded ||= entry.member === member;
    else if (entry.type === 'survivors') attempt.survived = entry.members.includes(member);
    else if (entry.type === 'release' && attempt.survived) attempt.charge = entry.charge;
    else if (entry.type === 'void' && entry.members.includes(member)) due.delete(name);
  }
  due.delete(ended);
  return [...due.values()]
    .filter(({ uploaded }) => uploaded)
    .reduce((sum, { charge }) => addRational(sum, charge), ZERO);
}

async function spentIn(path: string): Promise<Rational> {
  return spent((await new AccountFile({ ...SPENDING, path }).read()).account.budget);
}

describe('a federation with a privacy budget', () => {
  it(
    'whose coordinator and client are killed again and again forgets nothing of what it spent',
    async () => {
      const snapshots: Snapshot[] = [];
      const outcome = await runProcesses({
        members: MEMBERS.length,
        privacy: PRIVACY,
        coordinatorDies: COORDINATOR_DIES,
        clientsDie: { 3: CLIENT_DIES },
        onDead: (member, directory) => {
          const account = temporaryDirectory();
          cpSync(join(directory, `org-${member}.account`), account, {
            recursive: true,
            verbatimSymlinks: true,
          });
          snapshots.push({ member, account, log: ledgerIn(directory) });
        },
      });
      const { directory, report, lives } = outcome;
      expect(lives).toEqual({
        coordinator: COORDINATOR_DIES.length + 1,
        clients: [1, 1, 1, CLIENT_DIES.length + 1, 1],
      });
      const router = routerOf(outcome, 'coordinator');
      expect(MEMBERS.filter((member) => routerOf(outcome, member) !== router)).toEqual([]);

      const verdict = await verifyFile(join(directory, 'output', 'audit.jsonl'));
      if (!verdict.ok) throw new Error(`audit: entry ${verdict.fault.entry}: ${verdict.fault.reason}`);
      const { ledger, ended, counts, sums } = verdict.report;
      expect([ended, counts.masks, counts.summation + counts.replayed]).toEqual([true, sums, sums]);
      expect(ledger?.differences).toEqual([]);
      // The coordinator counts as the log does.
      expect(ledger?.attempts).toBeGreaterThanOrEqual(sums);
      const logged =
        ledger === undefined ? ZERO : addRational(ledger.federation.settled, ledger.federation.reserved);
      const counted = parseRational(report.privacy?.spent ?? '') ?? ZERO;
      expect(compareRational(counted, logged)).toBe(0);

      const entries = ledgerIn(directory);
      const ends = MEMBERS.map((member) => ({
        member,
        account: join(directory, `org-${member}.account`),
        log: entries,
      }));
      for (const { member, account, log } of [...snapshots, ...ends]) {
        const has = await spentIn(account);
        const who = `org-${member}, after ${log.length} entries`;
        expect(compareRational(has, leastSpent(member, log)), who).toBeGreaterThanOrEqual(0);
        expect(compareRational(has, LIMIT), who).toBeLessThanOrEqual(0);
      }
      expect(snapshots).toHaveLength(CLIENT_DIES.length);
      // Something was on the accounts of the dead.
      const last = snapshots.at(-1);
      expect(compareRational(leastSpent(3, last?.log ?? []), ZERO)).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
