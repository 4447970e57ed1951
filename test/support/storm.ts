/**
 * Random schedules as a property: what one process sends to another arrives in order, and nothing else is
 * promised. Members die, lose their sessions and come back, the coordinator dies and begins anew, frames come
 * twice, deadlines pass early. Whatever happens, each sum is that of a set that at least t members signed, or
 * ends with a reason; and no member ever signs two sets, releases twice differently, promises silence after it
 * released or masks two vectors in one round.
 */
import { decodeMessage, type Message } from '@tributary/protocol';
import type { Frame, InMemoryFederation, InMemoryOptions, SumOutcome } from '@tributary/protocol/in-memory';
import fc from 'fast-check';
import { plainSum, randomVectors, seededBytes, sumRequest, testFederation } from './federation.ts';

export interface Storm {
  readonly seed: number;
  readonly members: number;
  readonly sums: number;
  /** Chances in 1024, each time something happens. */
  readonly death: number;
  readonly disconnection: number;
  readonly reconnection: number;
  readonly restart: number;
  readonly duplicate: number;
  readonly earlyDeadline: number;
  /** Whether sums carry noise terms: then each attempt may be followed by another. */
  readonly noisy: boolean;
  readonly renewsAhead: boolean;
}

export const CALM: Omit<Storm, 'seed' | 'members'> = {
  sums: 3,
  death: 0,
  disconnection: 0,
  reconnection: 0,
  restart: 0,
  duplicate: 0,
  earlyDeadline: 0,
  noisy: false,
  renewsAhead: false,
};

/** @param members sizes of the federations */
export function storms(members: readonly number[] = [3, 5, 6]): fc.Arbitrary<Storm> {
  return fc.record<Storm>({
    seed: fc.nat({ max: 2 ** 24 - 1 }),
    members: fc.constantFrom(...members),
    sums: fc.constantFrom(2, 3),
    death: fc.constantFrom(0, 0, 8, 32),
    disconnection: fc.constantFrom(0, 4, 16),
    reconnection: fc.constantFrom(32, 128),
    restart: fc.constantFrom(0, 0, 4, 12),
    duplicate: fc.constantFrom(0, 32),
    earlyDeadline: fc.constantFrom(0, 4, 64),
    noisy: fc.boolean(),
    renewsAhead: fc.boolean(),
  });
}

const DIMENSION = 20;
const PHASES = ['setup', 'ready', 'masked-input', 'consistency', 'unmask'];
const KEY_COUNT = 2;

/** What was said that may be said only once, or not after something else. */
class SaidOnce {
  readonly #once = new Map<string, string>();
  readonly #released = new Set<string>();
  readonly #promised = new Set<string>();
  /** Signers by round context and digest. */
  readonly #signers = new Map<string, Set<number>>();
  /** What each result was over, by round context. */
  readonly #results = new Map<string, { readonly digest: string; readonly survivors: readonly number[] }>();
  readonly faults: string[] = [];

  note(frame: Frame): void {
    const decoded = decodeMessage(frame.bytes);
    if (decoded.ok) this.#noteMessage(decoded.message);
  }

  #noteMessage({ kind, body }: Message): void {
    if (kind === 'survivors-signature') {
      const { member, roundContext, survivorsDigest } = body;
      const context = roundContext.join();
      this.#sayOnce(`survivors ${member} ${context}`, survivorsDigest.join());
      const set = `${context} ${survivorsDigest.join()}`;
      this.#signers.set(set, (this.#signers.get(set) ?? new Set()).add(member));
    } else if (kind === 'upload-end') {
      this.#sayOnce(`upload ${body.member} ${body.roundContext.join()}`, body.digest.join());
    } else if (kind === 'release') {
      const index = `${body.member} ${body.batchContext.join()} ${body.keyIndex}`;
      const choices = body.shares.map(({ owner, kind: secret }) => `${owner} ${secret}`);
      this.#sayOnce(`release ${index}`, choices.join());
      this.#released.add(index);
      if (this.#promised.has(index)) this.faults.push(`released after a promise: ${index}`);
    } else if (kind === 'nothing-released') {
      const index = `${body.member} ${body.batchContext.join()} ${body.keyIndex}`;
      this.#promised.add(index);
      if (this.#released.has(index)) this.faults.push(`promised after a release: ${index}`);
    } else if (kind === 'round-result') {
      const { roundContext, survivorsDigest, survivors } = body;
      const digest = survivorsDigest.join();
      this.#sayOnce(`result ${roundContext.join()}`, digest);
      this.#results.set(roundContext.join(), { digest, survivors });
    }
  }

  #sayOnce(statement: string, value: string): void {
    const before = this.#once.get(statement);
    if (before !== undefined && before !== value)
      this.faults.push(`said twice, differently: ${statement.slice(0, 40)}`);
    this.#once.set(statement, value);
  }

  /** @returns results that too few members signed */
  unsigned(): string[] {
    return [...this.#results].flatMap(([context, { digest, survivors }]) => {
      const signers = this.#signers.get(`${context} ${digest}`)?.size ?? 0;
      // Two thirds of the cohort, which has at least the survivors.
      return signers > (2 * survivors.length) / 3 ? [] : [`${signers} signed the set of a result`];
    });
  }
}

export interface StormReport {
  readonly outcomes: readonly SumOutcome[];
  /** What must not happen and did; empty where all is well. */
  readonly faults: readonly string[];
  readonly federation: InMemoryFederation;
}

export function playStorm(storm: Storm, options: Partial<InMemoryOptions> = {}): StormReport {
  const { members } = storm;
  const random = seededBytes(storm.seed);
  const word = (): number => new DataView(random(4).buffer).getUint32(0);
  const chance = (odds: number): boolean => odds > 0 && word() % 1024 < odds;
  const any = (count: number): number => word() % count;
  const said = new SaidOnce();
  const { federation } = testFederation(members, {
    keyCount: KEY_COUNT,
    renewsAhead: storm.renewsAhead,
    ...options,
    faults: {
      schedule(choices) {
        if (chance(storm.disconnection)) federation.disconnect(any(members));
        if (chance(storm.reconnection)) federation.reconnect(any(members));
        const tasks = choices.filter((choice) => !choice.endsWith('deadline')).length;
        // A process that begins anew does so before it does anything else.
        if (tasks > 0 && chance(storm.restart)) {
          federation.restartCoordinator();
          return 0;
        }
        if (tasks === 0 || (tasks < choices.length && chance(storm.earlyDeadline))) {
          return tasks + any(choices.length - tasks);
        }
        return any(tasks);
      },
      afterSend: () => (chance(storm.death) ? 'die' : 'live'),
      intercept(frame) {
        said.note(frame);
        return chance(storm.duplicate) ? [frame, frame] : [frame];
      },
    },
  });
  const faults: string[] = [];
  const privacy = new Uint8Array(storm.noisy ? 8 : 0);
  const outcomes = Array.from({ length: storm.sums }, (_, i) => {
    const vectors = randomVectors(members, DIMENSION, storm.seed + i);
    const outcome = federation.sum(sumRequest(DIMENSION, vectors, { privacy }));
    const fault = wrong(outcome, vectors);
    if (fault !== undefined) faults.push(`sum ${i + 1}: ${fault}`);
    return outcome;
  });
  return { outcomes, faults: [...faults, ...said.faults, ...said.unsigned()], federation };
}

function wrong(outcome: SumOutcome, vectors: readonly Int32Array[]): string | undefined {
  if (outcome.kind === 'aborted') {
    return PHASES.includes(outcome.phase) && outcome.detail !== '' ? undefined : 'aborted without a reason';
  }
  const { sum, survivors } = outcome;
  if (survivors.length < 3) return `opened over ${survivors.length} members`;
  const right = plainSum(vectors, survivors);
  return sum.length === right.length && sum.every((value, i) => value === right[i])
    ? undefined
    : 'not the sum of its survivors';
}

export interface StormSummary {
  readonly opened: number;
  readonly aborted: number;
}

/**
 * Runs random storms until one does what must not happen.
 * @throws Error with the seed and the shrunk storm
 */
export function checkStorms(options: {
  readonly numRuns: number;
  readonly seed?: number;
  /** Ends the search early. */
  readonly timeLimitMs?: number;
  readonly members?: readonly number[];
}): StormSummary {
  const { numRuns, seed, timeLimitMs, members } = options;
  const summary = { opened: 0, aborted: 0 };
  fc.assert(
    fc.property(storms(members), (storm) => {
      const { outcomes, faults } = playStorm(storm);
      for (const { kind } of outcomes) summary[kind] += 1;
      if (faults.length > 0) throw new Error(faults.join('; '));
    }),
    {
      numRuns,
      ...(seed === undefined ? {} : { seed }),
      ...(timeLimitMs === undefined ? {} : { interruptAfterTimeLimit: timeLimitMs }),
    },
  );
  return summary;
}
