/** `kill -9` of real processes, in every phase, with real sockets and disks. */
import { join } from 'node:path';
import { readShownHeads } from '@tributary/runtime';
import { describe, expect, it } from 'vitest';
import { verifyFile } from '../../packages/cli/src/commands/audit-verify.ts';
import {
  type Outcome,
  type ProcessFederationOptions,
  routerOf,
  runProcesses,
} from './federation-of-processes.ts';
import type { Moment } from './moments.ts';
import {
  keyIndicesUsedTwice,
  leftBehind,
  secretsOnDisk,
  secretsThatLeaked,
  spokenIn,
  wrongSums,
} from './records.ts';

const TIMEOUT_MS = 120_000;
/** One in each phase and between two sums, in rounds one after the other. */
const EVERY_PHASE: readonly Moment[] = [
  'setup@0',
  'ready@1',
  'masked-input@2',
  'consistency@3',
  'unmask@4',
  'sum@5',
];

async function runAndCheck(options: ProcessFederationOptions): Promise<Outcome> {
  const outcome = await runProcesses(options);
  const { directory } = outcome;
  const { members } = options;
  const router = routerOf(outcome, 'coordinator');
  const clients = Array.from({ length: members }, (_, member) => member);
  expect(clients.filter((member) => routerOf(outcome, member) !== router)).toEqual([]);
  expect(await wrongSums(directory, members)).toEqual([]);
  expect(await keyIndicesUsedTwice(directory)).toEqual([]);
  const spoken = await spokenIn(directory, members);
  expect(spoken.contradictions).toEqual([]);
  expect(spoken.count('release')).toBeGreaterThan(0);
  await auditOf(directory, clients);
  const states = [
    join(directory, 'output', 'state'),
    ...clients.map((i) => join(directory, `org-${i}.state`)),
  ];
  expect(states.flatMap(leftBehind)).toEqual([]);
  return outcome;
}

/** The log holds, whatever was killed: each sum is that of the uploads, and members were shown no other log. */
async function auditOf(directory: string, clients: readonly number[]): Promise<void> {
  const heads = clients.flatMap((member) =>
    readShownHeads(join(directory, `org-${member}.state`, 'heads.jsonl')).map(({ head }) => head),
  );
  const verdict = await verifyFile(join(directory, 'output', 'audit.jsonl'), { heads });
  if (!verdict.ok) throw new Error(`audit: entry ${verdict.fault.entry}: ${verdict.fault.reason}`);
  const { sums, ended, counts } = verdict.report;
  expect([ended, counts.masks, counts.summation + counts.replayed]).toEqual([true, sums, sums]);
  expect(counts.heads).toBe(heads.length);
  expect(heads.length).toBeGreaterThan(sums);
}

describe('a coordinator that is killed', () => {
  it(
    'in every phase ends with every sum, over all members, and the router that all compute',
    async () => {
      const { report, lives, told } = await runAndCheck({ members: 3, coordinatorDies: EVERY_PHASE });
      expect(lives).toEqual({ coordinator: EVERY_PHASE.length + 1, clients: [1, 1, 1] });
      expect(told.filter(({ kind }) => kind === 'resumed')).toHaveLength(EVERY_PHASE.length);
      expect(report).toMatchObject({ survivors: 3, drops: [] });
    },
    TIMEOUT_MS,
  );
});

describe('a client that is killed', () => {
  it(
    'in every phase comes back, is missing at most where it was, and tells no secret',
    async () => {
      const moments: readonly Moment[] = [...EVERY_PHASE, 'uploaded@6'];
      const secrets: Uint8Array[] = [];
      let directory = '';
      const outcome = await runAndCheck({
        members: 4,
        clientsDie: { 3: moments },
        onDead: (member, where) => {
          directory = where;
          secrets.push(...secretsOnDisk(where, member));
        },
      });
      expect(outcome.lives).toEqual({ coordinator: 1, clients: [1, 1, 1, moments.length + 1] });
      // It took part to the end.
      expect(outcome.report.survivors).toBe(4);
      expect(new Set(outcome.report.drops.map(({ member }) => member))).toEqual(new Set(['org-3']));
      expect(new Set(outcome.report.drops.map(({ reason }) => reason))).toEqual(
        new Set(['disconnected-in-phase']),
      );
      expect(secrets.length).toBeGreaterThan(20);
      expect(secretsThatLeaked(directory, 3, secrets, outcome.stderr)).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'together with the coordinator, again and again, does not keep the others from their router',
    async () => {
      const { lives } = await runAndCheck({
        members: 5,
        coordinatorDies: ['masked-input@1', 'consistency@2', 'unmask@4', 'ready@6'],
        clientsDie: { 1: ['masked-input@1', 'unmask@4'], 2: ['consistency@2', 'uploaded@7'] },
      });
      expect(lives).toEqual({ coordinator: 5, clients: [1, 3, 3, 1, 1] });
    },
    TIMEOUT_MS,
  );
});
