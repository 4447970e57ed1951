import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEntry } from '@tributary/audit';
import { toBase64, toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { decodeSum, encodeRecords } from '@tributary/privacy';
import { rosterRoot } from '@tributary/protocol';
import { createGenerator, type Dataset, type ProgramRun, startProgram } from '@tributary/router';
import {
  appendShownHeads,
  encodeManifest,
  planRound,
  runId,
  type RunManifest,
  type ShownHead,
} from '@tributary/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { entriesOf, rewriteLog } from '../../../audit/src/testing/mutations.ts';
import { RecordedFederation } from '../../../audit/src/testing/recorded-federation.ts';
import { run as command } from '../run.ts';

const MEMBERS = 4;
const MODELS = ['small', 'large'];
const DIMENSIONS = 3;

const MANIFEST: RunManifest = {
  name: 'audited',
  program: 'kmeans',
  parameters: {
    models: MODELS,
    dimensions: DIMENSIONS,
    clusters: 2,
    lloydIterations: 2,
    costMinUsd: 1e-5,
    costMaxUsd: 0.1,
  },
  encoder: 'hashed-ngrams-1024',
  maxRecords: 20,
  contributors: MEMBERS,
  privacy: 'none',
  seed: '05'.repeat(32),
};

/** A few records of one member. */
function dataOf(member: number): Dataset {
  const random = createGenerator(new Uint8Array(32).fill(member + 1));
  const records = 10;
  const values = (count: number, most: number): number[] =>
    Array.from({ length: count }, () => random.nextDouble() * most);
  return {
    models: MODELS,
    dimensions: DIMENSIONS,
    features: Float32Array.from(values(records * DIMENSIONS, 0.5)),
    records,
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from({ length: records }, (_, i) => i % 2),
    quality: Float64Array.from(values(records, 1)),
    costUsd: Float64Array.from(values(records, 0.01)),
  };
}

/** A run of the K-means program, recorded. */
function recordedRun(): RecordedFederation {
  const manifest = encodeManifest(MANIFEST);
  const run = new RecordedFederation({
    crypto,
    members: MEMBERS,
    dimension: 0,
    manifest,
    run: runId(crypto, manifest),
    keyCount: 16,
  });
  let program: ProgramRun = startProgram(MANIFEST.program, { ...MANIFEST.parameters, seed: MANIFEST.seed });
  while (program.kind === 'sum') {
    const { plan } = program;
    const asking = program;
    const context = { round: run.sums.length + 1, logHead: run.logHead, ...MANIFEST };
    const { expected } = planRound(crypto, plan, program.stateBytes(), context);
    const outcome = run.open({
      step: plan.step,
      expected,
      vector: (member) =>
        encodeRecords(asking.contribute(dataOf(member)), plan.dimension, expected.encoding).vector,
    });
    if (outcome.kind !== 'opened') throw new Error(outcome.detail);
    program = program.next(decodeSum(outcome.sum, expected.encoding));
  }
  run.end();
  return run;
}

const directory = mkdtempSync(join(tmpdir(), 'tributary-audit-'));
const log = join(directory, 'audit.jsonl');
const archive = join(directory, 'run.audit');
let run: RecordedFederation;

beforeAll(() => {
  run = recordedRun();
  writeFileSync(log, Buffer.concat(run.lines.flatMap((line) => [line, Uint8Array.of(10)])));
  for (const name of ['sums', 'masked', 'uploads']) mkdirSync(join(directory, name));
  [...run.vectors].forEach(([line, { maskedSum }], i) => {
    const name = String(i + 1).padStart(5, '0');
    const { words } = run.sums.at(i) ?? { words: new Int32Array(0) };
    writeFileSync(join(directory, 'sums', `${name}.i32`), new Uint8Array(words.buffer));
    writeFileSync(join(directory, 'masked', `${name}.sum`), maskedSum as Uint8Array);
    mkdirSync(join(directory, 'uploads', name));
    for (const [member, upload] of run.vectorsOf(line)?.uploads ?? []) {
      writeFileSync(join(directory, 'uploads', name, `${member}.bin`), upload);
    }
  });
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

async function audit(
  ...args: readonly string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exitCode = await command(['audit', ...args]);
  const text = ({ mock }: typeof out): string => mock.calls.map(([part]) => String(part)).join('');
  const ran = { exitCode, stdout: text(out), stderr: text(err) };
  vi.restoreAllMocks();
  return ran;
}

describe('audit verify', () => {
  it('checks a log with the vectors beside it, and computes every plan again', async () => {
    const { exitCode, stdout, stderr } = await audit('verify', log, '--json');
    expect([exitCode, stderr.includes('all')]).toEqual([0, true]);
    const sums = run.sums.length;
    expect(JSON.parse(stdout)).toMatchObject({
      entries: run.lines.length,
      sums,
      ended: true,
      logHead: toHex(run.logHead),
      counts: { sumsRead: sums, plans: sums, masks: sums, replayed: sums },
    });
  });

  it('tells the entry that was changed, and exits with 1', async () => {
    const changed = join(directory, 'changed.jsonl');
    const bytes = readFileSync(log);
    bytes[bytes.indexOf(10) + 40] = 65 + (((bytes.at(bytes.indexOf(10) + 40) ?? 0) + 1) % 26);
    writeFileSync(changed, bytes);
    const { exitCode, stderr } = await audit('verify', changed);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('entry 2 is wrong (CHANGED)')]);
  });

  it('takes what organisations compared: a roster root and log heads', async () => {
    const root = toHex(rosterRoot(crypto, run.roster));
    const good = await audit('verify', log, '--roster-root', root, '--log-head', toHex(run.logHead));
    expect([good.exitCode, good.stdout]).toEqual([
      0,
      `ok ${run.lines.length} entries, ${run.sums.length} sums\n`,
    ]);
    expect((await audit('verify', log, '--roster-root', '00'.repeat(32))).stderr).toContain(
      'entry 1 is wrong (BAD_ROSTER)',
    );
    expect((await audit('verify', log, '--log-head', '11'.repeat(32))).stderr).toContain('UNKNOWN_HEAD');
    expect((await audit('verify', log, '--log-head', 'abc')).exitCode).toBe(4);
  });

  it('takes masks off a sample of coordinates', async () => {
    expect((await audit('verify', log, '--sample', '2')).exitCode).toBe(0);
    expect((await audit('verify', log, '--sample', '0')).exitCode).toBe(4);
  });

  it('says which file it cannot read', async () => {
    expect(await audit('verify', join(directory, 'none'))).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('no such file'),
    });
    expect((await audit('verify', directory)).exitCode).toBe(4);
    const empty = join(directory, 'empty');
    writeFileSync(empty, '');
    expect(await audit('verify', empty)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('empty'),
    });
  });
});

/** What a client keeps of the heads that it was shown. */
async function shownTo(name: string, lines: readonly Uint8Array[], from = 0): Promise<string> {
  const file = join(directory, name);
  const heads = lines.flatMap((line): ShownHead[] => {
    const read = readEntry(line);
    if (!read.ok || read.entry.type !== 'head') return [];
    const { size, root, time, signature } = read.entry;
    return [
      { head: { run: runId(crypto, encodeManifest(MANIFEST)), size, root, time, signature }, shown: 1 },
    ];
  });
  await appendShownHeads(file, heads.slice(from));
  return file;
}

/** Another log of the same run, which its coordinator signs too. */
function forkOf(lines: readonly Uint8Array[], identity: Uint8Array): Uint8Array[] {
  const entries = entriesOf(lines);
  const [genesis, batch] = entries;
  if (genesis?.type !== 'genesis' || batch === undefined) throw new Error('the log has no beginning');
  const later = { ...batch, time: batch.time + 1 };
  return rewriteLog(crypto, entries.with(1, later), { identity, run: genesis.run });
}

describe('audit compare', () => {
  it('finds a fork that was shown to two clients: both heads carry the signature of the coordinator', async () => {
    const roster = join(directory, 'roster.yaml');
    const { federation, version, coordinatorKey, members } = run.roster;
    writeFileSync(
      roster,
      JSON.stringify({
        federation,
        version,
        coordinator: toBase64(coordinatorKey),
        members: members.map(({ name, publicKey }) => ({ name, publicKey: toBase64(publicKey) })),
      }),
    );
    const first = await shownTo('first.heads', run.lines);
    const second = await shownTo('second.heads', run.lines, 2);
    const heads = entriesOf(run.lines).filter(({ type }) => type === 'head').length;
    const same = await audit('compare', first, second, '--roster', roster);
    expect([same.exitCode, same.stdout]).toEqual([0, `ok ${heads - 2} heads in common\n`]);
    expect(same.stderr).toContain('2 heads were shown to one of them only');

    const forked = await shownTo('forked.heads', forkOf(run.lines, run.coordinatorIdentity));
    const fork = await audit('compare', first, forked, '--roster', roster);
    expect([fork.exitCode, fork.stderr]).toEqual([
      1,
      expect.stringContaining('both heads carry its signature'),
    ]);
    // The log that the first client is shown later is not the one that the other was shown.
    expect((await audit('verify', log, '--heads', first)).exitCode).toBe(0);
    const verified = await audit('verify', log, '--heads', forked);
    expect([verified.exitCode, verified.stderr]).toEqual([1, expect.stringContaining('UNKNOWN_HEAD')]);
    // Whoever is not the coordinator forges no proof.
    const forged = await shownTo('forged.heads', forkOf(run.lines, new Uint8Array(32).fill(9)));
    expect(await audit('compare', first, forged, '--roster', roster)).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('is not signed by the coordinator'),
    });
    // Without the roster nobody is accused: the signatures were not looked at.
    const unchecked = await audit('compare', first, forged);
    expect([unchecked.exitCode, unchecked.stderr]).toEqual([1, expect.stringContaining('give --roster')]);
  });

  it('finds a log whose end was cut off', async () => {
    const heads = await shownTo('whole.heads', run.lines);
    const cut = join(directory, 'cut.jsonl');
    const end = entriesOf(run.lines).findLastIndex(({ type }) => type === 'round');
    writeFileSync(cut, Buffer.concat(run.lines.slice(0, end).flatMap((line) => [line, Uint8Array.of(10)])));
    expect((await audit('verify', cut)).exitCode).toBe(0);
    expect((await audit('verify', cut, '--heads', heads)).stderr).toContain('UNKNOWN_HEAD');
  });

  it('takes files of heads only, of the run in the log', async () => {
    const wrong = join(directory, 'wrong.heads');
    writeFileSync(wrong, '{"run":"00"}\n');
    expect((await audit('compare', wrong, wrong)).stderr).toContain('line 1 is no head of an audit log');
    const none = join(directory, 'none.heads');
    writeFileSync(none, '{"cut off');
    expect((await audit('compare', none, none)).stdout).toBe('ok 0 heads in common\n');
    const [line] = readFileSync(await shownTo('other.heads', run.lines), 'utf8').split('\n');
    const other = join(directory, 'other-run.heads');
    writeFileSync(other, `${line?.replace(/"run":"../, '"run":"ff')}\n`);
    expect((await audit('verify', log, '--heads', other)).stderr).toContain('no head of the run in this log');
  });
});

describe('audit verify --complete', () => {
  it('is content with all vectors, and with nothing less', async () => {
    expect((await audit('verify', log, '--complete')).exitCode).toBe(0);
    const alone = join(mkdtempSync(join(directory, 'alone-')), 'audit.jsonl');
    writeFileSync(alone, readFileSync(log));
    expect((await audit('verify', alone)).exitCode).toBe(0);
    const { exitCode, stderr } = await audit('verify', alone, '--complete');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('not checked: sums that are not at hand'),
    ]);
  });
});

describe('audit export', () => {
  it('writes one archive that holds alone, and never over a file', async () => {
    const written = await audit('export', log, '-o', archive, '--json');
    expect(written.exitCode).toBe(0);
    const sums = run.sums.length;
    expect(JSON.parse(written.stdout)).toMatchObject({
      entries: run.lines.length,
      vectors: sums * (2 + MEMBERS),
    });
    const verified = await audit('verify', archive, '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({
      sums,
      counts: { plans: sums, masks: sums, replayed: sums },
    });
    expect((await audit('export', log, '-o', archive)).stderr).toContain('exists already');
  });

  it('of an archive keeps every entry and vector of it', async () => {
    const again = join(directory, 'again.audit');
    const written = await audit('export', archive, '-o', again, '--json');
    expect(JSON.parse(written.stdout)).toMatchObject({ vectors: run.sums.length * (2 + MEMBERS) });
    expect(readFileSync(again).equals(readFileSync(archive))).toBe(true);
  });

  it('of a file that is neither log nor archive writes nothing', async () => {
    const other = join(directory, 'other.jsonl');
    writeFileSync(other, '{"round":1}\n');
    const output = join(directory, 'other.audit');
    const refused = await audit('export', other, '-o', output);
    expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('no audit log') });
    expect(existsSync(output)).toBe(false);
  });

  it('that was cut off is refused as a file', async () => {
    const cut = join(directory, 'cut.audit');
    writeFileSync(cut, readFileSync(archive).subarray(0, -5));
    expect(await audit('verify', cut)).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('cannot be read'),
    });
  });
});

describe('audit show', () => {
  it('prints a line for each entry, of a log and of an archive alike', async () => {
    const shown = await audit('show', log);
    expect(shown.stdout.trimEnd().split('\n')).toHaveLength(run.lines.length);
    expect(shown.stdout).toContain('survivors round 1: 4 (org-0, org-1, org-2, org-3), signed by 4');
    expect((await audit('show', archive)).stdout).toBe(shown.stdout);
    expect(JSON.parse((await audit('show', log, '--json')).stdout)).toHaveLength(run.lines.length);
  });
});

describe('audit prove', () => {
  it('shows a member its lines, by name and by key', async () => {
    const byName = await audit('prove', log, '--client', 'org-1', '--json');
    const statement: unknown = JSON.parse(byName.stdout);
    expect(statement).toMatchObject({ member: 'org-1', head: { size: run.lines.length - 1 } });
    const key = toBase64(run.roster.members.at(1)?.publicKey ?? new Uint8Array(0));
    expect((await audit('prove', archive, '--client', key, '--json')).stdout).toBe(byName.stdout);
    expect((await audit('prove', log, '--client', 'org-1')).stdout.split('\n')).toHaveLength(
      3 * run.sums.length + 1,
    );
    expect((await audit('prove', log, '--client', 'nobody')).exitCode).toBe(4);
  });
});
