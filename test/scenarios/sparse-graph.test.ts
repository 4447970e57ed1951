/**
 * Federations above 64 members, on a Harary graph that their committee draws: nobody, one or a tenth of them
 * is lost in each phase, or a tenth spread over all. The sum is that of the survivors, to the last bit.
 */
import { type ClientPhase, type MessageKind, thresholdsFor } from '@tributary/protocol';
import type { InMemoryFederation } from '@tributary/protocol/in-memory';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { lossesAt } from '../support/moments.ts';

const DIMENSION = 40;
const PHASES = ['ready', 'masked-input', 'consistency', 'unmask'] as const satisfies readonly ClientPhase[];
type Phase = (typeof PHASES)[number];

/**
 * One organisation may collude, a tenth may be lost. Fewer bits than a federation should have: sixteen
 * neighbours are faster than thirty, and what is tested here does not depend on their number.
 */
const thresholds = (n: number): ReturnType<typeof thresholdsFor> =>
  thresholdsFor(n, 'security', { colluders: 1, dropoutRate: 0.1, securityBits: 16, abortBits: 8 });

/** Members all over the roster; not the first two, which draw the graph. */
function some(n: number, count: number, salt = 0): number[] {
  return Array.from({ length: count }, (_, i) => 2 + ((7 * i + salt) % (n - 2)));
}

interface Play {
  readonly federation: InMemoryFederation;
  /** Runs one sum while some members lose their sessions as they enter a phase; they are back afterwards. */
  readonly losing: (losses: ReadonlyMap<number, Phase>) => void;
}

function playOf(n: number, keyCount: number): Play {
  let losses: ReadonlyMap<number, Phase> = new Map();
  const { federation } = testFederation(n, {
    seed: n,
    thresholds,
    keyCount,
    faults: {
      fate(member, phase, _round, chunk) {
        if (chunk === undefined && losses.get(member) === phase) federation.disconnect(member);
        return 'live';
      },
    },
  });
  let round = 0;
  const everybody = Array.from({ length: n }, (_, id) => id);
  return {
    federation,
    losing(next) {
      losses = next;
      round += 1;
      const vectors = randomVectors(n, DIMENSION, round);
      const outcome = federation.sum(sumRequest(DIMENSION, vectors, { bits: 22 }));
      const isOut = (id: number): boolean => losses.get(id) === 'ready' || losses.get(id) === 'masked-input';
      const survivors = everybody.filter((id) => !isOut(id));
      expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
      for (const id of everybody) federation.reconnect(id);
    },
  };
}

const inPhase = (members: readonly number[], phase: Phase): ReadonlyMap<number, Phase> =>
  new Map(members.map((id) => [id, phase]));

const spread = (n: number): ReadonlyMap<number, Phase> =>
  new Map(some(n, n / 10, 3).map((id, i) => [id, PHASES[i % PHASES.length] ?? 'ready']));

describe('a federation of 70', () => {
  it('loses nobody, one, and a tenth in each phase of a round', () => {
    const { federation, losing } = playOf(70, 6);
    losing(new Map());
    // One in each phase.
    losing(new Map(PHASES.map((phase, i) => [2 + 7 * i, phase])));
    for (const phase of PHASES) losing(inPhase(some(70, 7, 2), phase));
    expect(federation.rejections).toEqual([]);
    expect(federation.evidence).toEqual([]);
  });

  it.each<[MessageKind & ('key-advert' | 'dealt-shares'), 'before' | 'after', number]>([
    ['key-advert', 'before', 7],
    ['dealt-shares', 'after', 7],
  ])('loses members of its setup at their %s (%s it: %i)', (answer, when, lost) => {
    const gone = some(70, lost);
    const { federation } = testFederation(70, {
      seed: 70,
      thresholds,
      faults: lossesAt({ when, answer }, gone, () => federation),
    });
    const vectors = randomVectors(70, DIMENSION, 7);
    const survivors = vectors.map((_, id) => id).filter((id) => !gone.includes(id));
    const outcome = federation.sum(sumRequest(DIMENSION, vectors, { bits: 22 }));
    expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
    expect(federation.rejections).toEqual([]);
  });

  it('that loses a member of its committee cannot draw, and begins anew without it', () => {
    // The committee is of the first c + 1 = 2 members.
    const { federation } = testFederation(70, {
      seed: 70,
      thresholds,
      faults: {
        afterSend: (member, kind) => (member === 0 && kind === 'key-advert' ? 'die' : 'live'),
      },
    });
    const vectors = randomVectors(70, DIMENSION, 8);
    expect(federation.sum(sumRequest(DIMENSION, vectors, { bits: 22 }))).toMatchObject({
      kind: 'aborted',
      phase: 'setup',
      code: 'BAD_DRAW',
      detail: expect.stringMatching(/^the draw is void without the nonce of org-0/) as string,
    });
    const survivors = vectors.map((_, id) => id).filter((id) => id > 0);
    expect(federation.sum(sumRequest(DIMENSION, vectors, { bits: 22 }))).toEqual({
      kind: 'opened',
      survivors,
      sum: plainSum(vectors, survivors),
    });
  });
});

describe.each([100, 200])('a federation of %i', (n) => {
  it('loses a tenth of its members, spread over all phases of a round', () => {
    const { federation, losing } = playOf(n, 1);
    losing(spread(n));
    expect(federation.rejections).toEqual([]);
  });
});
