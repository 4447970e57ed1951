/**
 * A member that is lost while its vector is on the way, whatever chunk was the last: nothing of it is in the
 * sum.
 */
import { type Bodies, CHUNK_WORDS, decodeMessage, EMPTY_SIGNATURE, encodeMessage } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';

const CHUNKS = 3;
const DIMENSION = (CHUNKS - 1) * CHUNK_WORDS + 5;
const OTHERS = [0, 1, 3, 4];
const vectors = randomVectors(5, DIMENSION, 1);

describe('an upload in several chunks', () => {
  it('adds up chunk for chunk', () => {
    const { federation } = testFederation(5, { keyCount: 1 });
    const outcome = federation.sum(sumRequest(DIMENSION, vectors));
    expect(outcome).toEqual({
      kind: 'opened',
      survivors: [0, 1, 2, 3, 4],
      sum: plainSum(vectors, [0, 1, 2, 3, 4]),
    });
  });

  it.each(Array.from({ length: CHUNKS }, (_, chunk) => chunk))(
    'leaves no trace where its owner dies after chunk %i',
    (last) => {
      const { federation } = testFederation(5, {
        keyCount: 1,
        faults: {
          fate: (member, _phase, _round, chunk) => (member === 2 && chunk === last ? 'die' : 'live'),
        },
      });
      const outcome = federation.sum(sumRequest(DIMENSION, vectors));
      expect(outcome).toEqual({ kind: 'opened', survivors: OTHERS, sum: plainSum(vectors, OTHERS) });
      expect(federation.drops).toMatchObject([
        { member: 2, reason: 'disconnected-in-phase', phase: 'masked-input' },
      ]);
    },
  );

  it.each(Array.from({ length: CHUNKS }, (_, chunk) => chunk))(
    'leaves no trace where its session is lost after chunk %i; back again, its owner helps to open the sum',
    (last) => {
      const { federation } = testFederation(5, {
        keyCount: 1,
        faults: {
          fate(member, _phase, _round, chunk) {
            if (member === 2 && chunk === last) {
              federation.disconnect(2);
              federation.reconnect(2);
            }
            // Without member 2, three of the five needed holders would be left.
            return 'live';
          },
          afterSend: (member, kind) => (member === 4 && kind === 'survivors-signature' ? 'die' : 'live'),
        },
      });
      const outcome = federation.sum(sumRequest(DIMENSION, vectors));
      expect(outcome).toEqual({ kind: 'opened', survivors: OTHERS, sum: plainSum(vectors, OTHERS) });
    },
  );

  type Garble = (chunk: Bodies['vector-chunk'], last: boolean) => readonly Bodies['vector-chunk'][];
  it.each<[string, RegExp, Garble]>([
    ['a chunk twice', /^chunk 0 of/, (chunk) => [chunk, chunk]],
    ['a chunk missing', /^chunk 2 of/, (chunk) => (chunk.sequence === 1 ? [] : [chunk])],
    [
      'its last chunk missing',
      /^upload of 327680 bytes, 327693 are due/,
      (chunk, last) => (last ? [] : [chunk]),
    ],
    [
      'a chunk cut off',
      /^chunk 0 of 163839 bytes/,
      (chunk) => [{ ...chunk, bytes: chunk.bytes.subarray(1) }],
    ],
    [
      'a byte changed',
      /signed digest/,
      (chunk) => [{ ...chunk, bytes: chunk.bytes.with(0, 1 ^ (chunk.bytes[0] ?? 0)) }],
    ],
    [
      'a bit behind its last word',
      /^bits behind/,
      (chunk, last) => [
        last ? { ...chunk, bytes: chunk.bytes.map((byte, i) => (i === 12 ? 0xff : byte)) } : chunk,
      ],
    ],
  ])('with %s drops its owner alone', (_, detail, garble) => {
    const { federation } = testFederation(5, {
      keyCount: 1,
      faults: {
        intercept(frame) {
          const decoded = decodeMessage(frame.bytes);
          if (frame.from !== 2 || !decoded.ok || decoded.message.kind !== 'vector-chunk') return [frame];
          const { body } = decoded.message;
          return garble(body, body.sequence === CHUNKS - 1).map((chunk) => ({
            ...frame,
            bytes: encodeMessage('vector-chunk', chunk, EMPTY_SIGNATURE),
          }));
        },
      },
    });
    const outcome = federation.sum(sumRequest(DIMENSION, vectors));
    expect(outcome).toEqual({ kind: 'opened', survivors: OTHERS, sum: plainSum(vectors, OTHERS) });
    expect(federation.drops).toEqual([
      {
        member: 2,
        reason: 'protocol-error',
        phase: 'masked-input',
        detail: expect.stringMatching(detail) as string,
      },
    ]);
  });
});
