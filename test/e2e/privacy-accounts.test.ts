/** Runs that spend privacy accounts, in one process over real sockets: whose data they protect, and how they end where nothing is left. */
import { compareRational, formatRational, remaining, spent, type VerifiedLedger } from '@tributary/privacy';
import type { Dataset } from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { auditedBudget, statementOf } from '../../packages/cli/src/commands/audit-budget.ts';
import { verifyFile } from '../../packages/cli/src/commands/audit-verify.ts';
import { MEMBERS, NoisyFederation, type Setting } from '../support/noisy-federation.ts';
import { toyDataset } from '../support/toy-data.ts';

function refusedWith(...words: readonly string[]): unknown {
  return {
    status: 'rejected',
    reason: expect.objectContaining({
      code: 'POLICY',
      exitCode: 6,
      message: expect.stringMatching(new RegExp(words.join('.*'), 's')),
    }),
  };
}

describe('an organisation whose privacy account', () => {
  it('has too little left for a run takes no part: both sides end with exit code 6 and the reason', async () => {
    const federation = new NoisyFederation();
    await federation.spendElsewhere(1, 1000);
    const before = await federation.spent(1);
    const { coordinator, clients } = await federation.run();
    // What it spent elsewhere stays with it.
    expect(coordinator).toEqual(
      refusedWith('org-1: the privacy budget of this organisation does not allow the run'),
    );
    expect(clients[1]).toEqual(refusedWith('BUDGET_EXCEEDED: the run would cost', 'is left'));
    for (const i of [0, 2]) {
      expect(clients[i]).toEqual(refusedWith('the coordinator ended the run', 'org-1'));
      expect(await federation.spent(i)).toBe('0');
    }
    expect(await federation.spent(1)).toBe(before);
  });

  it('was spent by one run has nothing for the next', async () => {
    const federation = new NoisyFederation();
    const first = await federation.run();
    expect(first.coordinator).toMatchObject({ status: 'fulfilled', value: { privacy: { epsilon: 3 } } });
    const spentBefore = await Promise.all(MEMBERS.map((i) => federation.spent(i)));
    const { coordinator, clients } = await federation.run();
    expect(coordinator).toEqual(refusedWith('org-0: the privacy budget'));
    for (const client of clients) expect(client).toEqual(refusedWith('.'));
    expect(await Promise.all(MEMBERS.map((i) => federation.spent(i)))).toEqual(spentBefore);
  });

  it('is spent elsewhere in mid-run gives nothing more: both sides end with exit code 6, nothing further is opened', async () => {
    const federation = new NoisyFederation();
    const { coordinator, clients } = await federation.run({
      onProgress: async (member, progress) => {
        if (member === 2 && progress.kind === 'sum' && progress.round === 3) {
          const { budget } = (await federation.account(2).read()).account;
          const left = Number(remaining(budget).numerator) / Number(remaining(budget).denominator);
          const limit = Number(budget.limit.numerator) / Number(budget.limit.denominator);
          // All but a thousandth of the limit.
          await federation.spendElsewhere(2, Math.floor((left / limit) * 1e6) - 1000);
        }
      },
    });
    expect(coordinator).toEqual(refusedWith('privacy budget'));
    for (const client of clients) expect(client).toEqual(refusedWith('privacy budget|BUDGET_EXCEEDED'));
    expect(federation.has('router-0.json')).toBe(false);
    const { budget } = (await federation.account(2).read()).account;
    expect(compareRational(spent(budget), budget.limit)).toBeLessThanOrEqual(0);
    const verdict = await verifyFile(federation.log);
    expect(verdict).toMatchObject({ ok: true, report: { sums: 3 } });
  });
});

/** A member that in round 2 does not do in time what a phase asks of it, and is back for the next attempt. */
function lateOnce(
  phase: 'ready' | 'consistency' | 'unmask',
): Pick<Setting, 'deadlines' | 'onProgress' | 'onCoordinator'> {
  const waiting: (() => void)[] = [];
  return {
    deadlines: { [phase]: 1, consistency: 1 },
    onProgress: async (member, progress) => {
      const late = progress.kind === 'phase' && progress.phase === phase && progress.round === 2;
      if (member === 2 && late && waiting.length === 0) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    onCoordinator: ({ kind }) => {
      if (kind === 'retry') for (const goOn of waiting) goOn();
    },
  };
}

const NOTHING = { numerator: 0n, denominator: 1n };

/** What the log of a run says of its budget. */
async function auditedLedger(
  federation: NoisyFederation,
): Promise<VerifiedLedger & { readonly sums: number }> {
  const verdict = await verifyFile(federation.log);
  if (!verdict.ok) throw new Error(verdict.fault.reason);
  const { ledger, sums } = verdict.report;
  if (ledger === undefined) throw new Error('the run has no budget');
  return { ...ledger, sums };
}

describe('an attempt that fails and can never be opened', () => {
  // Of three members, of whom one may collude, two promises seal an attempt: those of the two that were in time.
  it.each(['ready', 'consistency'] as const)(
    'in phase %s is given back on every account: a run that keeps no room for a further attempt makes it all the same',
    async (phase) => {
      const federation = new NoisyFederation();
      const { coordinator, clients } = await federation.run(lateOnce(phase));
      if (coordinator.status === 'rejected') throw coordinator.reason;
      expect(clients.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      const ledger = await auditedLedger(federation);
      expect(ledger).toMatchObject({ differences: [], attempts: ledger.sums + 1, voided: 1 });
      expect(ledger.federation.reserved).toEqual(NOTHING);
      // The log, the coordinator and each member count alike, to the last digit.
      const spentByAll = formatRational(ledger.federation.settled);
      expect(coordinator.value.privacy?.spent).toBe(spentByAll);
      const audited = auditedBudget(ledger, ['zcdp', 'rdp', 'pld']);
      const { spentEpsilon = 0 } = audited ?? {};
      expect(audited).toMatchObject({ settled: spentByAll, reserved: '0', voided: 1, differences: [] });
      expect(audited?.spentAndReservedEpsilon).toBe(spentEpsilon);
      expect(audited?.accountants).toMatchObject({ zcdp: expect.closeTo(spentEpsilon, 6) as number });
      const { spent: stated, spentAndReserved, voided } = statementOf(ledger);
      expect([stated.charge, spentAndReserved.charge, voided]).toEqual([spentByAll, spentByAll, 1]);
      for (const i of MEMBERS) {
        expect(await federation.spent(i)).toBe(spentByAll);
        expect(ledger.members.get(i)).toEqual(ledger.federation);
        const voids = (await federation.account(i).read()).entries.filter(({ type }) => type === 'void');
        // An attempt that never began is on no member's account.
        expect(voids).toMatchObject(phase === 'ready' ? [] : [{ round: 2, attempt: 1 }]);
      }
    },
  );
});

describe('an attempt that fails and might yet be opened', () => {
  it('stays charged, and is made again where the run keeps room for it', async () => {
    const federation = new NoisyFederation();
    const { coordinator, clients } = await federation.run({ privacy: { retries: 1 }, ...lateOnce('unmask') });
    if (coordinator.status === 'rejected') throw coordinator.reason;
    expect(clients.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    const ledger = await auditedLedger(federation);
    expect(ledger).toMatchObject({ differences: [], attempts: ledger.sums + 1, voided: 0 });
    // On every account more than the sums that were opened, and no more than the limit.
    const { privacy } = coordinator.value;
    for (const i of MEMBERS) expect(await federation.spent(i)).toBe(privacy?.spent);
    expect(ledger.federation.reserved).not.toEqual(NOTHING);
  });

  it('ends a run that keeps none: exit code 6 on both sides, and the field that would have', async () => {
    const federation = new NoisyFederation();
    const { coordinator, clients } = await federation.run(lateOnce('unmask'));
    expect(coordinator).toEqual(refusedWith('the privacy budget of the run does not allow it'));
    expect(coordinator).toMatchObject({
      reason: { hint: expect.stringContaining("'privacy.retries'") as string },
    });
    for (const client of clients) {
      expect(client).toEqual(refusedWith('the coordinator ended the run', 'the privacy budget of the run'));
    }
    expect(await verifyFile(federation.log)).toMatchObject({ ok: true, report: { sums: 1 } });
  });
});

describe('a run that protects end users', () => {
  const RECORDS = 3000;
  /** Each person asked three times. */
  const data = (member: number): Dataset => ({
    ...toyDataset(member, RECORDS),
    users: Uint32Array.from({ length: RECORDS }, (_, i) => Math.floor(i / 3)),
  });
  const privacy = { unit: 'end-user', maxRecordsPerUser: 2 };

  it('takes no more records of a person than it declares, and is charged for that person', async () => {
    const federation = new NoisyFederation();
    const run = await federation.run({ privacy, policy: { unit: 'end-user' }, data });
    expect(run.coordinator).toMatchObject({
      status: 'fulfilled',
      value: { privacy: { unit: 'end-user', epsilon: 3 } },
    });
    for (const client of run.clients) {
      expect(client).toMatchObject({ status: 'fulfilled', value: { records: (RECORDS / 3) * 2 } });
    }
    const verdict = await verifyFile(federation.log);
    if (!verdict.ok) throw new Error(verdict.fault.reason);
    expect(verdict.report.ledger).toMatchObject({
      differences: [],
      genesis: { declaration: { unit: 'end-user', recordsPerUnit: 2 } },
    });
  });

  it('is left by whom records alone are protected', async () => {
    const federation = new NoisyFederation();
    const { coordinator, clients } = await federation.run({ policy: { unit: 'end-user' }, data });
    expect(coordinator).toEqual(refusedWith('the run protects a record, the policy asks for end-user'));
    for (const client of clients) expect(client).toEqual(refusedWith('.'));
  });
});
