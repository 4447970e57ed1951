/** The member's side of setup: check the terms, advertise keys, deal shares, hold the shares of others. */
import type { CryptoBackend } from '@tributary/crypto';
import type { DealtShares, HeldShares, KeyAdvert, KeyRoster, SealedShares } from '../messages/setup.ts';
import { type BatchTerms, batchContext } from '../messages/terms.ts';
import { belowFloors, unsafeBatch } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { verifyMessage, verifySealedShares } from '../signing.ts';
import { usableKey } from '../usable-key.ts';
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from '../version.ts';
import { refuse, refuseAloud } from './refusal.ts';
import { type ClientEvent, type ClientState, type ClientStep, closeRound } from './state.ts';

/**
 * A new batch replaces the old one, also while a round is open: its coordinator gave the round up, perhaps
 * while this member was away. The old secrets are forgotten, so that nothing of the old batch is ever
 * released.
 */
export function acceptBatchStart(crypto: CryptoBackend, state: ClientState, terms: BatchTerms): ClientStep {
  const context = batchContext(crypto, terms);
  if (state.batch !== undefined && sameBytes(context, state.batch.context)) {
    return refuse(state, 'DUPLICATE', `a second start of batch ${terms.batch}`);
  }
  const unsafe = unsafeBatchTerms(state, terms);
  if (unsafe !== undefined) return refuseAloud(state, 'UNSAFE_TERMS', unsafe, 0);
  const forget =
    state.batch === undefined ? [] : [{ kind: 'forget-batch', batchContext: state.batch.context } as const];
  return {
    state: {
      ...state,
      lastBatch: terms.batch,
      batch: {
        terms,
        context,
        stage: 'keys',
        adverts: new Map(),
        dealers: new Set(),
        nextKeyIndex: 0,
      },
      round: closeRound(state.round),
    },
    effects: [
      ...forget,
      { kind: 'enter-phase', phase: 'setup', round: state.expected?.round ?? 0 },
      { kind: 'generate-keys', batchContext: context, keyCount: terms.keyCount },
    ],
  };
}

/** Why these terms are refused, or undefined where they are safe. */
function unsafeBatchTerms(state: ClientState, terms: BatchTerms): string | undefined {
  const { policy, roster } = state;
  if (terms.protocolVersion < OLDEST_PROTOCOL_VERSION || terms.protocolVersion > PROTOCOL_VERSION) {
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
  return undefined;
}

export function keysGenerated(state: ClientState, advert: KeyAdvert): ClientStep {
  if (state.batch?.stage !== 'keys' || !sameBytes(advert.batchContext, state.batch.context)) {
    return { state, effects: [] };
  }
  return { state, effects: [{ kind: 'send', message: 'key-advert', body: advert }] };
}

export function acceptKeyRoster(crypto: CryptoBackend, state: ClientState, message: KeyRoster): ClientStep {
  const { batch, roster, self } = state;
  if (batch === undefined || !sameBytes(message.batchContext, batch.context)) {
    return refuse(state, 'WRONG_CONTEXT', 'key roster of another batch');
  }
  if (batch.stage !== 'keys') return refuse(state, 'WRONG_PHASE', 'a second key roster');
  const { keyCount } = batch.terms;
  const points = new Map(batch.terms.cohort.map((id, i) => [id, i + 1]));
  const adverts = new Map<number, KeyAdvert>();
  for (const { body, signature } of message.adverts) {
    const member = roster.members[body.member];
    if (member === undefined || !points.has(body.member) || adverts.has(body.member)) {
      return refuseAloud(state, 'NOT_A_MEMBER', `key advert of member ${body.member}`, 0);
    }
    if (!sameBytes(body.batchContext, batch.context)) {
      return refuseAloud(state, 'WRONG_CONTEXT', `key advert of ${member.name} is for another batch`, 0);
    }
    if (body.roundKeys.length !== keyCount || body.selfSeedCommitments.length !== keyCount) {
      const detail = `key advert of ${member.name} is not for ${keyCount} key indices`;
      return refuseAloud(state, 'LENGTH_MISMATCH', detail, 0);
    }
    if (!verifyMessage(crypto, member.publicKey, 'key-advert', body, signature)) {
      return refuseAloud(state, 'BAD_SIGNATURE', `key advert of ${member.name}`, 0);
    }
    if (![body.sealingKey, ...body.roundKeys].every((key) => usableKey(crypto, key))) {
      return refuseAloud(state, 'BAD_KEY', `key advert of ${member.name} has a key of small order`, 0);
    }
    adverts.set(body.member, body);
  }
  if (!adverts.has(self)) return refuseAloud(state, 'NOT_A_MEMBER', 'key roster leaves this member out', 0);
  const floor = belowFloors(roster, batch.terms, [...adverts.keys()]);
  if (floor !== undefined) return refuseAloud(state, 'BELOW_FLOOR', floor, 0);
  const recipients = [...adverts.values()].map(({ member, sealingKey }) => ({
    member,
    point: points.get(member) as number,
    sealingKey,
  }));
  return {
    state: { ...state, batch: { ...batch, stage: 'shares', adverts } },
    effects: [
      {
        kind: 'deal-shares',
        deal: {
          batchContext: batch.context,
          dealer: self,
          threshold: batch.terms.threshold,
          holders: batch.terms.holders,
          recipients,
        },
      },
    ],
  };
}

export function sharesDealt(
  state: ClientState,
  event: Extract<ClientEvent, { kind: 'shares-dealt' }>,
): ClientStep {
  const { batchContext: context, boxes, ownCommitments } = event;
  if (state.batch?.stage !== 'shares' || !sameBytes(context, state.batch.context))
    return { state, effects: [] };
  const body: DealtShares = { batchContext: context, member: state.self, boxes, ownCommitments };
  return { state, effects: [{ kind: 'send', message: 'dealt-shares', body }] };
}

export function acceptHeldShares(crypto: CryptoBackend, state: ClientState, message: HeldShares): ClientStep {
  const { batch, roster, self } = state;
  if (batch === undefined || !sameBytes(message.batchContext, batch.context)) {
    return refuse(state, 'WRONG_CONTEXT', 'shares of another batch');
  }
  if (batch.stage !== 'shares' || batch.dealers.size > 0) {
    return refuse(state, 'WRONG_PHASE', 'a second set of shares');
  }
  const dealers = new Set<number>([self]);
  const opened: { box: SealedShares; dealerKey: Uint8Array }[] = [];
  for (const { body, signature } of message.boxes) {
    const advert = batch.adverts.get(body.dealer);
    const dealer = roster.members[body.dealer];
    if (advert === undefined || dealer === undefined || dealers.has(body.dealer)) {
      return refuseAloud(state, 'NOT_A_MEMBER', `shares of member ${body.dealer}`, 0);
    }
    if (body.holder !== self || !sameBytes(body.batchContext, batch.context)) {
      const detail = `shares of ${dealer.name} are not for this member and batch`;
      return refuseAloud(state, 'WRONG_CONTEXT', detail, 0);
    }
    if (body.commitments.length !== 2 * batch.terms.keyCount) {
      const detail = `shares of ${dealer.name} are not for ${batch.terms.keyCount} key indices`;
      return refuseAloud(state, 'LENGTH_MISMATCH', detail, 0);
    }
    if (!verifySealedShares(crypto, dealer.publicKey, body, signature)) {
      return refuseAloud(state, 'BAD_SIGNATURE', `shares of ${dealer.name}`, 0);
    }
    dealers.add(body.dealer);
    opened.push({ box: body, dealerKey: advert.sealingKey });
  }
  const floor = belowFloors(roster, batch.terms, [...dealers]);
  if (floor !== undefined) return refuseAloud(state, 'BELOW_FLOOR', floor, 0);
  return {
    state: { ...state, batch: { ...batch, dealers } },
    effects: [{ kind: 'hold-shares', batchContext: batch.context, boxes: opened }],
  };
}

export function sharesHeld(
  state: ClientState,
  context: Uint8Array,
  badDealers: readonly number[],
): ClientStep {
  const { batch } = state;
  // The dealers are known from the moment in which their shares were taken to be opened.
  if (batch?.stage !== 'shares' || batch.dealers.size === 0 || !sameBytes(context, batch.context)) {
    return { state, effects: [] };
  }
  return {
    state: { ...state, batch: { ...batch, stage: 'open' } },
    effects: badDealers.map((from) => ({
      kind: 'reject',
      rejection: { code: 'BAD_DEALER', from, detail: 'a sealed share does not open its commitment' },
    })),
  };
}
