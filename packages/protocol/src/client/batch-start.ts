/** The member's side of a batch's beginning: check its terms, make keys for it, take part in its draw. */
import type { CryptoBackend } from '@tributary/crypto';
import { drawDigest, NO_DRAW } from '../draw.ts';
import type { DrawRequest, KeyAdvert } from '../messages/setup.ts';
import { type BatchTerms, batchContext } from '../messages/terms.ts';
import { belowFloors, unsafeBatch } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { ascending, countOrganisations, type Roster } from '../roster.ts';
import { OLDEST_PROTOCOL_VERSION } from '../version.ts';
import { refuse, refuseAloud } from './refusal.ts';
import {
  batchOf,
  type ClientBatch,
  type ClientEffect,
  type ClientState,
  type ClientStep,
  closeRound,
  withBatch,
} from './state.ts';

/**
 * Draws that may be begun for one sum. A coordinator that dislikes a graph can have it drawn again as often as
 * this, which costs 3 of the security bits that the graph's degree is chosen for.
 */
export const MAX_DRAWS_PER_SUM = 8;

/**
 * A new batch is prepared beside the newest one that is open, which goes on serving rounds. A setup that was
 * not finished, and an open batch older than that, are over: their secrets are forgotten, so that nothing of
 * them is ever released. The same start again asks for the same keys again.
 */
export function acceptBatchStart(crypto: CryptoBackend, state: ClientState, terms: BatchTerms): ClientStep {
  const context = batchContext(crypto, terms);
  const { keyCount, committee } = terms;
  const known = batchOf(state, context);
  const makeKeys: ClientEffect = {
    kind: 'generate-keys',
    batchContext: context,
    keyCount,
    draws: committee.includes(state.self),
    again: known?.advertised ?? false,
  };
  if (known !== undefined) return { state, effects: [makeKeys] };
  const unsafe = unsafeBatchTerms(state, terms);
  if (unsafe !== undefined) return refuseAloud(state, 'UNSAFE_TERMS', unsafe, 0);
  const newestOpen = state.batches.findLast(({ stage }) => stage === 'open');
  const over = state.batches.filter((batch) => batch !== newestOpen);
  const inUse = state.round?.batch.context;
  const roundIsOver = inUse !== undefined && batchOf({ batches: over }, inUse) !== undefined;
  return {
    state: {
      ...state,
      lastBatch: terms.batch,
      batches: [...(newestOpen === undefined ? [] : [newestOpen]), beginBatch(terms, context)],
      drawsForSum: state.drawsForSum + (committee.length > 0 ? 1 : 0),
      round: roundIsOver ? closeRound(state.round) : state.round,
    },
    effects: [
      ...over.map((batch) => ({ kind: 'forget-batch', batchContext: batch.context }) as const),
      { kind: 'enter-phase', phase: 'setup', round: state.expected?.round ?? 0 },
      makeKeys,
    ],
  };
}

function beginBatch(terms: BatchTerms, context: Uint8Array): ClientBatch {
  return {
    terms,
    context,
    stage: 'keys',
    advertised: false,
    revealedFor: undefined,
    keyRosterDigest: undefined,
    members: [],
    adverts: new Map(),
    neighbours: [],
    holders: [],
    dealers: new Set(),
    draw: NO_DRAW,
    complaints: new Map(),
    openedTo: new Set(),
    nextKeyIndex: 0,
    releasedFor: new Set(),
  };
}

/** Why these terms are refused, or undefined where they are safe. */
function unsafeBatchTerms(state: ClientState, terms: BatchTerms): string | undefined {
  const { policy, roster } = state;
  if (terms.protocolVersion < OLDEST_PROTOCOL_VERSION || terms.protocolVersion > state.newestVersion) {
    return `protocol version ${terms.protocolVersion} is not spoken here`;
  }
  if (terms.federation !== roster.federation) return `batch is of federation '${terms.federation}'`;
  if (!sameBytes(terms.run, state.run)) return 'batch belongs to another run';
  if (!sameBytes(terms.rosterRoot, state.rosterRoot)) return 'batch is over another roster';
  if (terms.batch <= state.lastBatch) return `batch ${terms.batch} is not after batch ${state.lastBatch}`;
  const unsafe = unsafeBatch(roster, terms);
  if (unsafe !== undefined) return unsafe;
  if (!terms.cohort.includes(state.self)) return 'cohort leaves this member out';
  if (terms.minCohort < policy.minCohort) {
    return `minCohort ${terms.minCohort} is below this member's policy of ${policy.minCohort}`;
  }
  if (terms.colluders < policy.minColluders) {
    return `colluders ${terms.colluders} is below this member's policy of ${policy.minColluders}`;
  }
  const noise = policy.minSurvivors === undefined ? undefined : thinNoise(roster, terms, policy.minSurvivors);
  if (noise !== undefined) return noise;
  if (terms.maxAttempts > policy.maxAttemptsPerRound) {
    return `maxAttempts ${terms.maxAttempts} is above this member's policy of ${policy.maxAttemptsPerRound}`;
  }
  if (terms.committee.length > 0 && state.drawsForSum >= MAX_DRAWS_PER_SUM) {
    return `${state.drawsForSum} draws were begun since this member learned of a sum`;
  }
  return undefined;
}

/**
 * Why more of the noise in a sum could be known to colluders than it was sized for. Its shares are counted by members, colluders by
 * organisations: c organisations know c shares only where each acts through one member.
 */
function thinNoise(
  roster: Roster,
  { cohort, minSurvivors }: BatchTerms,
  sizedFor: number,
): string | undefined {
  if (minSurvivors < sizedFor) {
    return `minSurvivors ${minSurvivors} is below the ${sizedFor} that the noise of the run is sized for`;
  }
  const organisations = countOrganisations(roster, cohort);
  return organisations < cohort.length
    ? `the cohort has ${cohort.length} members of ${organisations} organisations, the noise of the run is sized for one of each`
    : undefined;
}

export function keysGenerated(state: ClientState, advert: KeyAdvert): ClientStep {
  const batch = batchOf(state, advert.batchContext);
  if (batch === undefined) return { state, effects: [] };
  return {
    state: batch.advertised ? state : withBatch(state, { ...batch, advertised: true }),
    effects: [{ kind: 'send', message: 'key-advert', body: advert }],
  };
}

/** Gives the nonce away for the first U1 and the first commitments that are named, and for no others. */
export function acceptDrawRequest(
  crypto: CryptoBackend,
  state: ClientState,
  { batchContext: context, members, commitments }: DrawRequest,
): ClientStep {
  const batch = batchOf(state, context);
  if (batch === undefined) return refuse(state, 'WRONG_CONTEXT', 'draw request of another batch');
  const { self, roster } = state;
  const { cohort, committee } = batch.terms;
  if (!committee.includes(self)) return refuse(state, 'NOT_A_MEMBER', 'this member is not of the committee');
  const fault = memberListFault(cohort, members, self) ?? belowFloors(roster, batch.terms, members);
  if (fault !== undefined) return refuseAloud(state, 'BAD_DRAW', fault, 0);
  if (commitments.length !== committee.length) {
    const detail = `${commitments.length} commitments to nonces, the committee has ${committee.length} members`;
    return refuseAloud(state, 'BAD_DRAW', detail, 0);
  }
  const digest = drawDigest(crypto, context, members, commitments);
  if (batch.revealedFor !== undefined && !sameBytes(batch.revealedFor, digest)) {
    return refuse(state, 'EQUIVOCATION', 'a second list of members or commitments for one draw');
  }
  return {
    state: batch.revealedFor === undefined ? withBatch(state, { ...batch, revealedFor: digest }) : state,
    effects: [{ kind: 'reveal-draw', batchContext: context, drawDigest: digest }],
  };
}

/** Why a list is no U1 that this member can be part of, or undefined. */
export function memberListFault(
  cohort: readonly number[],
  members: readonly number[],
  self: number,
): string | undefined {
  if (!ascending(members)) return 'members are not in ascending order without repeats';
  const invited = new Set(cohort);
  if (members.some((id) => !invited.has(id))) return 'members are not all of the cohort';
  return members.includes(self) ? undefined : 'the list of members leaves this member out';
}
