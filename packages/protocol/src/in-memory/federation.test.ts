import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { castOf, expectedRound } from '../testing/cast.ts';
import type { Faults } from './faults.ts';
import { InMemoryFederation, type InMemoryOptions, type SumRequest } from './federation.ts';

const DIMENSION = 10;
const EVERYBODY = [0, 1, 2];
const REQUEST: SumRequest = {
  expected: expectedRound(0),
  step: 'test',
  vector: (member) => new Int32Array(DIMENSION).fill(member + 1),
};

function federationOf(faults: Faults = {}, options: Partial<InMemoryOptions> = {}): InMemoryFederation {
  return new InMemoryFederation({ ...castOf(crypto, 3), keyCount: 1, faults, ...options });
}

describe('a federation in memory', () => {
  it('opens the sum of its members, sum after sum', () => {
    const federation = federationOf();
    for (let round = 0; round < 3; round++) {
      expect(federation.sum(REQUEST)).toEqual({
        kind: 'opened',
        survivors: EVERYBODY,
        sum: new Int32Array(DIMENSION).fill(6),
      });
    }
    expect(federation.bytesUp).toEqual([20, 20, 20]);
    expect([federation.rejections, federation.drops, federation.deadlinesPassed]).toEqual([[], [], 0]);
  });

  it.each([
    ['a member without an identity', () => federationOf({}, { identities: [] })],
    ['a vector of another length', () => federationOf().sum({ ...REQUEST, vector: () => new Int32Array(9) })],
    ['a stranger', () => federationOf().kill(3)],
    ['a schedule of what cannot happen', () => federationOf({ schedule: () => 99 }).sum(REQUEST)],
  ])('refuses %s', (_, misuse) => {
    expect(misuse).toThrow(expect.objectContaining({ code: 'BAD_PARAMETERS' }));
  });

  it('reports frames that are no messages, and passes their deadline', () => {
    const federation = federationOf({
      intercept: (frame) => [frame.from === 1 ? { ...frame, bytes: new Uint8Array([0xc1]) } : frame],
    });
    expect(federation.sum(REQUEST)).toMatchObject({ kind: 'aborted', phase: 'setup', code: 'BELOW_FLOOR' });
    expect(federation.rejections).toMatchObject([{ by: 'coordinator', code: 'MALFORMED', from: 1 }]);
    expect(federation.drops).toMatchObject([{ member: 1, reason: 'late' }]);
    expect(federation.deadlinesPassed).toBe(1);
  });

  it('lets the dead rest: they cannot be killed, disconnected or connected again', () => {
    const federation = federationOf();
    for (let times = 0; times < 2; times++) federation.kill(1);
    federation.disconnect(1);
    federation.reconnect(1);
    federation.reconnect(0);
    expect(federation.alive).toEqual([0, 2]);
    expect(federation.sum(REQUEST)).toEqual({
      kind: 'aborted',
      phase: 'setup',
      code: 'BELOW_FLOOR',
      detail: '2 members are there, a secure sum needs 3',
    });
  });

  it('runs what waits in the order that its schedule chooses', () => {
    const seen: string[] = [];
    const federation = federationOf({
      schedule(choices) {
        const last = choices.length - 1;
        const deadlines = choices.filter((choice) => choice.endsWith('deadline')).length;
        const at = Math.max(0, last - deadlines);
        seen.push(choices[at] ?? '');
        return at;
      },
    });
    expect(federation.sum(REQUEST)).toMatchObject({ kind: 'opened', survivors: EVERYBODY });
    expect(seen.slice(0, 2)).toEqual(['coordinator to 2', 'member 2']);
    expect(seen.filter((choice) => choice.endsWith('deadline'))).toEqual([]);
  });
});
