/** The journal of one run: its header, then every event that changed the state of the machine. */
import type { DecodedEvent } from '@tributary/protocol';
import { RuntimeError } from '../errors.ts';
import type { EventLog } from '../stores/event-log.ts';
import { decodeHeader, encodeHeader, type JournalHeader, requireSameHeader } from './journal-header.ts';

export interface RunJournal<Event> {
  /** Resolves once the event is durable. Events take effect in the order of the calls. @throws RuntimeError RUN_FAILED */
  append(event: Event): Promise<void>;
}

export interface EventCodec<Event> {
  readonly encode: (event: Event) => Uint8Array;
  readonly decode: (record: Uint8Array) => DecodedEvent<Event>;
}

/**
 * Opens the journal of a run, or begins it.
 * @param onEvent given every event of the journal, oldest first
 * @throws RuntimeError BAD_CONFIG where the journal is of another run, member or roster; BAD_FILE where it is none
 */
export async function openRunJournal<Event>(
  log: EventLog,
  header: JournalHeader,
  codec: EventCodec<Event>,
  onEvent: (event: Event) => void,
): Promise<RunJournal<Event>> {
  let begun = false;
  for await (const record of log.read()) {
    if (!begun) {
      requireSameHeader(decodeHeader(record), header);
      begun = true;
      continue;
    }
    const decoded = codec.decode(record);
    if (!decoded.ok) {
      throw new RuntimeError(
        'BAD_FILE',
        `the journal of this run holds what is no event: ${decoded.fault}`,
        'finish the run with the version of tributary that began it',
      );
    }
    onEvent(decoded.event);
  }
  if (!begun) await log.append([encodeHeader(header)]);
  return { append: (event) => log.append([codec.encode(event)]) };
}

/** The header of a journal; undefined where it was not begun. @throws RuntimeError BAD_FILE */
export async function readJournalHeader(log: EventLog): Promise<JournalHeader | undefined> {
  for await (const record of log.read()) return decodeHeader(record);
  return undefined;
}
