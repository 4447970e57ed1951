import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@tributary/crypto';
import { decodeMessage } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenedSum, resultFrames, SumLog } from './sum-log.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-sums-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function openedSum(round: number, packed = new Uint8Array(8)): OpenedSum {
  return {
    message: {
      kind: 'round-result',
      body: {
        roundContext: new Uint8Array(32).fill(round),
        round,
        survivors: [0, 2],
        survivorsDigest: new Uint8Array(32),
        length: packed.length,
        digest: new Uint8Array(32).fill(9),
      },
      signature: new Uint8Array(64),
    },
    packed,
  };
}

const RECORD = { step: 'mean', dimension: 3, bits: 20, scale: 4, survivors: ['acme', 'initech'] };

describe('the log of opened sums', () => {
  it('has a line and a file of little-endian words for each', async () => {
    const log = new SumLog(directory);
    await log.create();
    await log.append(openedSum(1), RECORD, Int32Array.of(1, -2, 300));
    await log.append(openedSum(2), RECORD, Int32Array.of(0, 0, 0));
    expect(log.opened.map(({ message }) => message.body.round)).toEqual([1, 2]);
    const lines = readFileSync(join(directory, 'sums.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      round: 1,
      ...RECORD,
      roundContext: '01'.repeat(32),
      digest: toHex(new Uint8Array(32).fill(9)),
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
    await new SumLog(directory).create();
    expect(readFileSync(join(directory, 'sums.jsonl'), 'utf8')).toBe('');
    expect(existsSync(join(directory, 'sums', '00099.i32'))).toBe(false);
  });

  it('says what it cannot write, and does not count it as opened', async () => {
    const log = new SumLog(directory);
    await log.create();
    rmSync(join(directory, 'sums'), { recursive: true });
    await expect(log.append(openedSum(1), RECORD, Int32Array.of(1))).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `cannot write ${directory}/sums.jsonl: no such file or directory`,
    });
    expect(log.opened).toEqual([]);
  });
});

describe('the frames of a result', () => {
  it('are its chunks, then the message that signs them', () => {
    const packed = Uint8Array.from({ length: 150_000 }, (_, i) => i);
    const messages = [...resultFrames(openedSum(4, packed))].map((frame) => {
      const decoded = decodeMessage(frame);
      if (!decoded.ok) throw new Error(decoded.detail);
      return decoded.message;
    });
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
    expect(messages.at(-1)).toEqual(openedSum(4, packed).message);
  });
});
