import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setAsideEarlierRun } from './earlier-runs.ts';

const BEFORE = 'ab'.repeat(32);
const RUN = new Uint8Array(32).fill(7);
let output: string;
const at = (...names: string[]): string => join(output, ...names);

beforeEach(() => {
  output = mkdtempSync(join(tmpdir(), 'tributary-earlier-'));
});
afterEach(() => rmSync(output, { recursive: true, force: true }));

function leave(run: string): void {
  writeFileSync(at('audit.jsonl'), `{"run":"${run}","type":"genesis"}\n`);
  writeFileSync(at('sums.jsonl'), `{"run":"${run}"}\n`);
  mkdirSync(at('sums'));
  writeFileSync(at('sums', '00001.i32'), 'sum');
  writeFileSync(at('router.json'), '{}');
}

describe('what an earlier run left', () => {
  it('is moved aside with its vectors, and nothing else is', async () => {
    leave(BEFORE);
    await setAsideEarlierRun(output, RUN);
    expect(existsSync(at('audit.jsonl'))).toBe(false);
    expect(existsSync(at('sums'))).toBe(false);
    expect(existsSync(at('router.json'))).toBe(true);
    const aside = at('earlier', BEFORE.slice(0, 16));
    expect(readFileSync(join(aside, 'audit.jsonl'), 'utf8')).toContain(BEFORE);
    expect(readFileSync(join(aside, 'sums', '00001.i32'), 'utf8')).toBe('sum');
    // Once more, as after a crash: nothing is left to move.
    await setAsideEarlierRun(output, RUN);
  });

  it('is moved on where a crash came between two of its files', async () => {
    leave(BEFORE);
    rmSync(at('sums'), { recursive: true });
    mkdirSync(at('earlier', BEFORE.slice(0, 16), 'sums'), { recursive: true });
    await setAsideEarlierRun(output, RUN);
    expect(existsSync(at('audit.jsonl'))).toBe(false);
  });

  it('stays where it is the same run, or where there is nothing that names one', async () => {
    leave('07'.repeat(32));
    await setAsideEarlierRun(output, RUN);
    expect(existsSync(at('audit.jsonl'))).toBe(true);
    writeFileSync(at('audit.jsonl'), 'cut off');
    writeFileSync(at('sums.jsonl'), '');
    await setAsideEarlierRun(output, RUN);
    expect(existsSync(at('sums'))).toBe(true);
  });
});
