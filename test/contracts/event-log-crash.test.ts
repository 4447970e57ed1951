/** The file log on a disk that fails: what was acknowledged stays, what was not is there whole or not at all. */
import { deepEqual, ok } from 'node:assert/strict';
import { type FileEventLog, openFileEventLog, RuntimeError } from '@tributary/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordsOf } from './event-log-contract.ts';
import { type Operation, PowerCut, SimulatedDisk, systemError } from './simulated-disk.ts';

const LOCK = { path: '/state', release: () => undefined };
const PATH = '/state/events.log';

const open = (disk: SimulatedDisk): Promise<FileEventLog> => openFileEventLog(LOCK, disk);

/** Coin flips, the same for the same seed (xorshift32). */
function coin(seed: number): () => boolean {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state & 1) === 1;
  };
}

/** Two records that name the transaction, so that half of one would be seen. */
function transaction(number: number, bytes: number): Uint8Array[] {
  const record = Uint8Array.from(Buffer.from(`${number}:`.padEnd(bytes, 'x')));
  return [record, record];
}

/** Numbers of the transactions in the log. @throws where one is not whole */
async function transactionsIn(log: FileEventLog): Promise<number[]> {
  const records = (await recordsOf(log)).map((record) => Number.parseInt(Buffer.from(record).toString(), 10));
  const firsts = records.filter((_, i) => i % 2 === 0);
  deepEqual(
    records,
    firsts.flatMap((number) => [number, number]),
  );
  return firsts;
}

/** One life of a process: it appends until the disk fails, and then dies. */
interface Life {
  /** Sizes of transactions; those of a group wait together. */
  readonly groups: readonly (readonly number[])[];
  /** Index of the operation on the disk that fails. */
  readonly failsAt: number;
  /** The power goes with that operation, or it fails and what was to be synced is dropped. */
  readonly powerLost: boolean;
  readonly seed: number;
}

/** On a disk that is well again. */
const LAST_LIFE: Life = { groups: [[40]], failsAt: Infinity, powerLost: false, seed: 1 };

/** Lives of one log, one after the other; after each, what was acknowledged or read must be there. */
async function live(lives: readonly Life[]): Promise<void> {
  const disk = new SimulatedDisk();
  let appended = 0;
  let kept: number[] = [];
  let lastEpoch = 0;
  for (const { groups, failsAt, powerLost, seed } of [...lives, LAST_LIFE]) {
    let left = failsAt;
    disk.before = () => {
      if (left-- <= 0) throw powerLost ? new PowerCut() : systemError('EIO');
    };
    const log = await open(disk).catch((error: unknown) => {
      if (failsAt === Infinity || !(error instanceof RuntimeError) || error.code !== 'RUN_FAILED')
        throw error;
    });
    if (log !== undefined) {
      ok(log.epoch > lastEpoch);
      lastEpoch = log.epoch;
      const found = await transactionsIn(log);
      deepEqual(found.slice(0, kept.length), kept);
      deepEqual(
        found,
        found.toSorted((a, b) => a - b),
      );
      // Who has read them acts on them: from now on they must stay.
      kept = found;
      for (const group of groups) {
        const outcomes = group.map(async (bytes) => {
          const number = appended++;
          await log.append(transaction(number, bytes));
          kept.push(number);
        });
        await Promise.allSettled(outcomes);
      }
      await log.close();
    }
    disk.before = () => undefined;
    if (powerLost) disk.losePower(coin(seed));
  }
}

describe('event log in a crash', () => {
  it('keeps what it acknowledged, in order and whole, whichever operation fails and with which the power goes', async () => {
    const groups = [[40], [40, 90]];
    for (let failsAt = 0; failsAt < 12; failsAt++) {
      for (let powerGoesAt = 0; powerGoesAt < 12; powerGoesAt++) {
        for (let seed = 1; seed <= 3; seed++) {
          const lives = [
            { groups, failsAt, powerLost: false, seed },
            { groups, failsAt: powerGoesAt, powerLost: true, seed: seed * 0x9e3779b1 },
          ];
          await expect(live(lives)).resolves.toBeUndefined();
        }
      }
    }
  });

  it('does so in any sequence of lives', async () => {
    const life = fc.record({
      groups: fc.array(fc.array(fc.integer({ min: 8, max: 200 }), { minLength: 1, maxLength: 4 }), {
        maxLength: 6,
      }),
      failsAt: fc.nat({ max: 20 }),
      powerLost: fc.boolean(),
      seed: fc.integer(),
    });
    const lives = fc.array(life, { minLength: 1, maxLength: 6 });
    await expect(fc.assert(fc.asyncProperty(lives, live))).resolves.toBeUndefined();
  });

  it('recovers from a file that ends at any byte exactly the transactions that fit', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    const ends: number[] = [];
    for (let number = 0; number < 6; number++) {
      await log.append(transaction(number, 8 + 13 * number));
      ends.push(disk.file(PATH).cached.length);
    }
    const whole = disk.file(PATH).cached.slice();
    for (let length = 32; length <= whole.length; length++) {
      disk.file(PATH).cached = whole.slice(0, length);
      const reopened = await open(disk);
      const fitting = ends.filter((end) => end <= length).length;
      expect(await transactionsIn(reopened)).toEqual([0, 1, 2, 3, 4, 5].slice(0, fitting));
      // What is torn is gone from the file, and the mark of the opening stands in its place.
      expect(disk.file(PATH).cached.length).toBe(length - reopened.tornBytes + 16);
    }
    for (let length = 0; length < 32; length++) {
      disk.file(PATH).cached = whole.slice(0, length);
      await expect(open(disk)).rejects.toMatchObject({ code: 'BAD_FILE' });
    }
  });

  it('notices every flipped bit: before the last entry it refuses and names the byte, in the last it cuts', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    for (let number = 0; number < 3; number++) await log.append(transaction(number, 16));
    const whole = disk.file(PATH).cached.slice();
    const lastEntry = whole.length - (16 + 2 * (4 + 16));
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const flipped = whole.slice();
      flipped.set([(flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
      disk.file(PATH).cached = flipped;
      const outcome = await open(disk).then(transactionsIn, (error: Error) => error.message);
      const refusal = expect.stringMatching(
        bit < 8 * 32 ? /no event log|at byte 0/ : /is damaged at byte \d+, with/,
      );
      expect(outcome).toEqual(bit < 8 * lastEntry ? refusal : [0, 1]);
    }
  });

  it('refuses a damaged entry with more behind it, also where the later entry is torn', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    await log.append(transaction(0, 16));
    const end = disk.file(PATH).cached.length;
    await log.append(transaction(1, 16));
    const damaged = disk.file(PATH).cached.slice();
    damaged.fill(0xff, end - 1, end + 16);
    disk.file(PATH).cached = damaged;
    await expect(open(disk)).rejects.toMatchObject({ code: 'BAD_FILE' });
  });

  it('is not deceived by a peer that sends bytes of a log: they prove no later entry', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    await log.append(transaction(0, 16));
    const bytesOfLog = disk.file(PATH).cached.slice();
    await log.append([bytesOfLog, bytesOfLog]);
    // The last entry loses its first bytes in a crash; the log's own bytes in it stay.
    const torn = disk.file(PATH).cached.slice();
    torn.fill(0, bytesOfLog.length, bytesOfLog.length + 20);
    disk.file(PATH).cached = torn;
    const reopened = await open(disk);
    expect(await transactionsIn(reopened)).toEqual([0]);
    expect(reopened.tornBytes).toBe(torn.length - bytesOfLog.length);
  });

  it('refuses a tail that is longer than any write, whatever it holds', async () => {
    const disk = new SimulatedDisk();
    await (await open(disk)).close();
    const file = disk.file(PATH);
    const longer = new Uint8Array(file.cached.length + 33 * 2 ** 20);
    longer.set(file.cached);
    file.cached = longer;
    await expect(open(disk)).rejects.toMatchObject({ code: 'BAD_FILE' });
  });
});

describe('event log and syncs', () => {
  it('syncs once for all appends that wait', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    const before = disk.counts.fdatasync;
    await Promise.all(Array.from({ length: 200 }, (_, i) => log.append(transaction(i, 16))));
    expect(disk.counts.fdatasync - before).toBe(1);
    // 20 writers that each wait for one append before the next one.
    await Promise.all(
      Array.from({ length: 20 }, async (_, writer) => {
        for (let i = 0; i < 10; i++) await log.append(transaction(200 + writer, 16));
      }),
    );
    expect(disk.counts.fdatasync - before).toBeLessThanOrEqual(12);
  });

  it('syncs before it acknowledges, never after', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    const synced = disk.counts.fdatasync;
    await log.append(transaction(0, 16));
    expect(disk.counts.fdatasync).toBe(synced + 1);
    expect(disk.file(PATH).dirtySectors.size).toBe(0);
  });

  it.each<[Operation, string]>([
    ['fdatasync', 'EIO'],
    ['write', 'ENOSPC'],
  ])('takes nothing more after a failed %s (%s), and never tries it again', async (operation, code) => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    await log.append(transaction(0, 16));
    disk.before = (begun) => {
      if (begun === operation) throw systemError(code);
    };
    const refusal = { code: 'RUN_FAILED', message: `cannot write event log ${PATH}: ${code}` };
    const waiting = [log.append(transaction(1, 16)), log.append(transaction(2, 16))];
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: refusal });
    }
    // The disk is well again, but what it said yes to is unknown.
    disk.before = () => undefined;
    const { write, fdatasync } = disk.counts;
    await expect(log.append(transaction(3, 16))).rejects.toMatchObject(refusal);
    expect(disk.counts).toMatchObject({ write, fdatasync });
    expect(await transactionsIn(log)).toEqual([0]);
    await log.close();

    const reopened = await open(disk);
    await reopened.append(transaction(4, 16));
    expect((await transactionsIn(reopened)).filter((number) => number === 0 || number === 4)).toEqual([0, 4]);
  });
});
