import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { InMemoryFederation } from '../../in-memory/index.ts';
import { castOf, expectedRound } from '../../testing/cast.ts';
import { decodeMessage } from '../../wire/codec.ts';
import { sparseGraphThresholds } from '../sparse-graph.ts';
import { completeGraphThresholds, type Thresholds } from '../thresholds.ts';
import { roundTraffic, setupTraffic, type Traffic } from './traffic.ts';

const SETUP = new Set(['batch-start', 'key-advert', 'draw-request', 'draw-reveal', 'key-roster']);
const BITS = 20;

/**
 * Bytes that the last member, who is in no committee, sends and receives for one setup and one sum. Here the
 * opened sum stays with the coordinator; a server sends it in the chunks that an upload has.
 */
function sent(
  thresholds: Thresholds,
  keyCount: number,
  dimension: number,
): { setup: Traffic; round: Traffic } {
  const traffic = { setup: { up: 0, down: 0 }, round: { up: 0, down: 0 } };
  const federation = new InMemoryFederation({
    ...castOf(crypto, thresholds.cohort),
    keyCount,
    thresholds: () => thresholds,
    faults: {
      intercept(frame) {
        const decoded = decodeMessage(frame.bytes);
        if (!decoded.ok) throw new Error(decoded.detail);
        const { kind } = decoded.message;
        const part = SETUP.has(kind) || kind.endsWith('-shares') ? traffic.setup : traffic.round;
        if (frame.from === thresholds.cohort - 1) part.up += frame.bytes.length;
        if (frame.to === thresholds.cohort - 1) part.down += frame.bytes.length;
        else if (frame.from === thresholds.cohort - 1 && kind === 'vector-chunk')
          part.down += frame.bytes.length;
        return [frame];
      },
    },
  });
  const expected = { ...expectedRound(0), dimension, bits: BITS };
  const outcome = federation.sum({ expected, step: 'test', vector: () => new Int32Array(dimension) });
  expect(outcome.kind).toBe('opened');
  return traffic;
}

describe('the bytes of a plan are those of the messages', () => {
  it.each<[string, Thresholds, number]>([
    ['3 members with 16 keys ahead', completeGraphThresholds(3), 16],
    ['10 members with 4 keys ahead', completeGraphThresholds(10), 4],
    [
      '24 members on a circle',
      sparseGraphThresholds({ cohort: 24, colluders: 2, dropoutRate: 0.05, abortBits: 10, securityBits: 15 }),
      1,
    ],
  ])('for %s', (_, thresholds, keyCount) => {
    const dimension = 20_000;
    const measured = sent(thresholds, keyCount, dimension);
    const choice = { thresholds, keyCount, dimension, bits: BITS };
    for (const [planned, real] of [
      [setupTraffic(choice), measured.setup],
      [roundTraffic(choice), measured.round],
    ] as const) {
      expect(Math.abs(planned.up - real.up)).toBeLessThan(0.02 * real.up);
      expect(Math.abs(planned.down - real.down)).toBeLessThan(0.02 * real.down);
    }
  });
});
