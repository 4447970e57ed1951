/** An organisation's privacy account under a disk that fails, under processes that are killed, and under processes that compete. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AccountFile } from '@tributary/client';
import { compareRational, type Rational, spent, ZERO } from '@tributary/privacy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleScripts, temporaryDirectory } from '../support/cli.ts';
import type { Spent, SpendOrder } from './account-spender.ts';
import { LIMIT, roundNoise, SPENDING } from './account-story.ts';
import { PowerCut, SimulatedDisk } from './simulated-disk.ts';

const children: ChildProcess[] = [];
let parent: string;
let path: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tributary-account-'));
  path = join(parent, 'acme.account');
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  rmSync(parent, { recursive: true });
});

function accountAt(disk?: SimulatedDisk): AccountFile {
  return new AccountFile({ ...SPENDING, path, ...(disk === undefined ? {} : { files: disk }) });
}

async function spentIn(account: AccountFile): Promise<Rational> {
  return spent((await account.read()).account.budget);
}

const attempt = (number: number, run = 'aa'): { run: string; round: number; attempt: number } => ({
  run,
  round: 1,
  attempt: number,
});

const MEMBER = 3;

/** Reserves, opens and gives up attempts; each step with what is spent once it is acknowledged. */
const STORY: readonly ((account: AccountFile) => Promise<unknown>)[] = [
  (account) => reserved(account, 1),
  (account) => reserved(account, 2),
  (account) => account.settle(attempt(1), roundNoise(100_000).noise, 6),
  (account) => account.void(attempt(2), MEMBER),
];

async function reserved(account: AccountFile, number: number): Promise<void> {
  const { noise, terms } = roundNoise(100_000);
  expect(
    await account.reserve({ ...attempt(number), federation: 'f', member: MEMBER }, noise, terms),
  ).toBeUndefined();
}

/** What is spent after each step of the story, where nothing fails. */
async function undisturbed(): Promise<Rational[]> {
  const account = accountAt(new SimulatedDisk());
  const after: Rational[] = [];
  for (const step of STORY) {
    await step(account);
    after.push(await spentIn(account));
  }
  return after;
}

describe('a privacy account', () => {
  it.each([
    ['the power goes', true],
    ['the disk fails', false],
  ])('never says less than what was acknowledged, at whatever write %s', async (_, powerLost) => {
    const after = await undisturbed();
    for (let failsAt = 0; ; failsAt++) {
      const disk = new SimulatedDisk();
      let operation = 0;
      disk.before = () => {
        if (operation++ === failsAt) throw powerLost ? new PowerCut() : new Error('EIO');
      };
      const account = accountAt(disk);
      let done = 0;
      try {
        for (const step of STORY) {
          await step(account);
          done++;
        }
      } catch {
        // The process dies of it.
      }
      disk.before = () => undefined;
      if (powerLost) disk.losePower(() => failsAt % 2 === 0);
      const found = await spentIn(accountAt(disk));
      const [before, then] = [after[done - 1] ?? ZERO, after[done] ?? after[done - 1] ?? ZERO];
      const least = compareRational(before, then) < 0 ? before : then;
      expect(compareRational(found, least), `failing at operation ${failsAt}`).toBeGreaterThanOrEqual(0);
      if (done === STORY.length) break;
    }
  });

  it('says what a killed process had reserved, life after life', async () => {
    let reservations = 0;
    for (const [life, killedAfter] of [1, 5].entries()) {
      const child = await start();
      const run = `a${life}`;
      order(child, { run, attempts: 1000, share: 1 });
      for (let i = 0; i < killedAfter; i++) await once(child, 'message');
      await kill(child);
      reservations += killedAfter;
      const { account } = await accountAt().read();
      // One more may have been durable when its process was killed before it could say so.
      expect(account.budget.reserved.size).toBeGreaterThanOrEqual(reservations);
      reservations = account.budget.reserved.size;
      for (let i = 1; i <= killedAfter; i++) expect(account.budget.reserved.has(`${run}/1/${i}`)).toBe(true);
    }
  });

  it('gives the last of the budget to exactly one of two rounds that race for it, in two processes', async () => {
    const racers = await Promise.all([start(), start()]);
    for (let contest = 0; contest < 3; contest++) {
      rmSync(path, { recursive: true, force: true });
      const answers = racers.map(async (racer) => ((await once(racer, 'message')) as [Spent])[0]);
      racers.forEach((racer, i) => order(racer, { run: `b${i}`, attempts: 1, share: 600_000 }));
      const refusals = (await Promise.all(answers)).map(({ refused }) => refused ?? 'reserved');
      expect(new Set(refusals)).toEqual(new Set(['BUDGET_EXCEEDED', 'reserved']));
      expect((await accountAt().read()).account.budget.reserved.size).toBe(1);
    }
  });

  it('and of many at once in one process none is lost, nor let through beyond the limit', async () => {
    const { noise, terms } = roundNoise(90_000);
    const refusals = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        accountAt().reserve({ ...attempt(1, `c${i}`), federation: 'f', member: MEMBER }, noise, terms),
      ),
    );
    expect(refusals.filter((refusal) => refusal === undefined)).toHaveLength(11);
    expect(compareRational(await spentIn(accountAt()), LIMIT)).toBeLessThanOrEqual(0);
  });

  it('refuses the smallest charge at its limit', async () => {
    const full = roundNoise(1_000_000);
    const account = accountAt();
    const whole = { ...full.noise, rho: LIMIT };
    expect(
      await account.reserve({ ...attempt(1), federation: 'f', member: MEMBER }, whole, full.terms),
    ).toBeUndefined();
    const tiny = roundNoise(1);
    const noise = { ...tiny.noise, rho: { numerator: 1n, denominator: 1n << 3000n } };
    expect(
      await account.reserve({ ...attempt(2), federation: 'f', member: MEMBER }, noise, tiny.terms),
    ).toMatchObject({
      code: 'BUDGET_EXCEEDED',
    });
  });

  it('draws noise once for each reservation: the same attempt is not reserved again', async () => {
    const account = accountAt();
    await reserved(account, 1);
    const { noise, terms } = roundNoise(100_000);
    const again = { ...attempt(1), federation: 'f', member: MEMBER };
    expect(await account.reserve(again, noise, terms)).toMatchObject({ code: 'RESERVATION_CONFLICT' });
    await account.settle(attempt(1), noise, 6);
    expect(await account.reserve(again, noise, terms)).toMatchObject({ code: 'RESERVATION_CONFLICT' });
  });

  it('keeps a run to its own limit, where the organisation would allow more', async () => {
    const { noise, terms } = roundNoise(100_000);
    const own = { ...terms, runLimit: noise.rho };
    const account = accountAt();
    expect(
      await account.reserve({ ...attempt(1), federation: 'f', member: MEMBER }, noise, own),
    ).toBeUndefined();
    expect(
      await account.reserve({ ...attempt(2), federation: 'f', member: MEMBER }, noise, own),
    ).toMatchObject({
      code: 'BUDGET_EXCEEDED',
    });
    expect(
      await account.reserve({ ...attempt(1, 'bb'), federation: 'f', member: MEMBER }, noise, own),
    ).toBeUndefined();
  });

  it('gives an attempt back once, and to the member that reserved it alone', async () => {
    const account = accountAt();
    await reserved(account, 1);
    await reserved(account, 2);
    const before = await spentIn(account);
    // Another member of the organisation, with the same account: its own holders promised, not those of the member that uploaded.
    await account.void(attempt(1), MEMBER + 1);
    await account.void(attempt(3), MEMBER);
    await account.void(attempt(1, 'bb'), MEMBER);
    expect(await spentIn(account)).toEqual(before);
    await account.void(attempt(1), MEMBER);
    const { account: after, entries } = await account.read();
    expect([...after.budget.reserved.keys()]).toEqual(['aa/1/2']);
    for (const life of [account, accountAt()]) await life.void(attempt(1), MEMBER);
    expect((await accountAt().read()).entries).toEqual(entries);
  });

  it('that cannot be read lets nothing through', async () => {
    const account = accountAt();
    await reserved(account, 1);
    writeFileSync(join(path, 'events.log'), 'not an account');
    const { noise, terms } = roundNoise(1);
    await expect(
      account.reserve({ ...attempt(2), federation: 'f', member: MEMBER }, noise, terms),
    ).rejects.toMatchObject({
      code: 'BAD_FILE',
      exitCode: 4,
    });
  });

  it('adds up one rule only', async () => {
    await reserved(accountAt(), 1);
    const other = new AccountFile({ ...SPENDING, path, filter: { kind: 'rdp', order: 16 } });
    await expect(other.read()).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining("adds up zcdp, 'policy.filter' is rdp@16"),
    });
  });
});

let spender: Promise<string> | undefined;

/** One file, which starts ten times as fast as its sources. */
async function bundled(name: string): Promise<string> {
  const directory = temporaryDirectory();
  await bundleScripts({ [name]: fileURLToPath(new URL(`./${name}.ts`, import.meta.url)) }, directory);
  return join(directory, `${name}.js`);
}

async function start(): Promise<ChildProcess> {
  spender ??= bundled('account-spender');
  const child = fork(await spender, [path], { execArgv: [] });
  children.push(child);
  await once(child, 'message');
  return child;
}

function order(child: ChildProcess, what: SpendOrder): void {
  child.send(what);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
