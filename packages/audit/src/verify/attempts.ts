/** Rules of a round's announcement: the plan that follows, a key index of its own, and no second attempt beside one that may be opened. */
import {
  type ExpectedRound,
  type Message,
  overflowRisk,
  promisedBy,
  type RoundTerms,
  sameBytes,
  sealedOwners,
} from '@tributary/protocol';
import { type Finding, finding } from '../errors.ts';
import type { BatchView } from './batch-view.ts';
import { fromCoordinator, isFinding } from './frames.ts';
import type { AuditState } from './state.ts';

export interface Announced {
  readonly terms: RoundTerms;
  readonly batch: BatchView;
  /** Members whom enough holders promised that their last attempt is sealed; undefined where none is needed. */
  readonly mayRepeat: ((member: number) => boolean) | undefined;
}

/** Checks an announcement and takes it up as the newest attempt. */
export function announce(state: AuditState, frame: Uint8Array): Announced | Finding {
  if (state.round !== undefined) return finding('OUT_OF_ORDER', 'the attempt before is not over');
  const message = fromCoordinator(state, 'round-announce', frame);
  if (isFinding(message)) return message;
  const { terms } = message.body;
  const batch = state.batches.find(({ context }) => sameBytes(context, terms.batchContext));
  if (batch === undefined)
    return finding('WRONG_CONTEXT', 'the round belongs to no batch of the roster in force');
  const fault = numberFault(state, terms, batch) ?? headFault(state, terms) ?? planFault(state, terms);
  if (fault !== undefined) return fault;
  const overflow = overflowRisk(batch.adverts.size, terms);
  if (overflow !== undefined) return finding('UNEXPECTED_PLAN', overflow);
  // A member forgets an older batch when a round of a newer one is announced.
  state.batches = state.batches.filter(({ terms: { batch: number } }) => number >= batch.terms.batch);
  state.usedKeys.set(batch, terms.keyIndex + 1);
  state.lastAttempt = terms;
  return { terms, batch, mayRepeat: promisesOf(state, message, terms) };
}

function numberFault(
  { sums, lastAttempt, usedKeys }: AuditState,
  { round, attempt, keyIndex }: RoundTerms,
  batch: BatchView,
): Finding | undefined {
  if (round !== sums + 1) return finding('OUT_OF_ORDER', `round ${round}, ${sums} sums were opened`);
  const due = lastAttempt?.round === round ? lastAttempt.attempt + 1 : 1;
  if (attempt !== due) return finding('OUT_OF_ORDER', `attempt ${attempt} of round ${round}, ${due} is due`);
  if (attempt > batch.terms.maxAttempts) {
    return finding(
      'OUT_OF_ORDER',
      `attempt ${attempt} of a round that is tried ${batch.terms.maxAttempts} times`,
    );
  }
  const unused = usedKeys.get(batch) ?? 0;
  if (keyIndex < unused || keyIndex >= batch.terms.keyCount) {
    return finding('OUT_OF_ORDER', `key index ${keyIndex} is used or unknown`);
  }
  return undefined;
}

/** The head that members signed with the round is one of this log, and covers all that was over before. */
function headFault(
  { heads, closedLines }: AuditState,
  { auditHead: { size, root } }: RoundTerms,
): Finding | undefined {
  const known = heads.get(size);
  if (known === undefined || !sameBytes(known, root)) {
    return finding(
      'UNKNOWN_HEAD',
      `members were shown another log: its first ${size} lines are not those of this one`,
    );
  }
  if (size >= closedLines) return undefined;
  return finding(
    'UNKNOWN_HEAD',
    `members were shown a head of ${size} lines, an attempt ended in line ${closedLines}`,
  );
}

const NUMBERS = ['dimension', 'bits', 'inputBound', 'noiseMargin'] as const;
const ENCODING = ['scale', 'normBound', 'coordinateBound', 'maxRecords'] as const;
const DIGESTS = ['planHash', 'modelHash', 'privacy'] as const;

function planFault({ logHead, course, counts, sums }: AuditState, terms: RoundTerms): Finding | undefined {
  if (!sameBytes(terms.logHead, logHead)) {
    return finding('UNEXPECTED_PLAN', 'the log head is not that of the sums so far');
  }
  if (course === undefined) return undefined;
  const expected: ExpectedRound | undefined = course.expected(sums + 1, logHead);
  if (expected === undefined) return finding('UNEXPECTED_PLAN', 'the run needs no further sum');
  const different =
    NUMBERS.find((field) => terms[field] !== expected[field]) ??
    ENCODING.find((field) => terms.encoding[field] !== expected.encoding[field]) ??
    DIGESTS.find((field) => !sameBytes(terms[field], expected[field]));
  if (different !== undefined)
    return finding('UNEXPECTED_PLAN', `${different} is not what the sums so far give`);
  counts.plans += 1;
  return undefined;
}

/** With a privacy budget each attempt is charged on its own; without, members upload again only on promises about their own last attempt. */
function promisesOf(
  state: AuditState,
  { body: { promises } }: Message<'round-announce'>,
  { round, privacy }: RoundTerms,
): Announced['mayRepeat'] {
  const { crypto, roster } = state;
  if (roster === undefined || privacy.length > 0) return undefined;
  const contributions = new Map(state.contributions);
  const promised = new Map(
    [...new Set(contributions.values())].map(
      (each) => [each, promisedBy(crypto, roster, each.terms, each.batch.terms.cohort, promises)] as const,
    ),
  );
  return (member) => {
    const own = contributions.get(member);
    if (own?.terms.round !== round) return true;
    const { batch } = own;
    const who = promised.get(own) ?? new Set();
    return sealedOwners(roster, batch.terms, batch.holders, who, [member]).length > 0;
  };
}
