/**
 * The power of the coordinator goes before each single thing that it does: each write and sync of its disk, each message, each
 * sum it hands over. It starts again from what the disk kept.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEntry, verifyLog } from '@tributary/audit';
import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import {
  batchTermsFor,
  type Bodies,
  CHUNK_WORDS,
  completeGraphThresholds,
  EMPTY_LOG_HEAD,
  type ExpectedRound,
  type Message,
  type MessageKind,
  nextLogHead,
  PROTOCOL_VERSION,
  rosterRoot,
  roundTermsFor,
  signMessage,
} from '@tributary/protocol';
import { lockDirectory, openFileBlobStore, openFileEventLog, VectorWork } from '@tributary/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditTrail, type AuditTrailOptions } from '../../packages/coordinator/src/audit-trail.ts';
import { openCoordinatorMachine } from '../../packages/coordinator/src/coordinator-journal.ts';
import {
  type AbortedAttempt,
  type OpenedRound,
  RoundRunner,
} from '../../packages/coordinator/src/round-runner.ts';
import { testFederation } from '../../packages/coordinator/src/testing/federation.ts';
import { TestMember } from '../../packages/coordinator/src/testing/member.ts';
import { SimulatedDisk } from '../contracts/simulated-disk.ts';
import { Power, seededChance } from './power.ts';
import { Spoken } from './spoken.ts';

const MEMBERS = 3;
const ROUNDS = 2;
/** Two chunks. */
const DIMENSION = CHUNK_WORDS + 3;
const DEADLINES = { setup: 60_000, ready: 60_000, maskedInput: 60_000, consistency: 60_000, unmask: 60_000 };
const federation = testFederation(MEMBERS);
const header = {
  protocolVersion: PROTOCOL_VERSION,
  federation: federation.roster.federation,
  rosterRoot: rosterRoot(nodeBackend, federation.roster),
  run: federation.run,
  self: 'coordinator',
  manifest: '{}',
} as const;

function expectedRound(round: number): ExpectedRound {
  return {
    round,
    planHash: new Uint8Array(32).fill(1),
    modelHash: new Uint8Array(32).fill(2),
    dimension: DIMENSION,
    bits: 20,
    inputBound: 1000,
    noiseMargin: 0,
    encoding: { scale: 1, normBound: 1000, coordinateBound: 1000, maxRecords: 1 },
    privacy: new Uint8Array(0),
    logHead: EMPTY_LOG_HEAD,
  };
}

const vectorOf = (member: number): Int32Array =>
  Int32Array.from({ length: DIMENSION }, (_, i) => ((i * (member + 3)) % 2001) - 1000);

function sumOf(members: readonly number[]): Int32Array {
  const sum = new Int32Array(DIMENSION);
  for (const member of members) vectorOf(member).forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
  return sum;
}

interface KeptVectors {
  maskedSum?: Uint8Array;
  readonly uploads: Map<number, Uint8Array>;
}

/** What outlives the coordinator: its disk, and its members. */
class World {
  readonly disk = new SimulatedDisk();
  readonly spoken = new Spoken();
  /** Sums that the coordinator has handed over, by round. */
  readonly kept = new Map<number, OpenedRound>();
  /** The audit log. */
  log = '';
  /** What lies beside it, by round. */
  readonly vectors = new Map<number, KeptVectors>();
  /** What must not be, and was. */
  readonly faults: string[] = [];
  readonly #members: readonly TestMember[];
  readonly #inboxes: Promise<void>[];
  readonly #directory: string;
  #runner: RoundRunner | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#inboxes = federation.roster.members.map(() => Promise.resolve());
    this.#members = federation.roster.members.map(
      ({ id }) =>
        new TestMember(federation, id, {
          vector: () => vectorOf(id),
          say: async (message) => {
            this.spoken.note(id, message);
            await this.#runner?.receive(id, message);
          },
        }),
    );
  }

  /** One life of the coordinator, from the start of the process until all sums are there or the power goes. */
  async live(power: Power): Promise<void> {
    this.disk.before = power.act;
    const lock = lockDirectory(this.#directory);
    try {
      await this.#serve(power, lock);
    } catch (error) {
      if (power.on) throw error;
    } finally {
      power.off();
      this.#runner = undefined;
      lock.release();
      // Nothing of this life is on the way any more when the next begins.
      await Promise.all(this.#inboxes);
    }
  }

  async #serve(power: Power, lock: ReturnType<typeof lockDirectory>): Promise<void> {
    const log = await openFileEventLog(lock, this.disk);
    const blobs = await openFileBlobStore(lock, this.disk);
    const trail = await AuditTrail.open(this.#trailOptions(power));
    const recovered = await openCoordinatorMachine(nodeBackend, log, header, federation.roster, (effect) =>
      trail.replayed(effect),
    );
    await trail.flush();
    const runner: RoundRunner = new RoundRunner({
      crypto: nodeBackend,
      machine: recovered.machine,
      blobs,
      vectors: new VectorWork({ threads: 0 }),
      keepSum: async (opened) => {
        power.act();
        const { round } = opened.round.terms;
        const before = this.kept.get(round);
        if (before !== undefined && toHex(opened.digest) !== toHex(before.digest)) {
          this.faults.push(`two sums of round ${round}`);
        }
        this.kept.set(round, opened);
      },
      keepMaskedSum: async (round, maskedSum) => {
        power.act();
        this.#vectorsOf(round).maskedSum = maskedSum;
      },
      keepUpload: async (round, member, packed) => {
        power.act();
        this.#vectorsOf(round).uploads.set(member, packed);
      },
      record: (effect) => trail.record(effect),
      send: (to, kind, body) => {
        power.act();
        this.#deliver(runner, to, kind, body);
      },
      progress: { onPhase: () => {}, onDrop: () => {}, onReject: () => {}, onEvidence: async () => {} },
    });
    this.#runner = runner;
    try {
      await runner.discardStrays();
      runner.resume();
      for (const { id } of federation.roster.members) runner.joined(id);
      await this.#drive(runner, recovered, trail);
      await runner.stop();
      await this.#end(trail);
    } finally {
      await runner.stop().catch((error: unknown) => {
        if (power.on) throw error;
      });
    }
  }

  #deliver<K extends MessageKind>(
    runner: RoundRunner,
    to: readonly number[],
    kind: K,
    body: Bodies[K],
  ): void {
    const signature = signMessage(nodeBackend, federation.coordinatorIdentity, kind, body);
    const message = { kind, body, signature } as unknown as Message;
    this.spoken.note('coordinator', message);
    // What members are shown, and what they are asked to open, is in the log before.
    const shown =
      message.kind === 'round-announce'
        ? message.body.terms.auditHead.root
        : message.kind === 'unmask-request'
          ? message.body.maskedSum
          : undefined;
    if (shown !== undefined && !this.log.slice(0, this.log.lastIndexOf('\n')).includes(toHex(shown))) {
      this.faults.push(`${message.kind} before its line in the log`);
    }
    for (const id of to) {
      const inbox = this.#inboxes[id] ?? Promise.resolve();
      this.#inboxes[id] = inbox.then(async () => {
        if (this.#runner === runner) await this.#members[id]?.receive(message);
      });
    }
  }

  async #drive(
    runner: RoundRunner,
    { aborted, lastBatch }: { readonly aborted: AbortedAttempt | undefined; readonly lastBatch: number },
    trail: AuditTrail,
  ): Promise<void> {
    let batch = lastBatch;
    let last = aborted;
    for (let round = 1; round <= ROUNDS; ) {
      // A round that was open is taken to its end, also where its sum is there.
      const { roundInProgress } = runner;
      if (roundInProgress !== undefined) {
        const outcome = await roundInProgress;
        last = outcome.kind === 'aborted' ? outcome : undefined;
      } else if (this.kept.has(round)) {
        round += 1;
      } else if (runner.setupInProgress !== undefined) {
        await runner.setupInProgress;
      } else if (runner.batch === undefined || runner.batch.nextKeyIndex >= runner.batch.terms.keyCount) {
        batch += 1;
        await runner.openBatch(batchTerms(batch), DEADLINES.setup);
      } else {
        if (last?.retryable === false) throw new Error(`round ${round}: ${last.detail}`);
        const expected = { ...expectedRound(round), logHead: this.#logHead(round - 1) };
        for (const member of this.#members) await member.expect(expected);
        const { context: batchContext, nextKeyIndex: keyIndex } = runner.batch;
        const attempt = (last?.terms.attempt ?? 0) + 1;
        const outcome = runner.openRound(
          roundTermsFor(expected, {
            batchContext,
            keyIndex,
            attempt,
            step: 'test',
            deadlines: DEADLINES,
            auditHead: trail.head,
          }),
        );
        // Awaited in the next turn, as the round in progress.
        outcome.catch(() => {});
      }
    }
  }

  /** Over the sums that were handed over, up to a round. */
  #logHead(rounds: number): Uint8Array {
    let head = EMPTY_LOG_HEAD;
    for (let round = 1; round <= rounds; round++) {
      const { round: opened, survivorsDigest, digest } = this.kept.get(round) as OpenedRound;
      head = nextLogHead(nodeBackend, head, {
        round,
        roundContext: opened.context,
        survivorsDigest,
        digest,
      });
    }
    return head;
  }

  async #end(trail: AuditTrail): Promise<void> {
    await trail.recordEnd({
      run: federation.run,
      outcome: 'completed',
      detail: '',
      rounds: ROUNDS,
      logHead: this.#logHead(ROUNDS),
      auditHead: trail.head,
    });
  }

  #vectorsOf(round: number): KeptVectors {
    const vectors = this.vectors.get(round) ?? { uploads: new Map() };
    this.vectors.set(round, vectors);
    return vectors;
  }

  /** A file that keeps any part of what was being appended when the power went. */
  #trailOptions(power: Power): AuditTrailOptions {
    const { roster, coordinatorIdentity: identity, run } = federation;
    return {
      crypto: nodeBackend,
      file: {
        path: 'audit.jsonl',
        pieces: () => piecesOf(this.log),
        cut: async (length) => {
          power.act();
          this.log = this.log.slice(0, length);
        },
        append: async (text) => {
          try {
            power.act();
          } catch (error) {
            this.log += text.slice(0, (text.length * (power.acts % 5)) / 4);
            throw error;
          }
          this.log += text;
        },
      },
      roster,
      identity,
      run,
      manifest: header.manifest,
      now: () => 0,
    };
  }

  /** What an auditor makes of log and vectors. */
  audit(): ReturnType<typeof verifyLog> {
    const lines = this.log
      .split('\n')
      .slice(0, -1)
      .map((line) => new TextEncoder().encode(line));
    let round = 0;
    return verifyLog(nodeBackend, lines, {}, (line) => {
      const read = readEntry(line);
      if (!read.ok || read.entry.type !== 'sum') return undefined;
      round += 1;
      const { packed: sum } = this.kept.get(round) as OpenedRound;
      return { sum, ...this.#vectorsOf(round) };
    });
  }
}

async function* piecesOf(text: string): AsyncGenerator<Uint8Array, void, void> {
  yield new TextEncoder().encode(text);
}

function batchTerms(batch: number): Bodies['batch-start'] {
  const { roster, run } = federation;
  const cohort = roster.members.map(({ id }) => id);
  const thresholds = completeGraphThresholds(cohort.length);
  return batchTermsFor(nodeBackend, { roster, run, batch, cohort, thresholds, keyCount: ROUNDS });
}

const parents: string[] = [];
let directory: string;
beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), 'tributary-crash-'));
  parents.push(parent);
  directory = join(parent, 'state');
});
afterEach(() => {
  for (const parent of parents.splice(0)) rmSync(parent, { recursive: true });
});

/** Of thousands of words; a deep comparison takes a hundred times as long. */
function equalWords(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

function expectAllSums(world: World): void {
  const everybody = federation.roster.members.map(({ id }) => id);
  for (let round = 1; round <= ROUNDS; round++) {
    const { survivors, sum } = world.kept.get(round) ?? {};
    expect(survivors).toEqual(everybody);
    expect(sum !== undefined && equalWords(sum, sumOf(everybody))).toBe(true);
  }
  expect(world.spoken.contradictions).toEqual([]);
  // Members of these tests sign no inner products: their uploads are kept, and added up again.
  expect(world.audit()).toMatchObject({
    ok: true,
    report: { sums: ROUNDS, ended: true, counts: { masks: ROUNDS, replayed: ROUNDS } },
  });
  expect(world.faults).toEqual([]);
}

describe('a coordinator whose power goes', () => {
  it('before anything that it does ends with the sums of an uninterrupted one, over all members', async () => {
    const uninterrupted = new World(directory);
    const whole = new Power(Infinity);
    await uninterrupted.live(whole);
    expectAllSums(uninterrupted);
    // A setup's and two rounds' worth of journal, uploads and messages.
    expect(whole.acts).toBeGreaterThan(60);

    for (let at = 0; at < whole.acts; at++) {
      const world = new World(directory);
      await world.live(new Power(at));
      world.disk.losePower(seededChance(at));
      await world.live(new Power(Infinity));
      expectAllSums(world);
    }
  }, 120_000);

  it.each([1, 2, 3, 4, 5])('again and again makes progress all the same (seed %i)', async (seed) => {
    const chance = seededChance(seed);
    const world = new World(directory);
    for (let life = 1; !world.kept.has(ROUNDS); life++) {
      await world.live(new Power(10 + life * 3));
      world.disk.losePower(chance);
    }
    await world.live(new Power(Infinity));
    expectAllSums(world);
  });
});
