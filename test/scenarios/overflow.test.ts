/**
 * A ring in which a sum could wrap around is refused before anybody uploads: by the coordinator, and by each
 * member on its own.
 */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { emptyAuditHead, roundTermsFor, signMessage, stepClient } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import {
  plainSum,
  randomVectors,
  sumRequest,
  testFederation,
  testRoster,
  seededBytes,
} from '../support/federation.ts';

const EVERYBODY = [0, 1, 2, 3, 4];
// 5 * 104857 = 524285 < 2^19 <= 5 * 104858
const FITS = { bits: 20, inputBound: 104_857 };
const OVERFLOWS = { bits: 20, inputBound: 104_858 };

describe('a sum that just fits its ring', () => {
  it.each([1, -1])('is exact at its edge, with sign %i', (sign) => {
    const vectors = EVERYBODY.map(() => new Int32Array(20).fill(sign * FITS.inputBound));
    const { federation } = testFederation(5);
    const outcome = federation.sum(sumRequest(20, vectors, FITS));
    expect(outcome).toEqual({ kind: 'opened', survivors: EVERYBODY, sum: plainSum(vectors, EVERYBODY) });
  });
});

describe('a sum that could overflow its ring', () => {
  it('is refused by the coordinator before anybody uploads, and the next one works', () => {
    const vectors = randomVectors(5, 20, 1);
    const { federation } = testFederation(5);
    const outcome = federation.sum(sumRequest(20, vectors, OVERFLOWS));
    expect(outcome).toEqual({
      kind: 'aborted',
      phase: 'ready',
      code: 'UNSAFE_TERMS',
      detail:
        '5 vectors of at most 104858 and noise of at most 0 reach 524290, a ring of 20 bits holds less than 524288',
    });
    expect(federation.bytesUp).toEqual([0, 0, 0, 0, 0]);
    expect(federation.sum(sumRequest(20, vectors))).toMatchObject({ kind: 'opened', survivors: EVERYBODY });
    expect(federation.rejections).toEqual([]);
  });

  it('is refused by a member whose coordinator announces it all the same', () => {
    const seed = 1;
    const { federation } = testFederation(5, { seed });
    federation.sum(sumRequest(20, randomVectors(5, 20, 1)));
    const state = federation.memberState(3);
    const [batch] = state.batches;
    if (batch === undefined) throw new Error('no batch is open');
    const { coordinatorIdentity } = testRoster(5, seededBytes(seed));
    const expected = { ...sumRequest(20, [], OVERFLOWS).expected, round: 2, logHead: new Uint8Array(32) };
    const { state: expecting } = stepClient(crypto, state, { kind: 'expect', expected });
    const terms = roundTermsFor(expected, {
      batchContext: batch.context,
      keyIndex: 1,
      attempt: 1,
      step: 'test',
      deadlines: { setup: 1, ready: 1, maskedInput: 1, consistency: 1, unmask: 1 },
      auditHead: emptyAuditHead(crypto, coordinatorIdentity, state.run),
    });
    const body = { terms, promises: [] };
    const signature = signMessage(crypto, coordinatorIdentity, 'round-announce', body);
    const { effects } = stepClient(crypto, expecting, {
      kind: 'message',
      message: { kind: 'round-announce', body, signature },
    });
    expect(effects).toMatchObject([
      { kind: 'reject', rejection: { code: 'UNSAFE_TERMS', from: 'coordinator' } },
      { kind: 'send', message: 'refusal', body: { member: 3, round: 2, code: 'UNSAFE_TERMS' } },
    ]);
  });
});
