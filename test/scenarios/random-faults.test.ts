/**
 * Random schedules: what one process sends to another arrives in order, and nothing else is promised. Members
 * die, lose their sessions and come back, frames come twice, deadlines pass early. Whatever happens, an
 * attempt opens the sum of a set that at least t members signed, or ends with a reason; and no member ever
 * signs two sets or releases two shares in one round.
 */
import { decodeMessage } from '@tributary/protocol';
import type { Frame, InMemoryFederation, SumOutcome } from '@tributary/protocol/in-memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, seededBytes, sumRequest, testFederation } from '../support/federation.ts';

const SUMS = 3;
const DIMENSION = 20;

interface Weather {
  readonly seed: number;
  readonly members: number;
  /** Chances in 256. */
  readonly death: number;
  readonly disconnection: number;
  readonly reconnection: number;
  readonly duplicate: number;
  readonly earlyDeadline: number;
}

/** What was said, by round context. */
interface Transcript {
  /** Digests that each member signed. */
  readonly signed: Map<string, Map<number, Set<string>>>;
  /** Members that released shares. */
  readonly released: Map<string, number[]>;
  /** The digest and the number of survivors of each result. */
  readonly results: Map<string, { readonly digest: string; readonly survivors: number }>;
}

function note({ signed, released, results }: Transcript, frame: Frame): void {
  const decoded = decodeMessage(frame.bytes);
  if (!decoded.ok) return;
  const { kind, body } = decoded.message;
  if (kind === 'survivors-signature') {
    const round = signed.get(body.roundContext.join()) ?? new Map<number, Set<string>>();
    round.set(body.member, (round.get(body.member) ?? new Set()).add(body.survivorsDigest.join()));
    signed.set(body.roundContext.join(), round);
  } else if (kind === 'release') {
    const context = body.roundContext.join();
    released.set(context, [...(released.get(context) ?? []), body.member]);
  } else if (kind === 'round-result') {
    const { roundContext, survivorsDigest, survivors } = body;
    results.set(roundContext.join(), { digest: survivorsDigest.join(), survivors: survivors.length });
  }
}

interface Attempt {
  readonly outcome: SumOutcome;
  readonly vectors: readonly Int32Array[];
}

function play(weather: Weather): {
  readonly attempts: readonly Attempt[];
  readonly said: Transcript;
  readonly federation: InMemoryFederation;
} {
  const { members } = weather;
  const random = seededBytes(weather.seed);
  const chance = (odds: number): boolean => (random(1)[0] ?? 0) < odds;
  const any = (count: number): number => new DataView(random(4).buffer).getUint32(0) % count;
  const said: Transcript = { signed: new Map(), released: new Map(), results: new Map() };
  const { federation } = testFederation(members, {
    keyCount: 2,
    faults: {
      schedule(choices) {
        if (chance(weather.disconnection)) federation.disconnect(any(members));
        if (chance(weather.reconnection)) federation.reconnect(any(members));
        const last = choices.length - 1;
        if (choices[last] !== 'deadline' || last === 0) return any(choices.length);
        return chance(weather.earlyDeadline) ? last : any(last);
      },
      afterSend: () => (chance(weather.death) ? 'die' : 'live'),
      intercept(frame) {
        note(said, frame);
        return chance(weather.duplicate) ? [frame, frame] : [frame];
      },
    },
  });
  const attempts = Array.from({ length: SUMS }, (_, i) => {
    const vectors = randomVectors(members, DIMENSION, weather.seed + i);
    return { vectors, outcome: federation.sum(sumRequest(DIMENSION, vectors)) };
  });
  return { attempts, said, federation };
}

const PHASES = ['setup', 'ready', 'masked-input', 'consistency', 'unmask'];

describe('random schedules', () => {
  const storms = fc.record<Weather>({
    seed: fc.nat({ max: 2 ** 24 - 1 }),
    members: fc.constantFrom(3, 5, 6),
    death: fc.constantFrom(0, 0, 2, 8),
    disconnection: fc.constantFrom(0, 1, 4),
    reconnection: fc.constantFrom(8, 32),
    duplicate: fc.constantFrom(0, 8),
    earlyDeadline: fc.constantFrom(0, 1, 16),
  });

  it('open the sum of a signed set, or end with a reason', () => {
    const outcomes = { opened: 0, aborted: 0 };
    fc.assert(
      fc.property(storms, (weather) => {
        const { attempts, said } = play(weather);
        for (const { outcome, vectors } of attempts) {
          outcomes[outcome.kind] += 1;
          const problem =
            outcome.kind === 'opened'
              ? wrongSum(outcome, vectors)
              : !PHASES.includes(outcome.phase) || outcome.detail === '';
          expect(problem).toBe(false);
        }
        for (const round of said.signed.values()) {
          for (const digests of round.values()) expect(digests.size).toBe(1);
        }
        for (const members of said.released.values()) expect(new Set(members).size).toBe(members.length);
        for (const [context, { digest, survivors }] of said.results) {
          const signers = [...(said.signed.get(context)?.values() ?? [])].filter((digests) =>
            digests.has(digest),
          );
          // Two thirds of the cohort, which has at least the survivors.
          expect(signers.length).toBeGreaterThan((2 * survivors) / 3);
        }
      }),
      { numRuns: 40 },
    );
    // A property over nothing but failures would say nothing.
    expect(outcomes.opened).toBeGreaterThan(15);
    expect(outcomes.aborted).toBeGreaterThan(15);
  });

  it('without a fault open every sum over everybody, in any order of events', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 24 - 1 }), fc.constantFrom(3, 5), (seed, members) => {
        const calm = {
          seed,
          members,
          death: 0,
          disconnection: 0,
          reconnection: 0,
          duplicate: 0,
          earlyDeadline: 0,
        };
        const { attempts, federation } = play(calm);
        for (const { outcome, vectors } of attempts) {
          const everybody = vectors.map((_, id) => id);
          expect(outcome).toEqual({
            kind: 'opened',
            survivors: everybody,
            sum: plainSum(vectors, everybody),
          });
        }
        expect([federation.drops, federation.rejections]).toEqual([[], []]);
      }),
      { numRuns: 12 },
    );
  });
});

function wrongSum(
  { sum, survivors }: Extract<SumOutcome, { kind: 'opened' }>,
  vectors: readonly Int32Array[],
): boolean {
  const right = plainSum(vectors, survivors);
  return survivors.length < 3 || sum.length !== DIMENSION || sum.some((value, i) => value !== right[i]);
}
