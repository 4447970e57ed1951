import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes, packedLength, packWords, toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { decodeMessage, type Message, signMessage } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenedSum, resultFrames, SumLog } from './sum-log.ts';
import { testFederation } from './testing/federation.ts';
import { NO_PROOF } from '../../../test/support/opening-proof.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-sums-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

type GivenSum = Parameters<SumLog['append']>[0];

function openedSum(round: number, packed = new Uint8Array(8)): GivenSum {
  return {
    message: {
      kind: 'round-result',
      body: {
        roundContext: new Uint8Array(32).fill(round),
        round,
        attempt: 1,
        survivors: [0, 2],
        survivorsDigest: new Uint8Array(32),
        length: packed.length,
        digest: new Uint8Array(32).fill(9),
        proof: NO_PROOF,
      },
      signature: new Uint8Array(64),
    },
    packed,
  };
}

async function packedOf(sum: OpenedSum | undefined): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const frame of sum?.frames() ?? []) {
    const decoded = decodeMessage(frame);
    if (!decoded.ok) throw new Error(decoded.detail);
    if (decoded.message.kind === 'vector-chunk') pieces.push(decoded.message.body.bytes);
  }
  return concatBytes(...pieces);
}

const RUN = new Uint8Array(32).fill(5);
const RECORD = { step: 'mean', dimension: 3, bits: 20, scale: 4, survivors: ['acme', 'initech'] };

describe('the log of opened sums', () => {
  it('has the vectors of an audit beside it; masked uploads are for their owner alone', async () => {
    const log = new SumLog(directory, RUN);
    await log.create();
    await log.keepMasked(2, Uint8Array.of(1, 2));
    await log.keepMasked(2, Uint8Array.of(3));
    await log.keepUpload(2, 4, Uint8Array.of(5));
    expect([...readFileSync(join(directory, 'masked', '00002.sum'))]).toEqual([3]);
    expect([...readFileSync(join(directory, 'uploads', '00002', '4.bin'))]).toEqual([5]);
    expect(statSync(join(directory, 'uploads')).mode & 0o777).toBe(0o700);
  });

  it('has a line and a file of little-endian words for each', async () => {
    const log = new SumLog(directory, RUN);
    await log.create();
    await log.append(openedSum(1), RECORD, Int32Array.of(1, -2, 300));
    await log.append(openedSum(2), RECORD, Int32Array.of(0, 0, 0));
    expect(log.opened.map(({ message }) => message.body.round)).toEqual([1, 2]);
    const lines = readFileSync(join(directory, 'sums.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      run: '05'.repeat(32),
      round: 1,
      attempt: 1,
      ...RECORD,
      roundContext: '01'.repeat(32),
      survivorsDigest: '00'.repeat(32),
      digest: toHex(new Uint8Array(32).fill(9)),
      message: expect.any(String) as string,
      file: 'sums/00001.i32',
    });
    expect([...readFileSync(join(directory, 'sums/00001.i32'))]).toEqual([
      1, 0, 0, 0, 254, 255, 255, 255, 44, 1, 0, 0,
    ]);
  });

  it('begins empty, also where an earlier run left sums', async () => {
    mkdirSync(join(directory, 'sums'));
    writeFileSync(join(directory, 'sums', '00099.i32'), 'old');
    writeFileSync(join(directory, 'sums.jsonl'), 'old\n');
    await new SumLog(directory, RUN).create();
    expect(readFileSync(join(directory, 'sums.jsonl'), 'utf8')).toBe('');
    expect(existsSync(join(directory, 'sums', '00099.i32'))).toBe(false);
  });

  it('says what it cannot write, and does not count it as opened', async () => {
    const log = new SumLog(directory, RUN);
    await log.create();
    rmSync(join(directory, 'sums'), { recursive: true });
    await expect(log.append(openedSum(1), RECORD, Int32Array.of(1))).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `cannot write ${directory}/sums.jsonl: no such file or directory`,
    });
    expect(log.opened).toEqual([]);
  });
});

const index = (): string => join(directory, 'sums.jsonl');

describe('the log of opened sums after a restart', () => {
  const { roster, coordinatorIdentity } = testFederation(3);
  const WORDS = [Int32Array.of(5, -7, 0), Int32Array.of(1, 2, -3)];

  /** As a coordinator signs it. */
  function signedSum(round: number): [GivenSum, typeof RECORD, Int32Array] {
    const words = WORDS[round - 1] ?? new Int32Array(3);
    const packed = new Uint8Array(packedLength(3, RECORD.bits));
    packWords(words, RECORD.bits, packed);
    const body = {
      ...openedSum(round).message.body,
      length: packed.length,
      digest: nodeBackend.sha256(packed),
    };
    const signature = signMessage(nodeBackend, coordinatorIdentity, 'round-result', body);
    const record = { ...RECORD, survivors: ['org-0', 'org-2'] };
    return [{ message: { kind: 'round-result', body, signature }, packed }, record, words];
  }

  async function twoSums(): Promise<SumLog> {
    const log = new SumLog(directory, RUN);
    await log.create();
    await log.append(...signedSum(1));
    await log.append(...signedSum(2));
    return log;
  }

  async function restored(run = RUN): Promise<SumLog> {
    const log = new SumLog(directory, run);
    await log.restore(nodeBackend, roster);
    return log;
  }

  it('has the sums that it had, and goes on behind them', async () => {
    const before = await twoSums();
    const log = await restored();
    expect(log.opened.map(({ message }) => message)).toEqual(before.opened.map(({ message }) => message));
    for (const { opened } of [before, log]) {
      expect(await Promise.all(opened.map(packedOf))).toEqual([
        signedSum(1)[0].packed,
        signedSum(2)[0].packed,
      ]);
    }
    expect(await log.words(2)).toEqual(WORDS[1]);
    await log.append(...signedSum(3));
    expect((await restored()).opened).toHaveLength(3);
  });

  it('reads a long sum back in pieces', async () => {
    const bits = 21;
    const words = Int32Array.from({ length: 40_001 }, (_, i) => (i % 2 === 0 ? i : -i));
    const packed = new Uint8Array(packedLength(words.length, bits));
    packWords(words, bits, packed);
    const log = new SumLog(directory, RUN);
    await log.create();
    await log.append(openedSum(1, packed), { ...RECORD, dimension: words.length, bits }, words);
    await log.append(openedSum(2), RECORD, Int32Array.of(1, 2, 3));
    expect(await packedOf(log.opened[0])).toEqual(packed);
    expect(await log.words(1)).toEqual(words);
    rmSync(join(directory, 'sums/00001.i32'));
    await expect(packedOf(log.opened[0])).rejects.toMatchObject({ code: 'BAD_FILE' });
    await expect(log.words(1)).rejects.toMatchObject({ code: 'BAD_FILE' });
  });

  it('takes a sum once that it is given twice, and no other one of the same round', async () => {
    await twoSums();
    const log = await restored();
    await log.append(...signedSum(2));
    expect((await restored()).opened).toHaveLength(2);
    const [, record, words] = signedSum(2);
    await expect(log.append(openedSum(2), record, words)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    await expect(log.append(openedSum(4), record, words)).rejects.toMatchObject({ code: 'RUN_FAILED' });
  });

  it('cuts off a line that was being written', async () => {
    await twoSums();
    appendFileSync(index(), '{"run":"05');
    expect((await restored()).opened).toHaveLength(2);
    expect(readFileSync(index(), 'utf8').endsWith('}\n')).toBe(true);
  });

  it('is empty where there is none, or one of another run', async () => {
    expect((await restored()).opened).toEqual([]);
    await twoSums();
    expect((await restored(new Uint8Array(32))).opened).toEqual([]);
    expect(readFileSync(index(), 'utf8')).toBe('');
  });

  it.each<[string, (text: string) => string, string]>([
    ['a line is no JSON', (text) => text.replace('{', '('), 'line 1 is no JSON'],
    ['a field is missing', (text) => text.replace('"bits":20,', ''), "line 1 has no valid 'bits'"],
    ['a file outside is named', (text) => text.replace('sums/0', '../0'), "line 1 has no valid 'file'"],
    ['a survivor was added', (text) => text.replace('"org-0"', '"org-0","org-1"'), 'line 1 and its file'],
    ['a survivor is a stranger', (text) => text.replace('org-0', 'org-9'), 'line 1 and its file'],
    ['a line is gone', (text) => text.slice(text.indexOf('\n') + 1), 'line 1 and its file'],
  ])('is refused where %s', async (_, change, message) => {
    await twoSums();
    writeFileSync(index(), change(readFileSync(index(), 'utf8')));
    await expect(restored()).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused where a sum was changed, or is gone', async () => {
    await twoSums();
    const file = join(directory, 'sums', '00002.i32');
    writeFileSync(file, new Uint8Array(12));
    await expect(restored()).rejects.toMatchObject({ code: 'BAD_FILE' });
    rmSync(file);
    await expect(restored()).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `${index()}: line 2 and its file are not a sum that was opened`,
    });
  });
});

describe('the frames of a result', () => {
  it('are its chunks, then the message that signs them', () => {
    const packed = Uint8Array.from({ length: 600_000 }, (_, i) => i);
    const { message: result } = openedSum(4, packed);
    const messages: Message[] = [];
    for (const frame of resultFrames(result, packed)) {
      const decoded = decodeMessage(frame);
      if (!decoded.ok) throw new Error(decoded.detail);
      messages.push(decoded.message);
    }
    expect(messages.map(({ kind }) => kind)).toEqual([
      'vector-chunk',
      'vector-chunk',
      'vector-chunk',
      'round-result',
    ]);
    const bytes = messages.map((message) =>
      message.kind === 'vector-chunk' ? message.body.bytes : new Uint8Array(0),
    );
    expect(Buffer.concat(bytes).equals(packed)).toBe(true);
    expect(messages.at(-1)).toEqual(result);
  });
});
