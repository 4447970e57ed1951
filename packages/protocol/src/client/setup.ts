/** The member's side of sharing keys: hold the shares of others, complain of those that do not open. */
import type { CryptoBackend } from '@tributary/crypto';
import { commitmentsLength } from '../commitments.ts';
import type { DealtShares, HeldShares, SealedShares, Signed } from '../messages/setup.ts';
import { belowFloors } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import type { Roster } from '../roster.ts';
import { verifySealedShares } from '../signing.ts';
import { refuse, refuseAloud } from './refusal.ts';
import {
  batchOf,
  type ClientBatch,
  type ClientEffect,
  type ClientEvent,
  type ClientState,
  type ClientStep,
  withBatch,
} from './state.ts';

export function sharesDealt(
  state: ClientState,
  event: Extract<ClientEvent, { kind: 'shares-dealt' }>,
): ClientStep {
  const { batchContext, boxes, ownCommitments } = event;
  if (batchOf(state, batchContext) === undefined) return { state, effects: [] };
  const body: DealtShares = { batchContext, member: state.self, boxes, ownCommitments };
  return { state, effects: [{ kind: 'send', message: 'dealt-shares', body }] };
}

/**
 * The shares of a batch are taken once. Until they have been opened the same message asks for that again, as
 * after a crash; later ones change nothing. They come with every new session: what the member complained of, and has had no
 * answer to, it complains of again.
 */
export function acceptHeldShares(crypto: CryptoBackend, state: ClientState, message: HeldShares): ClientStep {
  const { roster, self } = state;
  const batch = batchOf(state, message.batchContext);
  if (batch === undefined) return refuse(state, 'WRONG_CONTEXT', 'shares of another batch');
  if (batch.stage === 'keys') return refuse(state, 'WRONG_PHASE', 'shares before the key roster');
  if (batch.stage === 'open') {
    return { state, effects: [...batch.complaints.keys()].map((dealer) => complain(state, batch, dealer)) };
  }
  const dealers = new Set(batch.holders.includes(self) ? [self] : []);
  const boxes: { box: Signed<SealedShares>; dealerKey: Uint8Array }[] = [];
  for (const box of message.boxes) {
    const { body, signature } = box;
    const advert = batch.adverts.get(body.dealer);
    const dealer = roster.members[body.dealer];
    if (advert === undefined || dealer === undefined || body.dealer === self || dealers.has(body.dealer)) {
      return refuseAloud(state, 'NOT_A_MEMBER', `shares of member ${body.dealer}`, 0);
    }
    if (body.holder !== self || !sameBytes(body.batchContext, batch.context)) {
      const detail = `shares of ${dealer.name} are not for this member and batch`;
      return refuseAloud(state, 'WRONG_CONTEXT', detail, 0);
    }
    if (body.commitments.length !== commitmentsLength(batch.terms.keyCount)) {
      const detail = `shares of ${dealer.name} are not for ${batch.terms.keyCount} key indices`;
      return refuseAloud(state, 'LENGTH_MISMATCH', detail, 0);
    }
    if (!verifySealedShares(crypto, dealer.publicKey, body, signature)) {
      return refuseAloud(state, 'BAD_SIGNATURE', `shares of ${dealer.name}`, 0);
    }
    dealers.add(body.dealer);
    boxes.push({ box, dealerKey: advert.sealingKey });
  }
  const floor = tooFewDealers(roster, batch, dealers);
  if (floor !== undefined) return refuseAloud(state, 'BELOW_FLOOR', floor, 0);
  return {
    state: withBatch(state, { ...batch, dealers }),
    effects: [{ kind: 'hold-shares', batchContext: batch.context, boxes }],
  };
}

/** On a Harary graph a member sees its neighbours only; without t of them its own secrets could not be opened. */
function tooFewDealers(
  roster: Roster,
  { terms }: ClientBatch,
  dealers: ReadonlySet<number>,
): string | undefined {
  if (terms.graph === 'complete') return belowFloors(roster, terms, [...dealers]);
  return dealers.size < terms.threshold
    ? `${dealers.size} neighbours dealt shares, the threshold is ${terms.threshold}`
    : undefined;
}

/** The batch is open. Of each box that does not open as committed the member complains. */
export function sharesHeld(
  state: ClientState,
  { batchContext, badBoxes }: Extract<ClientEvent, { kind: 'shares-held' }>,
): ClientStep {
  const batch = batchOf(state, batchContext);
  // The dealers are known from the moment in which their shares were taken to be opened.
  if (batch?.stage !== 'shares' || batch.dealers.size === 0) return { state, effects: [] };
  const complaints = new Map(badBoxes.map((box) => [box.body.dealer, box]));
  return {
    state: withBatch(state, { ...batch, stage: 'open', complaints }),
    effects: badBoxes.flatMap(({ body: { dealer } }): ClientEffect[] => [
      {
        kind: 'reject',
        rejection: {
          code: 'BAD_DEALER',
          from: dealer,
          detail: 'a sealed share does not open its commitment',
        },
      },
      complain(state, batch, dealer),
    ]),
  };
}

function complain({ self }: ClientState, { context }: ClientBatch, dealer: number): ClientEffect {
  return { kind: 'send', message: 'complaint', body: { batchContext: context, member: self, dealer } };
}
