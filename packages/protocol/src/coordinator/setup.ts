/**
 * The coordinator's side of setup: collect key adverts, relay them, collect sealed shares, relay each holder
 * its own.
 */
import type { CryptoBackend } from '@tributary/crypto';
import type { Message } from '../messages/index.ts';
import type { SealedShares, Signed } from '../messages/setup.ts';
import { type BatchTerms, batchContext } from '../messages/terms.ts';
import { unsafeBatch } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { verifyMessage, verifySealedShares } from '../signing.ts';
import { usableKey } from '../usable-key.ts';
import {
  andThen,
  dropEffect,
  enterPhase,
  floorFault,
  presentOf,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import type {
  CoordinatorEffect,
  CoordinatorPhase,
  CoordinatorState,
  CoordinatorStep,
  Dealt,
} from './state.ts';

type AdvertisePhase = Extract<CoordinatorPhase, { kind: 'advertise-keys' }>;
type SharePhase = Extract<CoordinatorPhase, { kind: 'share-keys' }>;

export function requestBatch(
  crypto: CryptoBackend,
  state: CoordinatorState,
  terms: BatchTerms,
  deadlineMs: number,
): CoordinatorStep {
  const unsafe = unsafeBatch(state.roster, terms);
  if (unsafe !== undefined) {
    // Nobody heard of it: the batch that is open stays open.
    return { state, effects: [{ kind: 'batch-aborted', code: 'UNSAFE_TERMS', detail: unsafe }] };
  }
  const context = batchContext(crypto, terms);
  const waiting = new Set(terms.cohort.filter((id) => state.present.has(id)));
  const phase: AdvertisePhase = {
    kind: 'advertise-keys',
    terms,
    context,
    deadlineMs,
    adverts: new Map(),
    waiting,
  };
  const absent = terms.cohort.filter((id) => !waiting.has(id));
  const step = enterPhase({ ...state, batch: undefined }, phase, { round: 0, deadlineMs }, [
    ...absent.map((id) => dropEffect(phase, id, 'never-connected')),
    { kind: 'send', to: [...waiting], message: 'batch-start', body: terms },
  ]);
  return waiting.size === 0 ? andThen(step, closeAdvertise) : step;
}

export function acceptKeyAdvert(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: AdvertisePhase,
  from: number,
  { body, signature }: Message<'key-advert'>,
): CoordinatorStep {
  const fault = advertFault(crypto, phase, body);
  if (fault !== undefined) {
    const next = { ...phase, waiting: without(phase.waiting, from) };
    const refused = reject({ ...state, phase: next }, from, ...fault);
    return andThen(
      {
        state: refused.state,
        effects: [...refused.effects, dropEffect(phase, from, 'protocol-error', fault[1])],
      },
      closeAdvertiseIfDone,
    );
  }
  const adverts = withEntry(phase.adverts, from, { body, signature });
  const next = { ...phase, adverts, waiting: without(phase.waiting, from) };
  return closeAdvertiseIfDone({ ...state, phase: next });
}

function advertFault(
  crypto: CryptoBackend,
  phase: AdvertisePhase,
  body: Message<'key-advert'>['body'],
): ['WRONG_CONTEXT' | 'LENGTH_MISMATCH' | 'BAD_KEY', string] | undefined {
  if (!sameBytes(body.batchContext, phase.context)) return ['WRONG_CONTEXT', 'key advert of another batch'];
  const { keyCount } = phase.terms;
  if (body.roundKeys.length !== keyCount || body.selfSeedCommitments.length !== keyCount) {
    return ['LENGTH_MISMATCH', `key advert is not for ${keyCount} key indices`];
  }
  if (![body.sealingKey, ...body.roundKeys].every((key) => usableKey(crypto, key))) {
    return ['BAD_KEY', 'key advert has a key of small order'];
  }
  return undefined;
}

export function closeAdvertiseIfDone(state: CoordinatorState): CoordinatorStep {
  const done = state.phase.kind === 'advertise-keys' && state.phase.waiting.size === 0;
  return done ? closeAdvertise(state) : { state, effects: [] };
}

export function closeAdvertise(state: CoordinatorState): CoordinatorStep {
  const phase = state.phase as AdvertisePhase;
  const late = [...phase.waiting].map((id) => dropEffect(phase, id, 'late'));
  const { present: members, lost } = presentOf(state, sortedKeys(phase.adverts));
  const gone = [...late, ...lost];
  const floor = floorFault(state, phase.terms, members, phase.terms.cohort);
  if (floor !== undefined) return abortBatch(state, floor, gone);
  const adverts = members.map((id) => phase.adverts.get(id)).filter((advert) => advert !== undefined);
  const next: SharePhase = {
    kind: 'share-keys',
    terms: phase.terms,
    context: phase.context,
    adverts: new Map(adverts.map(({ body }) => [body.member, body])),
    dealt: new Map(),
    waiting: new Set(members),
  };
  return enterPhase(state, next, { round: 0, deadlineMs: phase.deadlineMs }, [
    ...gone,
    { kind: 'send', to: members, message: 'key-roster', body: { batchContext: phase.context, adverts } },
  ]);
}

/** Ends a setup. Members are told nothing: the next batch replaces what they have of this one. */
function abortBatch(
  state: CoordinatorState,
  detail: string,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  return {
    state: { ...state, phase: { kind: 'idle' }, phaseNumber: state.phaseNumber + 1 },
    effects: [...effects, { kind: 'batch-aborted', code: 'BELOW_FLOOR', detail }],
  };
}

export function acceptDealtShares(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: SharePhase,
  from: number,
  { body }: Message<'dealt-shares'>,
): CoordinatorStep {
  const boxes = checkedBoxes(crypto, state, phase, from, body.boxes);
  const waiting = without(phase.waiting, from);
  const { ownCommitments } = body;
  if (
    boxes === undefined ||
    ownCommitments.length !== 2 * phase.terms.keyCount ||
    !sameBytes(body.batchContext, phase.context)
  ) {
    const detail = 'dealt shares are not one well-formed, signed box for each other holder of this batch';
    const refused = reject({ ...state, phase: { ...phase, waiting } }, from, 'BAD_DEALER', detail);
    return andThen(
      {
        state: refused.state,
        effects: [...refused.effects, dropEffect(phase, from, 'protocol-error', detail)],
      },
      closeSharesIfDone,
    );
  }
  return closeSharesIfDone({
    ...state,
    phase: { ...phase, waiting, dealt: withEntry(phase.dealt, from, { boxes, ownCommitments }) },
  });
}

function checkedBoxes(
  crypto: CryptoBackend,
  state: CoordinatorState,
  phase: SharePhase,
  dealer: number,
  boxes: readonly Signed<SealedShares>[],
): ReadonlyMap<number, Signed<SealedShares>> | undefined {
  const publicKey = state.roster.members[dealer]?.publicKey;
  const byHolder = new Map<number, Signed<SealedShares>>();
  if (publicKey === undefined || boxes.length !== phase.adverts.size - 1) return undefined;
  for (const box of boxes) {
    const { body, signature } = box;
    const good =
      body.dealer === dealer &&
      body.holder !== dealer &&
      phase.adverts.has(body.holder) &&
      !byHolder.has(body.holder) &&
      body.commitments.length === 2 * phase.terms.keyCount &&
      sameBytes(body.batchContext, phase.context) &&
      verifySealedShares(crypto, publicKey, body, signature);
    if (!good) return undefined;
    byHolder.set(body.holder, box);
  }
  return byHolder;
}

export function closeSharesIfDone(state: CoordinatorState): CoordinatorStep {
  const done = state.phase.kind === 'share-keys' && state.phase.waiting.size === 0;
  return done ? closeShares(state) : { state, effects: [] };
}

export function closeShares(state: CoordinatorState): CoordinatorStep {
  const phase = state.phase as SharePhase;
  const late = [...phase.waiting].map((id) => dropEffect(phase, id, 'late'));
  const { present: dealers, lost } = presentOf(state, sortedKeys(phase.dealt));
  const gone = [...late, ...lost];
  const floor = floorFault(state, phase.terms, dealers, phase.terms.cohort);
  if (floor !== undefined) return abortBatch(state, floor, gone);
  const relays = dealers.map((holder): CoordinatorEffect => {
    const boxes = dealers
      .filter((dealer) => dealer !== holder)
      .map((dealer) => phase.dealt.get(dealer)?.boxes.get(holder))
      .filter((box) => box !== undefined);
    return {
      kind: 'send',
      to: [holder],
      message: 'held-shares',
      body: { batchContext: phase.context, boxes },
    };
  });
  const dealt = new Map(
    dealers.map((dealer) => [dealer, commitmentsByHolder(dealer, phase.dealt.get(dealer) as Dealt)]),
  );
  return {
    state: {
      ...state,
      phase: { kind: 'idle' },
      phaseNumber: state.phaseNumber + 1,
      batch: { terms: phase.terms, context: phase.context, adverts: phase.adverts, dealt, nextKeyIndex: 0 },
    },
    effects: [...gone, ...relays, { kind: 'batch-opened', members: dealers }],
  };
}

function commitmentsByHolder(dealer: number, dealt: Dealt): ReadonlyMap<number, readonly Uint8Array[]> {
  const byHolder = [...dealt.boxes].map(([holder, { body }]) => [holder, body.commitments] as const);
  return new Map([...byHolder, [dealer, dealt.ownCommitments]]);
}

/** The signature of every message of a member is checked once, before its phase sees it. */
export function verifyFromMember(
  crypto: CryptoBackend,
  state: CoordinatorState,
  from: number,
  message: Message,
): boolean {
  const publicKey = state.roster.members[from]?.publicKey;
  return (
    publicKey !== undefined && verifyMessage(crypto, publicKey, message.kind, message.body, message.signature)
  );
}
