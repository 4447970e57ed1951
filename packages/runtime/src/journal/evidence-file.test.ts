import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evidence } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendEvidence, type EvidenceRecord } from './evidence-file.ts';

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const RUN = hash(1);

const head = (root: number) => ({
  run: RUN,
  size: 3,
  root: hash(root),
  time: 0,
  signature: new Uint8Array(64),
});
const forked = (root: number): Evidence => ({ proof: 'forked-log', heads: [head(0), head(root)] });
const set = (digest: number) =>
  ({
    kind: 'survivors',
    survivorsDigest: hash(digest),
    maskedSum: new Uint8Array(0),
    signature: new Uint8Array(64),
  }) as const;
const twoSets = (digest: number): Evidence => ({
  proof: 'two-survivor-sets',
  roundContext: hash(2),
  sets: [set(0), set(digest)],
});
const badShare = (batch: number): Evidence => ({
  proof: 'bad-share',
  batchContext: hash(batch),
  boxes: [],
  releases: [],
  adverts: [],
  openings: [],
});

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-evidence-'));
  path = join(directory, 'evidence.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

const proofs = (): string[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as EvidenceRecord).proof);

describe('evidence', () => {
  it('against the coordinator is kept once of each kind in a run, however often it lies', async () => {
    expect(await appendEvidence(path, RUN, forked(1))).toBe(true);
    for (let lie = 2; lie < 20; lie++) expect(await appendEvidence(path, RUN, forked(lie))).toBe(false);
    expect(await appendEvidence(path, RUN, twoSets(1))).toBe(true);
    expect(await appendEvidence(path, RUN, twoSets(2))).toBe(false);
    expect(await appendEvidence(path, hash(9), forked(1))).toBe(true);
    expect(proofs()).toEqual(['forked-log', 'two-survivor-sets', 'forked-log']);
  });

  it('against members is kept for each, the same once', async () => {
    expect(await appendEvidence(path, RUN, badShare(1))).toBe(true);
    expect(await appendEvidence(path, RUN, badShare(1))).toBe(false);
    expect(await appendEvidence(path, RUN, badShare(2))).toBe(true);
    expect(proofs()).toEqual(['bad-share', 'bad-share']);
  });

  it('is kept after a line that a crash cut off, which says nothing', async () => {
    await appendEvidence(path, RUN, forked(1));
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40));
    expect(await appendEvidence(path, RUN, forked(1))).toBe(true);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ proof: 'forked-log' });
  });
});
