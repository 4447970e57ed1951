/** The coordinator's side of sharing keys: collect sealed shares, relay each holder its own, open the batch. */
import type { CryptoBackend } from '@tributary/crypto';
import { commitmentsLength } from '../commitments.ts';
import type { Message } from '../messages/index.ts';
import type { SealedShares, Signed } from '../messages/setup.ts';
import { sameBytes } from '../public-bytes.ts';
import { verifySealedShares } from '../signing.ts';
import { holdersIn } from './batch-graph.ts';
import {
  andThen,
  dropEffect,
  floorFault,
  nextPhaseNumber,
  presentOf,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import { abortBatch, dropFromSetup, type SharePhase } from './setup.ts';
import type { CoordinatorEffect, CoordinatorState, CoordinatorStep, Dealt, OpenBatch } from './state.ts';

export function acceptDealtShares(
  crypto: CryptoBackend,
  state: CoordinatorState,
  setup: SharePhase,
  from: number,
  { body }: Message<'dealt-shares'>,
): CoordinatorStep {
  if (!sameBytes(body.batchContext, setup.context)) {
    return reject(state, from, 'WRONG_CONTEXT', 'dealt shares of another batch');
  }
  const boxes = checkedBoxes(crypto, state, setup, from, body.boxes);
  const waiting = without(setup.waiting, from);
  const { ownCommitments } = body;
  const ownDue = holdersIn(setup, from).includes(from) ? commitmentsLength(setup.terms.keyCount) : 0;
  if (boxes === undefined || ownCommitments.length !== ownDue) {
    const detail = 'dealt shares are not one well-formed, signed box for each other holder of this batch';
    return andThen(
      dropFromSetup({ ...state, setup: { ...setup, waiting } }, from, 'BAD_DEALER', detail),
      closeSharesIfDone,
    );
  }
  const dealt = withEntry(setup.dealt, from, { boxes, ownCommitments });
  return closeSharesIfDone({ ...state, setup: { ...setup, waiting, dealt } });
}

function checkedBoxes(
  crypto: CryptoBackend,
  state: CoordinatorState,
  setup: SharePhase,
  dealer: number,
  boxes: readonly Signed<SealedShares>[],
): ReadonlyMap<number, Signed<SealedShares>> | undefined {
  const publicKey = state.roster.members[dealer]?.publicKey;
  const due = new Set(holdersIn(setup, dealer).filter((id) => id !== dealer && setup.adverts.has(id)));
  const byHolder = new Map<number, Signed<SealedShares>>();
  if (publicKey === undefined || boxes.length !== due.size) return undefined;
  for (const box of boxes) {
    const { body, signature } = box;
    const good =
      body.dealer === dealer &&
      due.has(body.holder) &&
      !byHolder.has(body.holder) &&
      body.commitments.length === commitmentsLength(setup.terms.keyCount) &&
      sameBytes(body.batchContext, setup.context) &&
      verifySealedShares(crypto, publicKey, body, signature);
    if (!good) return undefined;
    byHolder.set(body.holder, box);
  }
  return byHolder;
}

export function closeSharesIfDone(state: CoordinatorState): CoordinatorStep {
  const { setup } = state;
  return setup.kind === 'share-keys' && setup.waiting.size === 0
    ? closeShares(state, setup)
    : { state, effects: [] };
}

export function closeShares(state: CoordinatorState, setup: SharePhase): CoordinatorStep {
  const { terms, context, members, adverts, neighbours, draw } = setup;
  const late = [...setup.waiting].map((id) => dropEffect('setup', id, 'late'));
  const { present: dealers, lost } = presentOf(state, sortedKeys(setup.dealt), 'setup');
  const gone = [...late, ...lost];
  const floor = floorFault(state, terms, dealers, terms.cohort);
  if (floor !== undefined) return abortBatch(state, 'BELOW_FLOOR', floor, gone);
  const dealt = new Map(dealers.map((dealer) => [dealer, setup.dealt.get(dealer) as Dealt]));
  const batch: OpenBatch = {
    terms,
    context,
    members,
    adverts,
    dealt,
    neighbours,
    draw,
    complaints: new Map(),
    nextKeyIndex: 0,
  };
  const batches = [...state.batches.slice(-1), batch];
  return {
    state: nextPhaseNumber({ ...state, batches, setup: { kind: 'idle' } }, 'setup'),
    effects: [
      ...gone,
      ...dealers.map((holder) => heldSharesFor(batch, holder)),
      { kind: 'batch-opened', batch: terms.batch, members: dealers, draw },
    ],
  };
}

/** The boxes that were dealt to a holder. */
export function heldSharesFor(batch: OpenBatch, holder: number): CoordinatorEffect {
  // Holding is mutual on both graphs: a member holds shares of those that hold its own.
  const boxes = holdersIn(batch, holder).flatMap(
    (dealer) => batch.dealt.get(dealer)?.boxes.get(holder) ?? [],
  );
  return { kind: 'send', to: [holder], message: 'held-shares', body: { batchContext: batch.context, boxes } };
}
