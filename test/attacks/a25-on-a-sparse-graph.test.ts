/**
 * A25 above 64 members: an auditor draws the Harary graph anew from the committee's nonces in the log, so it knows which pairwise masks a
 * lost member leaves in the sum, and finds a sum that is not that of the uploads as on the complete graph.
 */
import { type RoundVectors, verifyLog } from '@tributary/audit';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { thresholdsFor } from '@tributary/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { RecordedFederation } from '../../packages/audit/src/testing/recorded-federation.ts';

const MEMBERS = 70;
const LOST = 9;

let run: RecordedFederation;
beforeAll(() => {
  run = new RecordedFederation({
    crypto,
    members: MEMBERS,
    dimension: 20,
    keyCount: 1,
    thresholds: (cohort) => thresholdsFor(cohort, 'availability'),
    faults: {
      fate: (member, phase, _, chunk) =>
        member === LOST && phase === 'masked-input' && chunk === undefined ? 'die' : 'live',
    },
  });
  const outcome = run.sum();
  if (outcome.kind !== 'opened') throw new Error(outcome.detail);
  run.end();
});

describe('A25 on a Harary graph', () => {
  it('accuses nobody of a sum without the member that was lost', () => {
    const verdict = verifyLog(crypto, run.lines, {}, run.vectorsOf);
    expect(verdict).toMatchObject({
      ok: true,
      report: { sums: 1, counts: { uploads: MEMBERS - 1, masks: 1, replayed: 1 } },
    });
  });

  it('finds a masked sum that differs by one in one coordinate', () => {
    const verdict = verifyLog(crypto, run.lines, {}, (line) => {
      const vectors = run.vectorsOf(line);
      return vectors && lowered(vectors);
    });
    expect(verdict).toMatchObject({ ok: false, fault: { code: 'BAD_SUM' } });
  });
});

/** The masked sum with its lowest byte one lower. */
function lowered(vectors: RoundVectors): RoundVectors {
  const maskedSum = Uint8Array.from(vectors.maskedSum ?? []);
  maskedSum[0] = (maskedSum.at(0) ?? 0) - 1;
  return { ...vectors, maskedSum };
}
