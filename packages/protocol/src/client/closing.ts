/** The member's side of a round's end: the opened sum, or that there is none. */
import type { CryptoBackend } from '@tributary/crypto';
import type { RoundAborted, RoundResult } from '../messages/round.ts';
import { openingProofFault } from '../opening-proof.ts';
import { sameBytes } from '../public-bytes.ts';
import { ascending } from '../roster.ts';
import { packedLengthOf } from '../vector-length.ts';
import { refuse } from './refusal.ts';
import {
  batchOf,
  type ClientBatch,
  type ClientRound,
  type ClientState,
  type ClientStep,
  closeRound,
  withBatch,
} from './state.ts';

/**
 * Takes the sum that the member expects next, whether it took part or not. A member that took part takes no
 * other sum of its attempt than that of its own context, and one that signed a survivor set none over
 * another. The sum of a later attempt is one that it took no part in: it was away when its own failed. That
 * it is of the round which follows from the sums so far, and over these survivors, is on the word of more
 * organisations than may collude, not on the coordinator's.
 */
export function acceptResult(crypto: CryptoBackend, state: ClientState, result: RoundResult): ClientStep {
  const { round, expected, roster, policy } = state;
  if (expected === undefined || result.round !== expected.round) {
    return refuse(state, 'WRONG_CONTEXT', `result of round ${result.round}`);
  }
  const due = packedLengthOf(expected);
  if (result.length !== due) {
    return refuse(state, 'LENGTH_MISMATCH', `sum of ${result.length} bytes, ${due} are due`);
  }
  if (!ascending(result.survivors)) {
    return refuse(state, 'MALFORMED', 'survivors of the result are not in ascending order');
  }
  if (result.survivors.some((id) => roster.members[id] === undefined)) {
    return refuse(state, 'NOT_A_MEMBER', 'the result names a survivor outside the roster');
  }
  const tookPart = round?.terms.round === result.round && round.participants.length > 0;
  const own = tookPart && result.attempt <= round.terms.attempt ? round : undefined;
  if (own !== undefined && !sameBytes(result.roundContext, own.context)) {
    return refuse(state, 'WRONG_CONTEXT', `result of round ${result.round} has another context`);
  }
  const signed = own?.stage === 'unmask' || own?.stage === 'released';
  if (
    signed &&
    (!sameBytes(result.survivorsDigest, own.survivorsDigest) ||
      result.survivors.join() !== own.survivors.join())
  ) {
    return refuse(state, 'EQUIVOCATION', `result of round ${result.round} is over another survivor set`);
  }
  const fault = openingProofFault(crypto, roster, expected, policy.minColluders, result);
  if (fault !== undefined) {
    return refuse(state, 'NOT_PROVEN', `result of round ${result.round}: ${fault}`);
  }
  return {
    state: { ...state, drawsForSum: 0, round: undefined, expected: undefined },
    effects: [{ kind: 'accept-result', result, participated: signed }],
  };
}

/**
 * The attempt is over without a sum: its key index is burnt. Asked to, a member that released nothing for it
 * signs that it never will. A notice about an older key index closes nothing.
 */
export function acceptAborted(state: ClientState, aborted: RoundAborted): ClientStep {
  const { batchContext, keyIndex } = aborted;
  const batch = batchOf(state, batchContext);
  if (batch === undefined) return refuse(state, 'WRONG_CONTEXT', 'abort of another batch');
  if (keyIndex >= batch.terms.keyCount) {
    return refuse(state, 'KEY_INDEX_USED', `abort of key index ${keyIndex}, which the batch does not have`);
  }
  const { round } = state;
  const over =
    round !== undefined && sameBytes(round.batch.context, batchContext) && keyIndex >= round.terms.keyIndex;
  const isNews = (over && round.stage !== 'released') || keyIndex >= batch.nextKeyIndex;
  const promises = aborted.asks === 'promise' && !batch.releasedFor.has(keyIndex);
  return {
    // A notice that comes again is answered again, and changes nothing.
    state: isNews ? burn(state, batch, keyIndex, over ? closeRound(round) : round) : state,
    effects: promises
      ? [
          {
            kind: 'send',
            message: 'nothing-released',
            body: { batchContext, keyIndex, member: state.self },
          },
        ]
      : [],
  };
}

function burn(
  state: ClientState,
  batch: ClientBatch,
  keyIndex: number,
  round: ClientRound | undefined,
): ClientState {
  const nextKeyIndex = Math.max(batch.nextKeyIndex, keyIndex + 1);
  return withBatch({ ...state, round }, { ...batch, nextKeyIndex });
}
