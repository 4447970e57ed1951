/**
 * The power of a member goes before each single thing that it does: each write and sync of its disk, each change of its secrets, each
 * message. It starts again from what the disk kept, and the coordinator sees its connection lost; or the coordinator starts again with it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liftWords, toHex } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import {
  type BatchSecrets,
  type ClientEvent,
  type ClientState,
  EMPTY_LOG_HEAD,
  type ExpectedRound,
  memorySecretStore,
  type Message,
  PROTOCOL_VERSION,
  rosterRoot,
  sameBytes,
  type SecretStore,
  startClient,
  stepClient,
} from '@tributary/protocol';
import {
  type DirectoryLock,
  JournaledMachine,
  lockDirectory,
  memoryBlobStore,
  VectorWork,
  openFileBlobStore,
  openFileEventLog,
} from '@tributary/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClientMachine } from '../../packages/client/src/client-journal.ts';
import { KeptVectors } from '../../packages/client/src/kept-vectors.ts';
import { type ParticipantEvents, RoundParticipant } from '../../packages/client/src/round-participant.ts';
import { testFederation } from '../../packages/client/src/testing/federation.ts';
import {
  type ResultMessages,
  SmallCoordinator,
} from '../../packages/client/src/testing/small-coordinator.ts';
import { SimulatedDisk } from '../contracts/simulated-disk.ts';
import { Power, seededChance } from './power.ts';
import { Spoken } from './spoken.ts';

const ROUNDS = 2;
const DIMENSION = 100;
const BITS = 20;
const RUN = new Uint8Array(32).fill(7);
const POLICY = { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 };
/** A sum is opened without one of them. */
const federation = testFederation(4);
const { roster } = federation;
const MORTAL = 0;
const work = new VectorWork({ threads: 0 });

const expectedRound = (round: number): ExpectedRound => ({
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
});

const vectorOf = (member: number, round: number): Int32Array =>
  Int32Array.from({ length: DIMENSION }, (_, i) => ((i * (member + 3) + round) % 2001) - 1000);

function sumOf(members: readonly number[], round: number): Int32Array {
  const sum = new Int32Array(DIMENSION);
  for (const member of members) {
    vectorOf(member, round).forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
  }
  return sum;
}

/** What becomes of the coordinator when the member dies. */
type Aftermath = 'the coordinator sees it gone' | 'the coordinator starts again too';

/** Secrets on a disk that keeps each change whole; the file store's own tests show that it does. */
class KeptSecrets implements SecretStore {
  readonly #kept = new Map<string, { readonly context: Uint8Array; readonly secrets: BatchSecrets }>();
  /** Called before each change. */
  before: () => void = () => {};

  batchContexts(): Uint8Array[] {
    return [...this.#kept.values()].map(({ context }) => context);
  }

  get(context: Uint8Array): BatchSecrets | undefined {
    return this.#kept.get(toHex(context))?.secrets;
  }

  put(context: Uint8Array, secrets: BatchSecrets): void {
    this.before();
    this.#kept.set(toHex(context), { context, secrets });
  }

  forget(context: Uint8Array): void {
    this.before();
    this.#kept.delete(toHex(context));
  }
}

/** One life of the mortal member. */
interface Life {
  readonly participant: RoundParticipant;
  readonly state: () => ClientState;
  readonly lock: DirectoryLock;
}

class World {
  readonly spoken = new Spoken();
  readonly coordinator: SmallCoordinator;
  /** Survivors of each round. */
  readonly survivors: (readonly number[])[] = [];
  readonly #disk = new SimulatedDisk();
  readonly #secrets = new KeptSecrets();
  readonly #directory: string;
  readonly #aftermath: Aftermath;
  readonly #chance: () => boolean;
  readonly #others: readonly RoundParticipant[];
  readonly #results: ResultMessages[] = [];
  /** Sums that each life of the mortal member has taken, by round. */
  readonly #taken = new Map<number, Int32Array>();
  #power: Power;
  #life: Life | undefined;

  constructor(directory: string, power: Power, aftermath: Aftermath, seed: number) {
    this.#directory = directory;
    this.#power = power;
    this.#aftermath = aftermath;
    this.#chance = seededChance(seed);
    this.coordinator = new SmallCoordinator(federation, RUN, async (member, message) => {
      if (member === MORTAL) await this.#mortally((life) => life.participant.receive(message));
      else await this.#others[member - 1]?.receive(message);
    });
    this.#others = roster.members.slice(1).map(({ id }) => this.#immortal(id));
  }

  /** Opens every sum; whoever dies meanwhile comes back. */
  async run(): Promise<void> {
    await this.#mortally(async () => {});
    for (let round = 1; round <= ROUNDS; round++) {
      await this.#mortally((life) => life.participant.expect(expectedRound(round)));
      for (const other of this.#others) await other.expect(expectedRound(round));
      if (round === 1) await this.coordinator.openBatch(1);
      const result = await this.coordinator.openRound(expectedRound(round));
      if (result === undefined) throw new Error(`round ${round} was aborted`);
      this.#results.push(result);
      for (const message of result) {
        if (message.kind === 'round-result') this.survivors.push(message.body.survivors);
        for (const other of this.#others) await other.receive(message);
      }
      // A member that dies while it takes the sum gets it once more.
      while (!this.#taken.has(round)) {
        await this.#mortally(async (life) => {
          for (const message of result) await life.participant.receive(message);
        });
      }
    }
    // The power may go in the very last thing that it does.
    await this.#mortally(async () => {});
  }

  /** Rounds whose sum the mortal member did not take as it is. */
  wrongSums(): number[] {
    return this.survivors.flatMap((survivors, i) => {
      const wanted = sumOf(survivors, i + 1);
      const sum = this.#taken.get(i + 1);
      return sum?.every((word, j) => word === wanted[j]) === true ? [] : [i + 1];
    });
  }

  /** Batches that are closed and whose secrets are there. */
  secretsOfClosedBatches(): string[] {
    const life = this.#life;
    if (life === undefined) throw new Error('the member is dead');
    const open = life.state().batches.map(({ context }) => toHex(context));
    return this.#secrets
      .batchContexts()
      .map(toHex)
      .filter((context) => !open.includes(context));
  }

  stop(): void {
    this.#life?.lock.release();
  }

  async #mortally(act: (life: Life) => Promise<void>): Promise<void> {
    try {
      this.#life ??= await this.#begin();
      await act(this.#life);
    } catch (error) {
      if (this.#power.on) throw error;
      await this.#comeBack();
    }
  }

  async #comeBack(): Promise<void> {
    this.#life?.lock.release();
    this.#disk.losePower(this.#chance);
    this.#power = new Power(Infinity);
    this.#life = await this.#begin();
    if (this.#aftermath === 'the coordinator sees it gone') {
      this.coordinator.lose(MORTAL);
      this.coordinator.join(MORTAL);
    } else {
      this.coordinator.restart();
      for (const { id } of roster.members) this.coordinator.join(id);
    }
  }

  async #begin(): Promise<Life> {
    const power = this.#power;
    this.#disk.before = power.act;
    this.#secrets.before = power.act;
    const lock = lockDirectory(this.#directory);
    try {
      const secrets = this.#secrets;
      const blobs = await openFileBlobStore(lock, this.#disk);
      const log = await openFileEventLog(lock, this.#disk);
      const header = {
        protocolVersion: PROTOCOL_VERSION,
        federation: roster.federation,
        rosterRoot: rosterRoot(nodeBackend, roster),
        run: RUN,
        self: MORTAL,
        manifest: '{}',
      };
      const { machine, results, unfinished } = await openClientMachine(nodeBackend, log, header, {
        roster,
        policy: POLICY,
      });
      const { state } = machine;
      for (const context of secrets.batchContexts()) {
        if (!state.batches.some((batch) => sameBytes(batch.context, context))) secrets.forget(context);
      }
      const vectors = new KeptVectors(nodeBackend, blobs);
      await vectors.clear(state.round?.context, results.length);
      for (const result of results) {
        const sum = await vectors.sum(result, { dimension: DIMENSION, bits: BITS });
        this.#takes(result.round, sum);
      }
      const keeper = {
        crypto: nodeBackend,
        random: nodeRandomBytes,
        self: MORTAL,
        identity: federation.identities[MORTAL] ?? new Uint8Array(32),
        store: secrets,
      };
      const participant = new RoundParticipant(keeper, machine, vectors, work, {
        ...quiet(MORTAL, () => results.length + this.#newlyTaken(results.length)),
        onResult: ({ round }, sum) => this.#takes(round, sum),
      });
      participant.attach({
        send: async (kind, body, signature) => {
          power.act();
          this.#hear(MORTAL, { kind, body, signature } as unknown as Message);
        },
      });
      await participant.resume(unfinished);
      if (results.length < ROUNDS) await participant.expect(expectedRound(results.length + 1));
      return { participant, state: () => machine.state, lock };
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** A sum that was taken before is the same after a restart. */
  #takes(round: number, words: Int32Array): void {
    const sum = words.slice();
    liftWords(sum, BITS);
    const before = this.#taken.get(round);
    if (before?.some((word, i) => word !== sum[i]) === true) throw new Error(`two sums of round ${round}`);
    this.#taken.set(round, sum);
  }

  #newlyTaken(before: number): number {
    return [...this.#taken.keys()].filter((round) => round > before).length;
  }

  #immortal(id: number): RoundParticipant {
    const keeper = {
      crypto: nodeBackend,
      random: nodeRandomBytes,
      self: id,
      identity: federation.identities[id] ?? new Uint8Array(32),
      store: memorySecretStore(),
    };
    const machine = new JournaledMachine(
      (state: ClientState, event: ClientEvent) => stepClient(nodeBackend, state, event),
      startClient(nodeBackend, { self: id, roster, run: RUN, policy: POLICY }),
      { append: async () => {} },
    );
    const vectors = new KeptVectors(nodeBackend, memoryBlobStore());
    const participant = new RoundParticipant(
      keeper,
      machine,
      vectors,
      work,
      quiet(id, () => this.#results.length),
    );
    participant.attach({
      send: async (kind, body, signature) => this.#hear(id, { kind, body, signature } as unknown as Message),
    });
    return participant;
  }

  #hear(from: number, message: Message): void {
    this.spoken.note(from, message);
    this.coordinator.hear(from, message);
  }
}

/** @param known sums that the member knows when it is asked for its vector */
function quiet(member: number, known: () => number): ParticipantEvents {
  return {
    contribute: () => vectorOf(member, known() + 1),
    onInputFailed: () => {},
    onResult: () => {},
    onPhase: () => {},
    onReject: () => {},
    onUploaded: () => {},
    onVoid: () => {},
    onHead: async () => {},
    onEvidence: async () => {},
  };
}

let parent: string;
let count = 0;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tributary-crash-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

async function live(power: Power, aftermath: Aftermath, seed: number): Promise<World> {
  const world = new World(join(parent, `state-${count++}`), power, aftermath, seed);
  try {
    await world.run();
    expect(world.survivors).toHaveLength(ROUNDS);
    expect(world.wrongSums()).toEqual([]);
    expect(world.spoken.contradictions).toEqual([]);
    expect(world.secretsOfClosedBatches()).toEqual([]);
  } finally {
    world.stop();
  }
  return world;
}

describe('a member whose power goes before anything that it does', () => {
  it.each([
    // A connection that is lost in a phase costs the member that phase.
    ['the coordinator sees it gone', 0.4],
    ['the coordinator starts again too', 0.75],
  ] as const)(
    'contradicts itself in nothing, and every sum is that of its survivors; %s',
    async (aftermath, unharmed) => {
      const whole = new Power(Infinity);
      const uninterrupted = await live(whole, aftermath, 0);
      expect(uninterrupted.survivors).toEqual([
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ]);
      expect(whole.acts).toBeGreaterThan(60);
      let complete = 0;
      for (let at = 0; at < whole.acts; at++) {
        const world = await live(new Power(at), aftermath, at);
        // It is in the sum, or it counts as dropped.
        for (const survivors of world.survivors)
          expect([...survivors, 0]).toEqual(expect.arrayContaining([1, 2, 3]));
        if (world.survivors.every((survivors) => survivors.includes(MORTAL))) complete += 1;
      }
      expect(complete / whole.acts).toBeGreaterThan(unharmed);
    },
    120_000,
  );
});
