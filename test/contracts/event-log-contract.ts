/** What every adapter of `EventLog` keeps. Adapters run it from their tests. */
import { type EventLog, MAX_TRANSACTION_BYTES } from '@tributary/runtime';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** One log that starts empty, and ways to it. */
export interface EventLogSubject {
  /** Opens it as a restarted process would. */
  open(): Promise<EventLog>;
  dispose(): Promise<void>;
}

export async function recordsOf(log: EventLog): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const record of log.read()) records.push(Uint8Array.from(record));
  return records;
}

function text(...records: string[]): Uint8Array[] {
  return records.map((record) => Uint8Array.from(Buffer.from(record)));
}

export function eventLogContract(adapter: string, create: () => Promise<EventLogSubject>): void {
  describe(`event log: ${adapter}`, () => {
    let subject: EventLogSubject;
    let log: EventLog;

    beforeEach(async () => {
      subject = await create();
      log = await subject.open();
    });
    afterEach(async () => {
      await log.close();
      await subject.dispose();
    });

    async function reopen(): Promise<void> {
      await log.close();
      log = await subject.open();
    }

    it('starts empty', async () => {
      expect(log.epoch).toBeGreaterThanOrEqual(1);
      expect(await recordsOf(log)).toEqual([]);
    });

    it('gives every record back as it was, before and after a restart', async () => {
      await log.append(text('genesis', ''));
      await log.append([Uint8Array.of(0, 255, 10, 13)]);
      await log.append([]);
      const all = [...text('genesis', ''), Uint8Array.of(0, 255, 10, 13)];
      expect(await recordsOf(log)).toEqual(all);
      await reopen();
      expect(await recordsOf(log)).toEqual(all);
      await log.append(text('after the restart'));
      expect(await recordsOf(log)).toEqual([...all, ...text('after the restart')]);
    });

    it('numbers its openings upwards, whether something was appended or not', async () => {
      const epochs = [log.epoch];
      await reopen();
      epochs.push(log.epoch);
      await log.append(text('an event'));
      await reopen();
      epochs.push(log.epoch);
      expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
      expect(new Set(epochs).size).toBe(3);
    });

    it('keeps appends that wait together in the order of the calls', async () => {
      const numbers = Array.from({ length: 100 }, (_, i) => `event ${i}`);
      await Promise.all(numbers.map((number) => log.append(text(number, `${number}, continued`))));
      const expected = numbers.flatMap((number) => text(number, `${number}, continued`));
      expect(await recordsOf(log)).toEqual(expected);
    });

    it('takes a record as it is at the call, and hands out records that the reader may change', async () => {
      const [record] = text('as it is') as [Uint8Array];
      const appended = log.append([record]);
      record.fill(0);
      await appended;
      for await (const read of log.read()) read.fill(0);
      expect(await recordsOf(log)).toEqual(text('as it is'));
    });

    it('reads what was durable when the reading began, while others append', async () => {
      await log.append(text('before'));
      const seen: Uint8Array[] = [];
      for await (const record of log.read()) {
        await log.append(text('meanwhile'));
        seen.push(Uint8Array.from(record));
      }
      expect(seen).toEqual(text('before'));
      expect(await recordsOf(log)).toEqual(text('before', 'meanwhile'));
    });

    it('finishes what waits when it is closed, and takes nothing afterwards', async () => {
      const waiting = log.append(text('just in time'));
      await log.close();
      await waiting;
      await expect(log.append(text('too late'))).rejects.toMatchObject({ code: 'RUN_FAILED' });
      await log.close();
      log = await subject.open();
      expect(await recordsOf(log)).toEqual(text('just in time'));
    });

    it('refuses a transaction that is too large, and goes on', async () => {
      const large = new Uint8Array(MAX_TRANSACTION_BYTES - 3);
      await expect(log.append([large])).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
      await log.append(text('small'));
      expect(await recordsOf(log)).toEqual(text('small'));
    });

    it('lets one opening append at a time: a second is refused, or fences the first off', async () => {
      await log.append(text('first'));
      const second = await subject.open().catch((error: { code: string }) => error.code);
      const fate = await log.append(text('still first')).then(
        () => 'appended',
        (error: { code: string }) => error.code,
      );
      const refused = typeof second === 'string';
      expect([
        ['BAD_CONFIG', 'appended'],
        ['opened', 'RUN_FAILED'],
      ]).toContainEqual([refused ? second : 'opened', fate]);
      if (!refused) {
        await log.close();
        log = second;
      }
      expect(await recordsOf(log)).toEqual(refused ? text('first', 'still first') : text('first'));
    });

    it('holds any transactions of any lives', async () => {
      const record = fc.uint8Array({ maxLength: 300 });
      const lives = fc.array(fc.array(fc.array(record, { maxLength: 4 }), { maxLength: 6 }), {
        maxLength: 3,
      });
      const expected: Uint8Array[] = [];
      const property = fc.asyncProperty(lives, async (plan) => {
        for (const transactions of plan) {
          await Promise.all(transactions.map((transaction) => log.append(transaction)));
          expected.push(...transactions.flat());
          await reopen();
        }
        expect(await recordsOf(log)).toEqual(expected);
      });
      await fc.assert(property, { numRuns: 20 });
    });
  });
}
