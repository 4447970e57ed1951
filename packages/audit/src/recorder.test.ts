import { nodeBackend as crypto } from '@tributary/crypto/node';
import { decodeMessage, type Message } from '@tributary/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeEntry } from './entries.ts';
import { AuditRecorder, type Recorded } from './recorder.ts';
import { RecordedFederation } from './testing/recorded-federation.ts';

interface Heard {
  readonly from: number | 'coordinator';
  readonly message: Message;
}

let heard: readonly Heard[];
let recorderOf: () => AuditRecorder;
beforeAll(() => {
  const run = new RecordedFederation({ crypto, members: 4, dimension: 8, keyCount: 1 });
  for (let i = 0; i < 2; i++) run.sum();
  recorderOf = () => new AuditRecorder(crypto, run.roster, '');
  heard = run.frames.map(({ from, bytes }) => {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.detail);
    return { from, message: decoded.message };
  });
});

const hear = (recorder: AuditRecorder, { from, message }: Heard): Recorded =>
  from === 'coordinator' ? recorder.sent(message) : recorder.accepted(message);

/** The entries as lines, and where the log is signed. */
function linesOf(recorded: readonly Recorded[]): string[] {
  return recorded.flatMap(({ entries, closes }) => [
    ...entries.map((entry) => encodeEntry({ ...entry, time: 0 }).join()),
    ...(closes ? ['head'] : []),
  ]);
}

describe('a recorder', () => {
  it('makes one entry of a message, however often it is said', () => {
    const [once, often] = [recorderOf(), recorderOf()];
    const first = linesOf(heard.map((each) => hear(once, each)));
    const again = linesOf(heard.flatMap((each) => [hear(often, each), hear(often, each)]));
    expect(again).toEqual(first);
    expect(first.filter((line) => line === 'head')).toHaveLength(6);
  });

  it('makes the same entries of a journal that is replayed, so a restart knows which of them it has written', () => {
    const replays = [1, 2].map(() => {
      const recorder = recorderOf();
      return linesOf(heard.map((each) => hear(recorder, each)));
    });
    expect(replays[1]).toEqual(replays[0]);
  });

  it('takes no message of a round that is not its own, and none that comes before its time', () => {
    const recorder = recorderOf();
    const kinds = [
      'round-start',
      'upload-end',
      'survivors',
      'unmask-request',
      'release',
      'round-result',
      'round-aborted',
      'key-roster',
    ];
    for (const each of heard.filter(({ message }) => kinds.includes(message.kind))) {
      expect(hear(recorder, each)).toEqual({ entries: [], closes: false });
    }
  });

  it('takes an upload that comes when the survivors are named for late', () => {
    const recorder = recorderOf();
    const late = heard.find(({ message }) => message.kind === 'upload-end') as Heard;
    const named = heard.findIndex(({ message }) => message.kind === 'survivors');
    for (const each of heard.slice(0, named + 1)) if (each !== late) hear(recorder, each);
    expect(hear(recorder, late).entries).toEqual([]);
  });
});
