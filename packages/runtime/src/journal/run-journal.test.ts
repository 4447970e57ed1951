import {
  type ClientEvent,
  decodeClientEvent,
  encodeEvent,
  encodePlain,
  MACHINE_VERSION,
} from '@tributary/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryEventLog, memoryEventLog } from '../stores/memory-event-log.ts';
import type { JournalHeader } from './journal-header.ts';
import { JournaledMachine } from './journaled-machine.ts';
import { openRunJournal, readJournalHeader, type RunJournal } from './run-journal.ts';

const HEADER: JournalHeader = {
  protocolVersion: 2,
  federation: 'test',
  rosterRoot: new Uint8Array(32).fill(1),
  run: new Uint8Array(32).fill(2),
  self: 3,
  manifest: '{"name":"first"}',
};
const codec = { encode: encodeEvent, decode: decodeClientEvent };
const lost: ClientEvent = { kind: 'connection-lost' };
const failed: ClientEvent = { kind: 'input-failed', roundContext: new Uint8Array(32), detail: 'no data' };

let disk: MemoryEventLog;
beforeEach(() => {
  disk = memoryEventLog();
});

async function open(header = HEADER): Promise<[RunJournal<ClientEvent>, ClientEvent[]]> {
  const events: ClientEvent[] = [];
  const journal = await openRunJournal<ClientEvent>(await disk.open(), header, codec, (event) =>
    events.push(event),
  );
  return [journal, events];
}

describe('the journal of a run', () => {
  it('gives back its events in the next life, after a header that anybody can read', async () => {
    const [journal, none] = await open();
    await journal.append(failed);
    await journal.append(lost);
    expect(none).toEqual([]);
    expect((await open())[1]).toEqual([failed, lost]);
    expect(await readJournalHeader(await disk.open())).toEqual(HEADER);
  });

  it('that was not begun has no header', async () => {
    expect(await readJournalHeader(await disk.open())).toBeUndefined();
  });

  it.each<[string, Partial<JournalHeader>, string]>([
    ['run', { run: new Uint8Array(32).fill(9) }, 'run, 0202020202020202'],
    ['protocol version', { protocolVersion: 1 }, 'protocol version, 2'],
    ['federation', { federation: 'other' }, "federation, 'test'"],
    ['member', { self: 4 }, 'member, 3'],
    ['role', { self: 'coordinator' }, 'member, 3'],
    ['roster', { rosterRoot: new Uint8Array(32) }, 'roster'],
  ])('is not replayed for another %s', async (_, change, difference) => {
    const [journal] = await open();
    await journal.append(lost);
    await expect(open({ ...HEADER, ...change })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      exitCode: 4,
      message: `the journal of this run is of another ${difference}`,
    });
  });

  it('is not replayed by machines of other rules: they would find a state that never was', async () => {
    const header = { kind: 'tributary-journal', format: 2, machineVersion: MACHINE_VERSION + 1, ...HEADER };
    await (await disk.open()).append([encodePlain(header)]);
    for (const reading of [open(), disk.open().then(readJournalHeader)]) {
      await expect(reading).rejects.toMatchObject({
        code: 'BAD_FILE',
        message: `the journal of run 0202020202020202 is of rules ${MACHINE_VERSION + 1}, this version of tributary replays rules ${MACHINE_VERSION}`,
        hint: expect.stringMatching(/^finish the run with the version .* or begin another run/) as string,
      });
    }
  });

  it.each([
    ['begins with no header', [encodeEvent(lost)], 'the journal does not begin with a header'],
    [
      'holds what is no event',
      [undefined, Uint8Array.of(99)],
      'holds what is no event: byte 0 begins no value',
    ],
  ])('is a bad file where it %s', async (_, records, message) => {
    if (records[0] === undefined) await open();
    const log = await disk.open();
    for (const record of records) if (record !== undefined) await log.append([record]);
    await expect(open()).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('a machine with a journal', () => {
  type Count = { readonly count: number };
  const step = (state: Count, event: 'add' | 'look'): { state: Count; effects: string[] } =>
    event === 'add'
      ? { state: { count: state.count + 1 }, effects: [`now ${state.count + 1}`] }
      : { state, effects: [`still ${state.count}`] };

  it('has its changes durable before anything follows from them, in order', async () => {
    const written: string[] = [];
    const sync = { ready: (): void => undefined };
    const slow = new Promise<void>((resolve) => {
      sync.ready = resolve;
    });
    const machine = new JournaledMachine(
      step,
      { count: 0 },
      {
        async append(event) {
          await slow;
          written.push(event);
        },
      },
    );
    const first = machine.take('add');
    const look = machine.take('look');
    expect(machine.state).toEqual({ count: 1 });
    let followed = false;
    const follow = look.durable.then(() => {
      followed = true;
    });
    await Promise.resolve();
    // What it answers rests on a state that could still be lost.
    expect([first.effects, look.effects, followed]).toEqual([['now 1'], ['still 1'], false]);
    sync.ready();
    await follow;
    // What changes nothing is not written: nobody fills the disk with refused messages.
    expect(written).toEqual(['add']);
  });

  it('tells whoever waits that the journal cannot be written', async () => {
    const machine = new JournaledMachine(
      step,
      { count: 0 },
      {
        append: async () => {
          throw new Error('the disk is full');
        },
      },
    );
    await expect(machine.take('add').durable).rejects.toThrow('the disk is full');
    await expect(machine.take('look').durable).rejects.toThrow('the disk is full');
  });
});
