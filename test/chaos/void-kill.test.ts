/** `kill -9` around an attempt that is given back: before its promises are announced, before a client's account has it, and after. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { AccountFile } from '@tributary/client';
import { addRational, compareRational, formatRational, type Rational, spent, ZERO } from '@tributary/privacy';
import { describe, expect, it } from 'vitest';
import { verifyFile } from '../../packages/cli/src/commands/audit-verify.ts';
import { SPENDING } from '../contracts/account-story.ts';
import { temporaryDirectory } from '../support/cli.ts';
import { routerOf, runProcesses } from './federation-of-processes.ts';

const TIMEOUT_MS = 120_000;
const MEMBERS = [0, 1, 2, 3, 4];
/** U_min is 4 of 5: with these two dead before they have uploaded an attempt fails. Back again they promise, as four have to. */
const LOST = ['masked-input@2', 'masked-input@4'] as const;

async function accountIn(
  path: string,
): Promise<{ readonly spent: Rational; readonly voids: readonly number[] }> {
  const { account, entries } = await new AccountFile({ ...SPENDING, path }).read();
  return {
    spent: spent(account.budget),
    voids: entries.flatMap((entry) => (entry.type === 'void' ? [entry.round] : [])),
  };
}

describe('a federation with a privacy budget that keeps no room for a failed attempt', () => {
  it(
    'finishes its run though two attempts fail and processes are killed: each is given back once, on every account alike',
    async () => {
      const accountsOfTheDead: string[] = [];
      const outcome = await runProcesses({
        members: MEMBERS.length,
        privacy: { epsilon: 3 },
        gate: 'masked-input',
        // One batch for the whole run: nobody is left out of a renewal because it is dead.
        keyCount: 16,
        // The verdict on the attempt is in its journal, the announcement with the promises is not.
        coordinatorDies: ['retry@2'],
        // The first of them in front of the write to its account, which its journal asked for; then behind it.
        clientsDie: { 0: ['void@2', 'voided@4'], 3: LOST, 4: LOST },
        onDead: (member, directory) => {
          if (member !== 0) return;
          const account = temporaryDirectory();
          cpSync(join(directory, 'org-0.account'), account, { recursive: true, verbatimSymlinks: true });
          accountsOfTheDead.push(account);
        },
      });
      const { directory, report, lives } = outcome;
      expect(lives).toEqual({ coordinator: 2, clients: [3, 1, 1, 3, 3] });
      const router = routerOf(outcome, 'coordinator');
      expect(MEMBERS.filter((member) => routerOf(outcome, member) !== router)).toEqual([]);

      const dead = await Promise.all(accountsOfTheDead.map(accountIn));
      expect(dead.map(({ voids }) => voids)).toEqual([[], [2, 4]]);

      const verdict = await verifyFile(join(directory, 'output', 'audit.jsonl'));
      if (!verdict.ok) throw new Error(`audit: entry ${verdict.fault.entry}: ${verdict.fault.reason}`);
      const { ledger, ended, sums } = verdict.report;
      expect(ledger).toMatchObject({ differences: [], attempts: sums + 2, voided: 2 });
      expect([ended, ledger?.federation.reserved]).toEqual([true, { numerator: 0n, denominator: 1n }]);
      expect(report.privacy?.spent).toBe(formatRational(ledger?.federation.settled ?? ZERO));
      for (const member of MEMBERS) {
        const own = await accountIn(join(directory, `org-${member}.account`));
        const { settled, reserved } = ledger?.members.get(member) ?? { settled: ZERO, reserved: ZERO };
        const who = `org-${member}`;
        expect(compareRational(own.spent, addRational(settled, reserved)), who).toBe(0);
        // Who died before it reserved has nothing to be given back.
        expect(own.voids, who).toEqual(member < 3 ? [2, 4] : []);
      }
    },
    TIMEOUT_MS,
  );
});
