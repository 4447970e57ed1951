/** What durability costs: appends to the event log, alone and many at once, against the bare sync of a file. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateDirectory } from '@tributary/runtime';
import { median, spread } from './measure.ts';
import type { Row } from './rows.ts';

const RECORD = new Uint8Array(300).fill(5);
const APPENDS = 200;
const AT_ONCE = 50;

/** Milliseconds here are wall-clock: what is waited for is the disk. */
export async function benchStore(log: (line: string) => void): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  try {
    const boundMs = median(syncTimes(join(directory, 'plain')));
    const state = await openStateDirectory(join(directory, 'state'));
    const alone: number[] = [];
    for (let i = 0; i < APPENDS; i++) alone.push(await timed(() => state.log.append([RECORD])));
    const together: number[] = [];
    for (let i = 0; i < APPENDS / AT_ONCE; i++) {
      together.push(
        await timed(() => Promise.all(Array.from({ length: AT_ONCE }, () => state.log.append([RECORD])))),
      );
    }
    await state.close();
    const rows = [
      row('append one event durably', alone, boundMs, 'wall-clock'),
      row(`append ${AT_ONCE} events at once`, together, boundMs, 'wall-clock; one sync serves all'),
    ];
    for (const { name, cpuMs, ratio } of rows)
      log(`${name}: ${cpuMs.toFixed(2)} ms, ${ratio?.toFixed(2)} syncs`);
    return rows;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function row(name: string, times: readonly number[], boundMs: number, note: string): Row {
  const cpuMs = median(times);
  return { name, cpuMs, spread: spread(times), boundMs, ratio: cpuMs / boundMs, note };
}

function syncTimes(path: string): number[] {
  const file = openSync(path, 'w');
  const times: number[] = [];
  for (let i = 0; i < APPENDS; i++) {
    const begin = performance.now();
    writeSync(file, RECORD);
    fdatasyncSync(file);
    times.push(performance.now() - begin);
  }
  closeSync(file);
  return times;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
