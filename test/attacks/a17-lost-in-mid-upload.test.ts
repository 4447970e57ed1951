/**
 * A17: members vanish while their vectors are on the way, after any chunk. An upload counts only with its
 * signed end: of a vector that stops there is no trace in the sum, and nothing of it can be read.
 */
import { CHUNK_WORDS, completeGraphThresholds } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';
import { SocketFederation } from '../support/socket-federation.ts';

const CHUNKS = 2;
const DIMENSION = (CHUNKS - 1) * CHUNK_WORDS + 7;
const N = 7;
const everybody = Array.from({ length: N }, (_, id) => id);
const spare = N - completeGraphThresholds(N).threshold;
const vectors = randomVectors(N, DIMENSION, 17);

function lose(lost: number, after: (member: number) => number): ReturnType<typeof testFederation> {
  const gone = everybody.slice(1, 1 + lost);
  return testFederation(N, {
    faults: {
      fate: (member, _phase, _round, chunk) =>
        gone.includes(member) && chunk === after(member) ? 'die' : 'live',
    },
  });
}

describe('A17: members that are lost in the middle of their uploads', () => {
  it.each(Array.from({ length: CHUNKS }, (_, chunk) => chunk))(
    'after chunk %i: {1, n - t} leave no trace',
    (chunk) => {
      for (const lost of [1, spare]) {
        const { federation } = lose(lost, () => chunk);
        const survivors = everybody.filter((id) => id === 0 || id > lost);
        const outcome = federation.sum(sumRequest(DIMENSION, vectors));
        expect(outcome).toEqual({ kind: 'opened', survivors, sum: plainSum(vectors, survivors) });
        expect(federation.drops).toHaveLength(lost);
      }
    },
  );

  it('n - t + 1 of them, each after another chunk, end the attempt and no sum is opened', () => {
    const { federation } = lose(spare + 1, (member) => member % CHUNKS);
    expect(federation.sum(sumRequest(DIMENSION, vectors))).toMatchObject({
      kind: 'aborted',
      phase: 'masked-input',
      code: 'BELOW_FLOOR',
      detail: '4 of 7 members are left, 5 are needed; missing: org-1, org-2, org-3',
    });
  });

  it('stay hidden: though its round key is opened, what came of its vector is behind its self mask', () => {
    const attacker = new Attacker({ members: 5, dimension: 2048 });
    attacker.openBatch();
    // The coordinator has all of the victim's chunks; only the signed end never came.
    const uploads = attacker.collectUploads().filter(({ member }) => member !== 4);
    attacker.request(attacker.show(uploads, [0, 1, 2, 3]), [0, 1, 2, 3]);
    expect(attacker.secretOf(4, 'pair')).toBeDefined();
    expect(attacker.secretOf(4, 'self')).toBeUndefined();
    expect(attacker.sharesOf(4, 'self').size).toBe(0);
    expect(chiSquare(attacker.attempt(4))).toBeLessThan(UNIFORM);
  });
});

describe('A17: a real socket that is cut in mid-upload', () => {
  it.each([
    ['after its chunks, before the signed end', 'upload-end'],
    ['before its first chunk', 'vector-chunk'],
  ])('%s costs the others nothing', async (_, fatal) => {
    const federation = new SocketFederation(5);
    const [report] = await federation.serve();
    const lost = await federation.byHand((message, member) => {
      if (message.kind !== fatal) return [message];
      member.webSocket.terminate();
      return [];
    });
    const clients = [1, 2, 3, 4].map(async (i) => await federation.client(i));
    await lost.closed;
    expect(await report).toMatchObject({ survivors: 4 });
    await Promise.all(clients);
    const sums = federation.seen.flatMap((event) => (event.kind === 'sum' ? [event] : []));
    expect(sums[0]).toMatchObject({ round: 1, survivors: 4 });
    const drops = federation.seen.flatMap((event) => (event.kind === 'dropped' ? [event] : []));
    expect(drops).toMatchObject([
      { member: 'org-0', drop: { phase: 'masked-input', reason: 'disconnected-in-phase' } },
    ]);
    expect(new Set([1, 2, 3, 4].map((i) => federation.router(i))).size).toBe(1);
  });
});
