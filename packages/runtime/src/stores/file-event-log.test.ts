import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { openFileEventLog } from './file-event-log.ts';
import { openStateDirectory } from './state-directory.ts';

describe('the file of an event log', () => {
  let root: string;
  let lock: DirectoryLock;
  let path: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tributary-log-'));
    lock = lockDirectory(root);
    path = join(root, 'events.log');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  async function write(...records: string[]): Promise<void> {
    const log = await openFileEventLog(lock);
    for (const record of records) await log.append([Uint8Array.from(Buffer.from(record))]);
    await log.close();
  }

  it('has the format that earlier versions wrote', async () => {
    await write('a', 'bc');
    const file = readFileSync(path);
    expect(file.toString('hex', 0, 12)).toBe('89545249424c4f0a01000000');
    const header = file.subarray(0, 32);
    expect(header.readUInt32LE(28)).toBe(crc32c(header.subarray(0, 28)));

    const payloads = ['', '0100000061', '020000006263'].map((hex) => Buffer.from(hex, 'hex'));
    let at = 32;
    for (const payload of payloads) {
      const start = Buffer.alloc(12);
      start.writeUInt32LE(payload.length, 0);
      start.writeUInt32LE(1, 4);
      start.writeUInt32LE(crc32c(payload), 8);
      const checksum = Buffer.alloc(4);
      checksum.writeUInt32LE(crc32c(start, (crc32c(header) ^ at) >>> 0));
      const frame = Buffer.concat([start, checksum, payload]);
      expect(file.subarray(at, at + frame.length)).toEqual(frame);
      at += frame.length;
    }
    expect(file.length).toBe(at);
  });

  it('can be read by its owner only', async () => {
    await write('an event');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is refused where it is no log', async () => {
    for (const content of ['', 'not a log', 'a longer text that is no log of events either']) {
      writeFileSync(path, content);
      await expect(openFileEventLog(lock)).rejects.toMatchObject({
        code: 'BAD_FILE',
        exitCode: 4,
        message: `${path} is no event log`,
      });
      expect(readFileSync(path, 'utf8')).toBe(content);
    }
  });

  it('is refused where a later version wrote it', async () => {
    await write('an event');
    const file = readFileSync(path);
    file.writeUInt32LE(2, 8);
    file.writeUInt32LE(crc32c(file.subarray(0, 28)), 28);
    writeFileSync(path, file);
    await expect(openFileEventLog(lock)).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `event log ${path} has version 2; this program reads version 1`,
    });
  });

  it('is refused where it is damaged, naming the byte, and left as it is', async () => {
    await write('first', 'second', 'third');
    const file = readFileSync(path);
    const first = 32 + 16;
    file.write('X', first + 16 + 4);
    writeFileSync(path, file);
    const next = first + 16 + 4 + 'first'.length;
    await expect(openFileEventLog(lock)).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `event log ${path} is damaged at byte ${first}, with more behind it`,
    });
    file.writeUInt32LE(0xffff, first);
    writeFileSync(path, file);
    await expect(openFileEventLog(lock)).rejects.toMatchObject({
      message: `event log ${path} is damaged at byte ${first}, with a later entry at byte ${next}`,
    });
    expect(readFileSync(path)).toEqual(file);
  });

  it('is checked again when it is read', async () => {
    await write('first', 'second');
    const log = await openFileEventLog(lock);
    const file = readFileSync(path);
    file.write('X', 32 + 16 + 16 + 4);
    writeFileSync(path, file);
    const reading = async (): Promise<void> => {
      for await (const record of log.read()) expect(Buffer.from(record).toString()).toBe('never read');
    };
    await expect(reading()).rejects.toMatchObject({ code: 'BAD_FILE' });
    await log.close();
  });

  it('is read whole where it is longer than one look ahead', async () => {
    const log = await openFileEventLog(lock);
    const records = Array.from({ length: 40 }, (_, i) => new Uint8Array(20_000 + i).fill(i));
    for (const record of records) await log.append([record, record]);
    await log.append([new Uint8Array(700_000).fill(99)]);
    const lengths: number[] = [];
    for await (const record of log.read()) {
      lengths.push(record.length);
      expect(record.every((byte) => byte === record[0])).toBe(true);
    }
    expect(lengths).toEqual([...records.flatMap(({ length }) => [length, length]), 700_000]);
    await log.close();
  });

  it('says how much of an interrupted write it has cut off', async () => {
    await write('first');
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1000)]));
    const log = await openFileEventLog(lock);
    expect(log.tornBytes).toBe(1000);
    await log.close();
  });
});

describe('openStateDirectory', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tributary-state-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('opens everything under one lock, and gives it free when it is closed', async () => {
    const state = await openStateDirectory(root);
    await state.log.append([Uint8Array.of(1)]);
    await state.blobs.put('model', Uint8Array.of(2));
    await expect(openStateDirectory(root)).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    await state.close();
    const again = await openStateDirectory(root);
    expect(again.log.epoch).toBe(2);
    expect(await again.blobs.get('model')).toEqual(Uint8Array.of(2));
    await again.close();
  });

  it('gives the directory free where it cannot be opened', async () => {
    writeFileSync(join(root, 'events.log'), 'not a log');
    await expect(openStateDirectory(root)).rejects.toMatchObject({ code: 'BAD_FILE' });
    await expect(openStateDirectory(root)).rejects.toMatchObject({ code: 'BAD_FILE' });
    rmSync(join(root, 'events.log'));
    await (await openStateDirectory(root)).close();
  });
});
