/**
 * A real log, changed in one place, many times: whoever has no key is always found, at the line that was changed; the coordinator is found
 * wherever members signed what it rewrites.
 */
import { nodeBackend } from '@tributary/crypto/node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TimedEntry } from '../entries.ts';
import {
  type Draw,
  entriesOf,
  firstDifference,
  mutateEntry,
  mutateLines,
  remembering,
  rewriteLog,
} from '../testing/mutations.ts';
import { RecordedFederation, RUN, seededBytes } from '../testing/recorded-federation.ts';
import { verifyLog } from './log-verifier.ts';
import type { RoundVectors } from './state.ts';

/** Half of them without the coordinator's key, half with it. */
const MUTATIONS = Number(process.env['TRIBUTARY_MUTATIONS'] ?? 1000) / 2;
const TIME = { timeout: 60_000 + 60 * MUTATIONS };

const crypto = remembering(nodeBackend);

function drawsFrom(seed: number): Draw {
  const random = seededBytes(seed);
  return (below) => new DataView(random(4).buffer).getUint32(0) % Math.max(below, 1);
}

/** Four members, of whom one is lost in the second round. */
function realRun(): RecordedFederation {
  const run = new RecordedFederation({
    members: 4,
    dimension: 16,
    keyCount: 2,
    crypto,
    faults: {
      fate: (member, phase, round, chunk) =>
        member === 3 && phase === 'masked-input' && round === 2 && chunk === undefined ? 'die' : 'live',
    },
  });
  for (let i = 0; i < 3; i++) {
    const outcome = run.sum();
    if (outcome.kind !== 'opened') throw new Error(outcome.detail);
  }
  run.end();
  return run;
}

let run: RecordedFederation;
let entries: readonly TimedEntry[];
beforeAll(() => {
  run = realRun();
  entries = entriesOf(run.lines);
});

/** Sums and masked sums, without uploads: each survivor signed its inner product. */
function withoutUploads(): readonly RoundVectors[] {
  return [...run.vectors.keys()].map((line) => ({
    ...(run.vectorsOf(line) as RoundVectors),
    uploads: new Map<number, Uint8Array>(),
  }));
}

/** Verifies with the vectors of the sums in order. */
function verify(
  lines: readonly Uint8Array[],
  vectors: readonly RoundVectors[],
): ReturnType<typeof verifyLog> {
  let round = 0;
  return verifyLog(crypto, lines, {}, (line) => {
    const isSum = /"type":"sum"/.test(String.fromCharCode(...line.slice(-40)));
    return isSum ? vectors[round++] : undefined;
  });
}

it('the log holds, with signed inner products in place of uploads', () => {
  const verdict = verify(run.lines, withoutUploads());
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.fault));
  expect(verdict.report.counts).toMatchObject({
    batches: 2,
    rounds: 3,
    uploads: 10,
    masks: 3,
    summation: 3,
    replayed: 0,
  });
});

describe(`${MUTATIONS} changes by somebody without the coordinator's key`, () => {
  it('are all found, at the first line that was changed', TIME, () => {
    const draw = drawsFrom(11);
    const lastGroup = entries.slice(0, -1).findLastIndex(({ type }) => type === 'head') + 2;
    let found = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const { what, lines } = mutateLines(run.lines, draw);
      const changed = firstDifference(run.lines, lines);
      // A copy or a swap of a line with itself changes nothing.
      if (changed > run.lines.length && lines.length === run.lines.length) continue;
      const verdict = verifyLog(crypto, lines);
      if (verdict.ok) throw new Error(`${what} was not found`);
      // Without the last head nothing says which of the lines before it are whole.
      const exact = changed < run.lines.length || lines.length > run.lines.length;
      const { entry } = verdict.fault;
      if (exact ? entry !== changed : entry < lastGroup)
        throw new Error(`${what} was found at ${entry}, not ${changed}`);
      found += 1;
    }
    expect(found).toBeGreaterThan(MUTATIONS / 2);
  });

  it('are found where a log was signed with another key', () => {
    const forged = rewriteLog(crypto, entries, { identity: new Uint8Array(32).fill(3), run: RUN });
    const verdict = verifyLog(crypto, forged);
    const firstHead = entries.findIndex(({ type }) => type === 'head') + 1;
    expect(verdict).toMatchObject({ ok: false, fault: { entry: firstHead, code: 'BAD_HEAD' } });
  });
});

describe(`${MUTATIONS} changes by the coordinator, which signs everything of its own anew`, () => {
  it('to what members signed, or to what follows from it, are all found', TIME, () => {
    const draw = drawsFrom(12);
    const products = withoutUploads();
    const signer = { identity: run.coordinatorIdentity, run: RUN };
    const codes = new Set<string>();
    let done = 0;
    while (done < MUTATIONS) {
      const at = draw(entries.length);
      const entry = entries.at(at) as TimedEntry;
      const changed = mutateEntry(crypto, entry, run.coordinatorIdentity, draw);
      if (changed === undefined) continue;
      done += 1;
      const lines = rewriteLog(crypto, entries.with(at, changed), signer);
      const verdict = verify(lines, products);
      if (verdict.ok)
        throw new Error(`change ${done}, to the ${entry.type} in line ${at + 1}, was not found`);
      codes.add(verdict.fault.code);
    }
    expect(codes.size).toBeGreaterThanOrEqual(7);
  });

  it('to anything that a head covers which members signed are found, also to times and texts', TIME, () => {
    const signer = { identity: run.coordinatorIdentity, run: RUN };
    const last = entries.findLastIndex(({ type }) => type === 'round');
    for (const [at, entry] of entries.slice(0, last - 1).entries()) {
      const later = { ...entry, time: entry.time + 1 };
      const verdict = verify(rewriteLog(crypto, entries.with(at, later), signer), withoutUploads());
      expect([at + 1, verdict.ok ? '' : verdict.fault.code]).toEqual([at + 1, 'UNKNOWN_HEAD']);
    }
  });

  it('to the order and number of entries that are in sums are all found', TIME, () => {
    const signer = { identity: run.coordinatorIdentity, run: RUN };
    const products = withoutUploads();
    const survivors = new Set(
      [...run.vectors.values()].flatMap(({ uploads }, i) =>
        [...uploads.keys()].map((member) => `${i + 1} ${member}`),
      ),
    );
    const shown = entries.findLastIndex(({ type }) => type === 'end') - 1;
    let round = 0;
    for (const [at, entry] of entries.entries()) {
      if (entry.type === 'round') round += 1;
      const uploader = entry.type === 'upload' ? run.uploaderOf(entry.end) : -1;
      const counts =
        ['genesis', 'round', 'survivors', 'sum'].includes(entry.type) ||
        survivors.has(`${round} ${uploader}`);
      const without = counts && verify(rewriteLog(crypto, entries.toSpliced(at, 1), signer), products).ok;
      expect([at + 1, entry.type, without]).toEqual([at + 1, entry.type, false]);
      const twice = verify(rewriteLog(crypto, entries.toSpliced(at, 0, entry), signer), products).ok;
      // One more head is no change to what the log says, where members were shown no head behind it.
      expect([at + 1, entry.type, twice]).toEqual([at + 1, entry.type, entry.type === 'head' && at >= shown]);
    }
  });
});
