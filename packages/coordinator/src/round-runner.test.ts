import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeBackend } from '@tributary/crypto/node';
import {
  batchTermsFor,
  CHUNK_WORDS,
  completeGraphThresholds,
  type CoordinatorEvent,
  type Drop,
  EMPTY_LOG_HEAD,
  EMPTY_SIGNATURE,
  emptyAuditHead,
  type ExpectedRound,
  type Message,
  type MessageKind,
  type Rejection,
  roundTermsFor,
  signMessage,
  startCoordinator,
  stepCoordinator,
} from '@tributary/protocol';
import {
  type BlobStore,
  type DirectoryLock,
  JournaledMachine,
  VectorWork,
  lockDirectory,
  openFileBlobStore,
} from '@tributary/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BatchOutcome, type RoundOutcome, RoundRunner } from './round-runner.ts';
import { testFederation } from './testing/federation.ts';
import { type MemberBehaviour, TestMember } from './testing/member.ts';

let directory: string;
let lock: DirectoryLock;
let blobs: BlobStore;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-rounds-'));
  lock = lockDirectory(join(directory, 'state'));
  blobs = await openFileBlobStore(lock);
});
afterEach(() => {
  vi.useRealTimers();
  lock.release();
  rmSync(directory, { recursive: true, force: true });
});

/** Everything that lies in the blob store, also what is not whole. */
const leftovers = (): string[] => readdirSync(join(directory, 'state', 'blobs'));

const DEADLINES = { setup: 60_000, ready: 60_000, maskedInput: 60_000, consistency: 60_000, unmask: 60_000 };
/** Two chunks, and bits behind the last word. */
const DIMENSION = CHUNK_WORDS + 5;
const BITS = 21;

function expectedRound(round: number): ExpectedRound {
  return {
    round,
    planHash: new Uint8Array(32).fill(1),
    modelHash: new Uint8Array(32).fill(2),
    dimension: DIMENSION,
    bits: BITS,
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

/** A runner and the machines of its members; what they say to each other is called, not sent. */
class Rounds {
  readonly federation: ReturnType<typeof testFederation>;
  readonly runner: RoundRunner;
  readonly drops: Drop[] = [];
  readonly rejections: Rejection[] = [];
  /** Events in the order in which they were made durable. */
  readonly journal: CoordinatorEvent[] = [];
  /** Rounds whose sums were made durable. */
  readonly kept: number[] = [];
  /** Everything that members said, as `member kind`. */
  readonly said: string[] = [];
  readonly #members: TestMember[];
  readonly #listeners = new Set<() => void>();
  #onSend: (kind: MessageKind) => void = () => {};

  constructor(n: number, behaviours: Readonly<Record<number, MemberBehaviour>> = {}) {
    this.federation = testFederation(n);
    const { roster, run, coordinatorIdentity } = this.federation;
    this.runner = new RoundRunner({
      crypto: nodeBackend,
      machine: new JournaledMachine(
        (state, event) => stepCoordinator(nodeBackend, state, event),
        startCoordinator(roster, run),
        { append: async (event) => void this.journal.push(event) },
      ),
      blobs,
      vectors: new VectorWork({ threads: 0 }),
      keepSum: async ({ round }) => void this.kept.push(round.terms.round),
      keepMaskedSum: async () => {},
      keepUpload: async () => {},
      record: async () => {},
      send: (to, kind, body) => {
        this.#onSend(kind);
        const signature = signMessage(nodeBackend, coordinatorIdentity, kind, body);
        for (const member of to)
          void this.#members[member]?.receive({ kind, body, signature } as unknown as Message);
      },
      progress: {
        onPhase: () => {},
        onDrop: (drop) => void this.drops.push(drop),
        onReject: (rejection) => void this.rejections.push(rejection),
        onEvidence: async () => {},
      },
    });
    this.#members = roster.members.map(
      ({ id }) =>
        new TestMember(this.federation, id, {
          vector: () => vectorOf(id),
          say: async (message) => {
            await this.runner.receive(id, message);
            this.said.push(`${id} ${message.kind}`);
            for (const listener of this.#listeners) listener();
          },
          ...(behaviours[id] === undefined ? {} : { behaviour: behaviours[id] }),
        }),
    );
    for (const { id } of roster.members) this.runner.joined(id);
  }

  onSend(act: (kind: MessageKind) => void): void {
    this.#onSend = act;
  }

  async openBatch(): Promise<BatchOutcome> {
    const { roster, run } = this.federation;
    const cohort = roster.members.map(({ id }) => id);
    const thresholds = completeGraphThresholds(cohort.length);
    const terms = batchTermsFor(nodeBackend, { roster, run, batch: 1, cohort, thresholds, keyCount: 3 });
    return await this.runner.openBatch(terms, DEADLINES.setup);
  }

  async openRound(round: number): Promise<RoundOutcome> {
    const { context: batchContext, nextKeyIndex: keyIndex } = this.runner.batch ?? {
      context: new Uint8Array(32),
      nextKeyIndex: 0,
    };
    const expected = expectedRound(round);
    for (const member of this.#members) await member.expect(expected);
    return await this.runner.openRound(
      roundTermsFor(expected, {
        batchContext,
        keyIndex,
        attempt: 1,
        step: 'test',
        deadlines: DEADLINES,
        auditHead: emptyAuditHead(nodeBackend, this.federation.coordinatorIdentity, this.federation.run),
      }),
    );
  }

  /** Resolves when everything in `awaited` was said. */
  async hears(...awaited: string[]): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!awaited.every((line) => this.said.includes(line))) return;
        this.#listeners.delete(check);
        resolve();
      };
      this.#listeners.add(check);
      check();
    });
  }
}

async function opened(rounds: Rounds): Promise<Rounds> {
  expect(await rounds.openBatch()).toMatchObject({ kind: 'opened' });
  return rounds;
}

describe('a round', () => {
  it('opens the sum of all, exactly, and leaves no file', async () => {
    const rounds = await opened(new Rounds(4));
    for (const round of [1, 2, 3]) {
      const outcome = await rounds.openRound(round);
      expect(outcome).toMatchObject({ kind: 'opened', survivors: [0, 1, 2, 3] });
      expect(outcome).toHaveProperty('sum', sumOf([0, 1, 2, 3]));
      expect(leftovers()).toEqual([]);
    }
    expect([rounds.drops, rounds.rejections]).toEqual([[], []]);
    await rounds.runner.stop();
  });

  it('packs what it opened, under the digest that is signed', async () => {
    const outcome = await (await opened(new Rounds(3))).openRound(1);
    if (outcome.kind !== 'opened') throw new Error('aborted');
    expect(outcome.packed).toHaveLength(Math.ceil((DIMENSION * BITS) / 8));
    expect(outcome.digest).toEqual(nodeBackend.sha256(outcome.packed));
  });

  it('counts as opened once its sum is durable, and says nothing before its journal does', async () => {
    const rounds = new Rounds(3);
    const sent: MessageKind[] = [];
    const order: string[] = [];
    rounds.onSend((kind) => {
      sent.push(kind);
      order.push(`${kind} after ${rounds.journal.length}`);
    });
    await opened(rounds);
    await rounds.openRound(1);
    expect(rounds.kept).toEqual([1]);
    expect(rounds.journal.at(-1)).toMatchObject({ kind: 'sum-opened' });
    // The event that asked for a message was written before the message was sent.
    const kinds = rounds.journal.map(({ kind }) => kind);
    expect(order[sent.indexOf('batch-start')]).toBe(
      `batch-start after ${kinds.indexOf('batch-requested') + 1}`,
    );
    expect(order[sent.indexOf('round-announce')]).toBe(
      `round-announce after ${kinds.indexOf('round-requested') + 1}`,
    );
  });

  it('goes on without a member that dies in mid-upload, and nothing of it is in the sum or on disk', async () => {
    let runner: RoundRunner | undefined;
    const dying: MemberBehaviour = {
      upload(chunks) {
        // One chunk of two goes out; then the connection is gone.
        queueMicrotask(() => runner?.lost(1));
        return chunks.slice(0, 1);
      },
    };
    const rounds = await opened(new Rounds(4, { 1: dying }));
    ({ runner } = rounds);
    const outcome = await rounds.openRound(1);
    expect(outcome).toMatchObject({ kind: 'opened', survivors: [0, 2, 3] });
    expect(outcome).toHaveProperty('sum', sumOf([0, 2, 3]));
    expect(rounds.drops).toMatchObject([
      { member: 1, reason: 'disconnected-in-phase', phase: 'masked-input' },
    ]);
    expect(leftovers()).toEqual([]);
  });

  it.each<[string, NonNullable<MemberBehaviour['upload']>, string]>([
    [
      'with bits behind its last word',
      (chunks) => chunks.map((chunk, i) => (i === 1 ? withLastBit(chunk) : chunk)),
      'bits behind the last word are not zero',
    ],
    ['that is a chunk short', (chunks) => chunks.slice(0, 1), 'upload of 172032 bytes, 172046 are due'],
    ['of nothing', () => [], 'upload of 0 bytes, 172046 are due'],
    [
      'with a chunk too many',
      (chunks) => [...chunks, Uint8Array.of(1)],
      'chunk 2 is behind the end of the upload',
    ],
    [
      'in another order',
      (chunks) => chunks.toReversed(),
      'chunk 0 of 14 bytes came where chunk 0 of 172032 was due',
    ],
    [
      'in crumbs',
      (chunks) => [...(chunks[0] ?? new Uint8Array(0)).subarray(0, 50)].map((byte) => Uint8Array.of(byte)),
      'chunk 0 of 1 bytes came where chunk 0 of 172032 was due',
    ],
  ])('drops an upload %s, and goes on', async (_, upload, detail) => {
    const rounds = await opened(new Rounds(4, { 2: { upload } }));
    const outcome = await rounds.openRound(1);
    expect(outcome).toMatchObject({ kind: 'opened', survivors: [0, 1, 3] });
    expect(outcome).toHaveProperty('sum', sumOf([0, 1, 3]));
    expect(rounds.drops).toMatchObject([{ member: 2, reason: 'protocol-error', detail }]);
    expect(leftovers()).toEqual([]);
  });

  it('drops a member that is late at the deadline', async () => {
    const rounds = await opened(new Rounds(4, { 3: { goesOn: (phase) => phase !== 'masked-input' } }));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const outcome = rounds.openRound(1);
    await rounds.hears('0 upload-end', '1 upload-end', '2 upload-end');
    vi.advanceTimersByTime(DEADLINES.maskedInput);
    // It could still sign and release for the others, and is waited for once more.
    await rounds.hears('0 survivors-signature', '1 survivors-signature', '2 survivors-signature');
    vi.advanceTimersByTime(DEADLINES.consistency);
    expect(await outcome).toMatchObject({ kind: 'opened', survivors: [0, 1, 2] });
    expect(rounds.drops).toMatchObject([
      { member: 3, reason: 'late', phase: 'masked-input' },
      { member: 3, reason: 'late', phase: 'consistency' },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is aborted below the floor, with the reason and the missing, and leaves no file', async () => {
    const rounds = await opened(new Rounds(4));
    rounds.onSend((kind) => {
      if (kind === 'round-start') for (const member of [1, 2]) rounds.runner.lost(member);
    });
    expect(await rounds.openRound(1)).toMatchObject({
      kind: 'aborted',
      terms: { round: 1, attempt: 1 },
      phase: 'masked-input',
      code: 'BELOW_FLOOR',
      detail: expect.stringContaining('missing: org-1, org-2'),
    });
    expect(leftovers()).toEqual([]);
  });
});

const chunkOf = (roundContext: Uint8Array): Message => ({
  kind: 'vector-chunk',
  body: { roundContext, sequence: 0, bytes: new Uint8Array(4 * CHUNK_WORDS) },
  signature: EMPTY_SIGNATURE,
});

describe('chunks out of place', () => {
  it('are dropped where no round is open, or another', async () => {
    const rounds = await opened(new Rounds(3));
    await rounds.runner.receive(0, chunkOf(new Uint8Array(32)));
    const outcome = rounds.openRound(1);
    await rounds.hears('0 ready');
    await rounds.runner.receive(1, chunkOf(new Uint8Array(32)));
    expect(await outcome).toMatchObject({ kind: 'opened', survivors: [0, 1, 2] });
    await rounds.runner.receive(2, chunkOf(new Uint8Array(32)));
    expect(leftovers()).toEqual([]);
  });
});

describe('a fault of the coordinator', () => {
  it('that keeps uploads from the disk ends the run in one clear line', async () => {
    const rounds = await opened(new Rounds(3));
    rmSync(join(directory, 'state', 'blobs'), { recursive: true });
    const failure = {
      code: 'RUN_FAILED',
      message: expect.stringMatching(/^cannot write blob .*: ENOENT$/) as string,
    };
    await expect(rounds.openRound(1)).rejects.toMatchObject(failure);
    await expect(rounds.openRound(2)).rejects.toMatchObject(failure);
    await rounds.runner.stop();
  });

  it.each(['batch-start', 'round-start', 'unmask-request'] as const)(
    'while it sends %s fails what is open',
    async (failing) => {
      const rounds = new Rounds(3);
      rounds.onSend((kind) => {
        if (kind === failing) throw new Error('bug');
      });
      const run = async (): Promise<unknown> => {
        await rounds.openBatch();
        return await rounds.openRound(1);
      };
      await expect(run()).rejects.toThrow('bug');
      await rounds.runner.stop();
      // Whole uploads stay for a restart, parts of one do not.
      expect(leftovers().filter((name) => name.startsWith('.'))).toEqual([]);
    },
  );

  it('is not lost where it happens between two rounds', async () => {
    const rounds = await opened(new Rounds(3));
    await rounds.openRound(1);
    rounds.runner.fail(new Error('the disk is gone'));
    await expect(rounds.openRound(2)).rejects.toThrow('the disk is gone');
  });
});

describe('stopping', () => {
  it('rejects what is open, removes uploads that are not whole and leaves no timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const rounds = await opened(new Rounds(3, { 1: { goesOn: (phase) => phase !== 'masked-input' } }));
    const outcome = rounds.openRound(1);
    await rounds.hears('0 vector-chunk', '2 vector-chunk');
    expect(leftovers().length).toBeGreaterThan(0);
    const [ended] = await Promise.allSettled([outcome, rounds.runner.stop()]);
    expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'RUN_FAILED' } });
    expect(leftovers()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes nothing that comes after it', async () => {
    const rounds = await opened(new Rounds(3));
    await rounds.runner.stop();
    rounds.runner.lost(0);
    rounds.runner.joined(0);
    await expect(rounds.openRound(1)).rejects.toMatchObject({ code: 'RUN_FAILED' });
  });
});

function withLastBit(chunk: Uint8Array): Uint8Array {
  const changed = new Uint8Array(chunk);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) | 0x80;
  return changed;
}
