import { nodeBackend } from '@tributary/crypto/node';
import { type BatchTerms, batchContext, type OpenBatch, PROTOCOL_VERSION } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Batches } from './batches.ts';
import type { Federation } from './federation.ts';
import type { BatchOutcome } from './round-runner.ts';
import { testFederation } from './testing/federation.ts';

const { roster, run } = testFederation(4);
const DEADLINES = { setup: 1, ready: 1, maskedInput: 1, consistency: 1, unmask: 1 };

/** As much of a federation as batches ask for: who is there, and what becomes of setups. */
class Surroundings {
  present = [0, 1, 2, 3];
  readonly strangers = new Set<number>();
  readonly culprits = new Set<number>();
  /** Terms of all setups that were begun. */
  readonly begun: BatchTerms[] = [];
  /** What becomes of them, in order; then all open. */
  readonly outcomes: BatchOutcome[] = [];
  /** Protocol versions, where they are not the newest. */
  readonly versions = new Map<number, number>();
  #batch: OpenBatch | undefined;
  #setup: Promise<BatchOutcome> | undefined;

  batches(keyCount = 4, lastBatch = 0): Batches {
    const { sessions, runner, strangers } = this;
    return new Batches({
      crypto: nodeBackend,
      config: { deadlines: DEADLINES, keyCount, thresholds: 'security', maxAttemptsPerRound: 2 },
      terms: { roster, run, manifest: { privacy: 'none' } } as ConstructorParameters<
        typeof Batches
      >[0]['terms'],
      federation: { sessions, runner, strangers } as unknown as Federation,
      lastBatch,
    });
  }

  /** A round takes the next key index. */
  use(): void {
    if (this.#batch === undefined) throw new Error('no batch is open');
    this.#batch = { ...this.#batch, nextKeyIndex: this.#batch.nextKeyIndex + 1 };
  }

  get sessions(): object {
    const present = (): readonly number[] => this.present;
    const versionOf = (member: number): number => this.versions.get(member) ?? PROTOCOL_VERSION;
    return {
      get present() {
        return present();
      },
      versionOf,
    };
  }

  get runner(): object {
    const batch = (): OpenBatch | undefined => this.#batch;
    const setup = (): Promise<BatchOutcome> | undefined => this.#setup;
    return {
      get batch() {
        return batch();
      },
      get setupInProgress() {
        return setup();
      },
      state: { culprits: this.culprits },
      openBatch: async (terms: BatchTerms): Promise<BatchOutcome> => {
        this.begun.push(terms);
        this.#setup = Promise.resolve().then(() => this.#finish(terms));
        return await this.#setup;
      },
    };
  }

  #finish(terms: BatchTerms): BatchOutcome {
    this.#setup = undefined;
    const outcome = this.outcomes.shift() ?? { kind: 'opened', members: terms.cohort };
    if (outcome.kind === 'opened') {
      const context = batchContext(nodeBackend, terms);
      this.#batch = { terms, context, nextKeyIndex: 0 } as unknown as OpenBatch;
    }
    return outcome;
  }
}

const TOO_FEW: BatchOutcome = { kind: 'aborted', code: 'BELOW_FLOOR', detail: '2 of 4 members are left' };

describe('batches', () => {
  it('are set up before the first round, numbered on from those of earlier lives', async () => {
    const world = new Surroundings();
    const batches = world.batches(4, 7);
    expect(await batches.usable()).toMatchObject({
      terms: { batch: 8, cohort: [0, 1, 2, 3], maxAttempts: 2 },
    });
    await batches.usable();
    expect(world.begun).toHaveLength(1);
  });

  it('are renewed while a round goes on, when what is left may not do for the next', async () => {
    const world = new Surroundings();
    const batches = world.batches(3);
    await batches.usable();
    world.use();
    batches.renewAhead();
    expect(world.begun).toHaveLength(1);
    world.use();
    batches.renewAhead();
    // One setup at a time.
    batches.renewAhead();
    expect(world.begun.map(({ batch }) => batch)).toEqual([1, 2]);
    // The next round does not wait for it while a key index is left.
    expect((await batches.usable()).terms.batch).toBe(1);
    world.use();
    expect((await batches.usable()).terms.batch).toBe(2);
  });

  it('are not renewed where too few are there, and where it fails it is begun again when it is needed', async () => {
    const world = new Surroundings();
    const batches = world.batches(1);
    await batches.usable();
    world.use();
    world.present = [0, 1];
    batches.renewAhead();
    expect(world.begun).toHaveLength(1);
    world.present = [0, 1, 2];
    world.outcomes.push(TOO_FEW);
    batches.renewAhead();
    await Promise.resolve();
    await Promise.resolve();
    expect((await batches.usable()).terms).toMatchObject({ batch: 3, cohort: [0, 1, 2] });
  });

  it('take in whoever came since the last one; where that fails the last one serves on', async () => {
    const world = new Surroundings();
    world.present = [0, 1, 2];
    const batches = world.batches();
    await batches.usable();
    world.present = [0, 1, 2, 3];
    world.strangers.add(3);
    world.outcomes.push(TOO_FEW);
    expect((await batches.usable()).terms.batch).toBe(1);
    world.strangers.add(3);
    expect((await batches.usable()).terms).toMatchObject({ batch: 3, cohort: [0, 1, 2, 3] });
    expect(world.strangers.size).toBe(0);
  });

  it('speak the oldest version of their cohort, and invite nobody who cheated', async () => {
    const world = new Surroundings();
    world.versions.set(1, 1);
    world.culprits.add(2);
    expect((await world.batches().usable()).terms).toMatchObject({ cohort: [0, 1, 3], protocolVersion: 1 });
  });

  it.each<[string, BatchOutcome, object]>([
    ['too few are there', TOO_FEW, { code: 'TOO_FEW_SURVIVORS', message: 'setup: 2 of 4 members are left' }],
    [
      'the terms are unsafe for who is there',
      { kind: 'aborted', code: 'UNSAFE_TERMS', detail: 'too many of one organisation' },
      { code: 'BAD_CONFIG' },
    ],
  ])('end the run where there is none, and %s', async (_, outcome, error) => {
    const world = new Surroundings();
    world.outcomes.push(outcome);
    await expect(world.batches().usable()).rejects.toMatchObject(error);
    world.present = [0, 1];
    await expect(world.batches().usable()).rejects.toMatchObject({ code: 'TOO_FEW_SURVIVORS', exitCode: 7 });
  });
});
