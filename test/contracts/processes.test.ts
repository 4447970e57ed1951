/** State directories under real processes that compete, and that are killed. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockDirectory, openStateDirectory } from '@tributary/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordsOf } from './event-log-contract.ts';
import type { Answer, Order } from './lock-contender.ts';

const execArgv = ['--conditions=source', '--import', 'tsx'];
const children: ChildProcess[] = [];

function start(script: string, ...args: string[]): ChildProcess {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv });
  children.push(child);
  return child;
}

async function order(to: ChildProcess, what: Order): Promise<Answer> {
  const answered = once(to, 'message');
  to.send(what);
  return ((await answered) as [Answer])[0];
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('a state directory and several processes', () => {
  let parent: string;
  let path: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'tributary-processes-'));
    path = join(parent, 'state');
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map(kill));
    rmSync(parent, { recursive: true });
  });

  /** Leaves the lock of a process that has died since. */
  function plantLockOfTheDead(): void {
    const lock = lockDirectory(path);
    const [held = ''] = readdirSync(path).filter((name) => name.startsWith('lock.'));
    const holder = new URLSearchParams(readlinkSync(join(path, held)));
    lock.release();
    const [released = ''] = readdirSync(path).filter((name) => name.startsWith('lock.'));
    holder.set('pid', String(spawnSync(process.execPath, ['--version']).pid));
    symlinkSync(holder.toString(), join(path, `lock.${Number(released.slice('lock.'.length)) + 1}`));
  }

  it('lets exactly one of three contenders in, again and again, and names it to the others', async () => {
    const contenders = Array.from({ length: 3 }, () => start('./lock-contender.ts', path));
    await Promise.all(contenders.map((contender) => once(contender, 'message')));
    for (let contest = 0; contest < 20; contest++) {
      if (contest % 2 === 1) plantLockOfTheDead();
      const answers = await Promise.all(contenders.map((contender) => order(contender, 'take')));
      const winners = contenders.filter((_, i) => answers[i]?.won);
      expect(winners).toHaveLength(1);
      const [winner] = winners as [ChildProcess];
      const refusal = `BAD_CONFIG 4 state directory ${path} is in use by pid ${winner.pid}`;
      expect(answers.filter(({ won }) => !won).map(({ message }) => message)).toEqual([refusal, refusal]);
      await order(winner, 'release');
    }
    expect(readdirSync(path)).toHaveLength(1);
  });

  it('keeps every record that a killed process had acknowledged, life after life', async () => {
    const killedAfter = [1, 30, 500];
    const lives = killedAfter.map(() => start('./append-until-killed.ts', path));
    for (const [life, child] of lives.entries()) {
      const acknowledged: number[] = [];
      child.send('begin');
      await new Promise<void>((resolve, reject) => {
        child.on('message', (number: number) => {
          if (acknowledged.push(number) === killedAfter[life]) resolve();
        });
        child.on('exit', () => reject(new Error('the child ended by itself')));
      });
      await expect(openStateDirectory(path)).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: `state directory ${path} is in use by pid ${child.pid}`,
      });
      await kill(child);

      const state = await openStateDirectory(path);
      const records = (await recordsOf(state.log)).map((record) => Number(Buffer.from(record).toString()));
      expect(records).toEqual(Array.from(records, (_, i) => i));
      expect(records.length).toBeGreaterThan(Math.max(...acknowledged));
      // Each life opened it once, and so did each look at it.
      expect(state.log.epoch).toBe(2 * (life + 1));
      await state.close();
    }
  });
});
