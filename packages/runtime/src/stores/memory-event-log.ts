/** An event log in memory, for tests and for members that need not survive a restart. */
import { RuntimeError } from '../errors.ts';
import { type EventLog, MAX_TRANSACTION_BYTES } from './event-log.ts';

/** A log that can be opened again and again, as a file can; a new opening fences the earlier ones off. */
export interface MemoryEventLog {
  open(): Promise<EventLog>;
}

export function memoryEventLog(): MemoryEventLog {
  const records: Uint8Array[] = [];
  let lastEpoch = 0;

  function openAt(epoch: number): EventLog {
    let closed = false;
    return {
      epoch,
      async append(transaction) {
        if (closed) throw new RuntimeError('RUN_FAILED', 'the event log is closed');
        if (epoch !== lastEpoch) {
          throw new RuntimeError(
            'RUN_FAILED',
            `opening ${epoch} of the event log is fenced off by ${lastEpoch}`,
          );
        }
        if (transaction.reduce((bytes, record) => bytes + 4 + record.length, 0) > MAX_TRANSACTION_BYTES) {
          throw new RuntimeError('BAD_ARGUMENT', 'the transaction is too large for an event log');
        }
        records.push(...transaction.map((record) => record.slice()));
      },
      async *read() {
        const durable = records.slice();
        for (const record of durable) yield record.slice();
      },
      close: async () => void (closed = true),
    };
  }

  return { open: async () => openAt(++lastEpoch) };
}
