/** Batches follow one another while rounds go on: the next is set up beside the last rounds of the present one. */
import { decodeMessage, type MessageKind } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { kindOf } from '../support/moments.ts';

const N = 5;
const DIMENSION = 20;
const KEYS = 2;
const ROUNDS = 9;
const everybody = [0, 1, 2, 3, 4];

interface Life {
  /** What was said, in order. */
  readonly said: { readonly kind: MessageKind; readonly round: number }[];
  /** Key indices by round context: each is used once. */
  readonly indices: Set<string>;
}

function live(renewsAhead: boolean, lose: (member: number, round: number) => boolean = () => false): Life {
  const life: Life = { said: [], indices: new Set() };
  let round = 0;
  const { federation } = testFederation(N, {
    keyCount: KEYS,
    renewsAhead,
    faults: {
      intercept(frame) {
        const decoded = decodeMessage(frame.bytes);
        if (!decoded.ok) return [frame];
        const { kind, body } = decoded.message;
        life.said.push({ kind, round });
        if (kind === 'release')
          life.indices.add(`${body.member} ${body.batchContext.join()} ${body.keyIndex}`);
        if (kind === 'key-advert' && lose(body.member, round)) return [];
        return [frame];
      },
    },
  });
  for (round = 1; round <= ROUNDS; round++) {
    const vectors = randomVectors(N, DIMENSION, round);
    const outcome = federation.sum(sumRequest(DIMENSION, vectors));
    if (outcome.kind !== 'opened') throw new Error(`round ${round}: ${outcome.detail}`);
    expect(outcome.sum).toEqual(plainSum(vectors, outcome.survivors));
    // A member whose keys came too late for one batch takes part again with the next.
    const late = everybody.filter((id) => lose(id, Math.floor((round - 1) / KEYS) * KEYS));
    expect(outcome.survivors).toEqual(everybody.filter((id) => !late.includes(id)));
    for (const id of outcome.survivors)
      expect(federation.memberState(id).batches.length).toBeLessThanOrEqual(2);
  }
  expect(federation.rejections.filter(({ code }) => code !== 'WRONG_CONTEXT')).toEqual([]);
  return life;
}

/** Rounds in which a setup was begun. */
const setups = ({ said }: Life): number[] => [
  ...new Set(said.filter(({ kind }) => kind === 'batch-start').map(({ round }) => round)),
];

describe('a run over several batches', () => {
  it('begins each when the last is used up, where nobody prepares', () => {
    const life = live(false);
    expect(setups(life)).toEqual([1, 3, 5, 7, 9]);
    expect(life.indices.size).toBe(N * ROUNDS);
  });

  it('has each ready before it is needed, where it is prepared: no round waits for a setup', () => {
    const life = live(true);
    // In the round that takes the last key index of a batch.
    expect(setups(life)).toEqual([1, 2, 4, 6, 8]);
    for (const start of [2, 4, 6, 8]) {
      const kinds = life.said.filter(({ round }) => round === start + 1).map(({ kind }) => kind);
      expect(kinds[0]).toBe('round-announce');
    }
    expect(life.indices.size).toBe(N * ROUNDS);
  });

  it('goes on though a member misses a setup: it is back with the next', () => {
    const life = live(true, (member, round) => member === 3 && round === 4);
    // In rounds 5 and 6 four members take part, in all others five.
    expect(life.indices.size).toBe(N * ROUNDS - 2);
  });

  it('forgets the secrets of a batch with the first round of the next', () => {
    const { federation } = testFederation(N, { keyCount: 1, renewsAhead: true });
    const vectors = randomVectors(N, DIMENSION, 1);
    const contexts: string[] = [];
    for (let round = 1; round <= 3; round++) {
      federation.sum(sumRequest(DIMENSION, vectors));
      const { batches } = federation.memberState(2);
      contexts.push(batches.map(({ context }) => context.join()).join('|'));
      expect(batches.map(({ terms }) => terms.batch)).toEqual([round, round + 1]);
    }
    expect(new Set(contexts).size).toBe(3);
  });
});

describe('the last frame of a setup', () => {
  it('may come in the middle of a round without disturbing it', () => {
    const order: (MessageKind | undefined)[] = [];
    const { federation } = testFederation(3, {
      keyCount: 1,
      renewsAhead: true,
      faults: {
        // The lane that waits the shortest: setup and round are torn apart as far as they can be.
        schedule: (choices) => {
          const tasks = choices.filter((choice) => !choice.endsWith('deadline')).length;
          return tasks === 0 ? 0 : tasks - 1;
        },
        intercept(frame) {
          order.push(kindOf(frame));
          return [frame];
        },
      },
    });
    for (let round = 1; round <= 4; round++) {
      const vectors = randomVectors(3, DIMENSION, round);
      expect(federation.sum(sumRequest(DIMENSION, vectors))).toEqual({
        kind: 'opened',
        survivors: [0, 1, 2],
        sum: plainSum(vectors, [0, 1, 2]),
      });
    }
    expect(federation.rejections).toEqual([]);
    expect(order.filter((kind) => kind === 'batch-start')).toHaveLength(3 * 5);
  });
});
