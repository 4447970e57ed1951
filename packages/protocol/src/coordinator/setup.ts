/** The coordinator's side of a batch's beginning: collect key adverts, have the committee draw, relay keys. */
import { type CryptoBackend, isSmallOrderX25519 } from '@tributary/crypto';
import { drawCommitment, drawDigest, drawOf, NO_DRAW } from '../draw.ts';
import type { Message } from '../messages/index.ts';
import type { DrawReveal, KeyRoster, Signed } from '../messages/setup.ts';
import { type BatchTerms, batchContext } from '../messages/terms.ts';
import { unsafeBatch } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { topologyOf } from '../topology.ts';
import { neighboursIn } from './batch-graph.ts';
import {
  accepted,
  andThen,
  dropEffect,
  enterSetup,
  floorFault,
  isThere,
  namesOf,
  nextPhaseNumber,
  presentOf,
  reject,
  sortedKeys,
  without,
  withEntry,
} from './phases.ts';
import type { AbortCode, CoordinatorEffect, CoordinatorState, CoordinatorStep, SetupPhase } from './state.ts';

type AdvertisePhase = Extract<SetupPhase, { kind: 'advertise-keys' }>;
type DrawPhase = Extract<SetupPhase, { kind: 'draw' }>;
export type SharePhase = Extract<SetupPhase, { kind: 'share-keys' }>;

/** Members that cheated are not invited, whatever cohort is asked for; the floors count without them. */
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
  const invited = terms.cohort.filter((id) => !state.culprits.has(id));
  const waiting = new Set(invited.filter((id) => isThere(state, id)));
  const setup: AdvertisePhase = {
    kind: 'advertise-keys',
    terms,
    context,
    deadlineMs,
    adverts: new Map(),
    waiting,
  };
  const absent = invited.filter((id) => !waiting.has(id));
  const step = enterSetup(state, setup, [
    ...absent.map((id) => dropEffect('setup', id, 'never-connected')),
    { kind: 'send', to: [...waiting], message: 'batch-start', body: terms },
  ]);
  return andThen(step, (next) => closeAdvertiseIfDone(crypto, next));
}

export function acceptKeyAdvert(
  crypto: CryptoBackend,
  state: CoordinatorState,
  setup: AdvertisePhase,
  from: number,
  message: Message<'key-advert'>,
): CoordinatorStep {
  const { body, signature } = message;
  // What a slow member says about a batch that was given up is late, but no fault in this one.
  if (!sameBytes(body.batchContext, setup.context)) {
    return reject(state, from, 'WRONG_CONTEXT', 'key advert of another batch');
  }
  const fault = advertFault(setup, from, body);
  const waiting = without(setup.waiting, from);
  if (fault !== undefined) {
    return andThen(dropFromSetup({ ...state, setup: { ...setup, waiting } }, from, ...fault), (next) =>
      closeAdvertiseIfDone(crypto, next),
    );
  }
  const adverts = withEntry(setup.adverts, from, { body, signature });
  const next = { ...state, setup: { ...setup, adverts, waiting } };
  return andThen({ state: next, effects: [accepted(message)] }, (after) =>
    closeAdvertiseIfDone(crypto, after),
  );
}

/** Refuses what a member sent in setup and goes on without it. */
export function dropFromSetup(
  state: CoordinatorState,
  from: number,
  code: Parameters<typeof reject>[2],
  detail: string,
): CoordinatorStep {
  const refused = reject(state, from, code, detail);
  return {
    state: refused.state,
    effects: [...refused.effects, dropEffect('setup', from, 'protocol-error', detail)],
  };
}

function advertFault(
  { terms }: AdvertisePhase,
  from: number,
  body: Message<'key-advert'>['body'],
): ['LENGTH_MISMATCH' | 'BAD_KEY' | 'BAD_DRAW', string] | undefined {
  const { keyCount, committee } = terms;
  if (body.roundKeys.length !== keyCount || body.selfSeedCommitments.length !== keyCount) {
    return ['LENGTH_MISMATCH', `key advert is not for ${keyCount} key indices`];
  }
  if (body.drawCommitment.length !== (committee.includes(from) ? 32 : 0)) {
    return ['BAD_DRAW', 'key advert commits to a nonce where none is due, or to none where one is'];
  }
  if ([body.sealingKey, ...body.roundKeys].some(isSmallOrderX25519)) {
    return ['BAD_KEY', 'key advert has a key of small order'];
  }
  return undefined;
}

export function closeAdvertiseIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  const { setup } = state;
  const done = setup.kind === 'advertise-keys' && setup.waiting.size === 0;
  return done ? closeAdvertise(crypto, state, setup) : { state, effects: [] };
}

/** U1 and the commitments are fixed here, before anybody reveals a nonce. */
export function closeAdvertise(
  crypto: CryptoBackend,
  state: CoordinatorState,
  setup: AdvertisePhase,
): CoordinatorStep {
  const { terms, context } = setup;
  const late = [...setup.waiting].map((id) => dropEffect('setup', id, 'late'));
  const { present: members, lost } = presentOf(state, sortedKeys(setup.adverts), 'setup');
  const gone = [...late, ...lost];
  const floor = floorFault(state, terms, members, terms.cohort);
  if (floor !== undefined) return abortBatch(state, 'BELOW_FLOOR', floor, gone);
  const { committee } = terms;
  const absent = committee.filter((id) => !members.includes(id));
  if (absent.length > 0) return abortBatch(state, 'BAD_DRAW', voidWithout(state, absent), gone);
  const commitments = committee.flatMap((id) => setup.adverts.get(id)?.body.drawCommitment ?? []);
  const inU1 = new Set(members);
  const draw: DrawPhase = {
    ...setup,
    kind: 'draw',
    // Whoever was lost since is no holder that anybody deals to.
    adverts: new Map([...setup.adverts].filter(([id]) => inU1.has(id))),
    members,
    commitments,
    drawDigest: drawDigest(crypto, context, members, commitments),
    reveals: new Map(),
    waiting: new Set(committee),
  };
  if (committee.length === 0)
    return andThen({ state, effects: gone }, (s) => shareKeys(s, draw, [], NO_DRAW, new Map()));
  const step = enterSetup(state, draw, [
    ...gone,
    {
      kind: 'send',
      to: [...draw.waiting],
      message: 'draw-request',
      body: { batchContext: context, members, commitments },
    },
  ]);
  return andThen(step, (next) => closeDrawIfDone(crypto, next));
}

export function acceptDrawReveal(
  crypto: CryptoBackend,
  state: CoordinatorState,
  setup: DrawPhase,
  from: number,
  message: Message<'draw-reveal'>,
): CoordinatorStep {
  const { body, signature } = message;
  const commitment = setup.adverts.get(from)?.body.drawCommitment ?? NO_DRAW;
  if (!sameBytes(body.batchContext, setup.context)) {
    return reject(state, from, 'WRONG_CONTEXT', 'draw reveal of another batch');
  }
  const good =
    sameBytes(body.drawDigest, setup.drawDigest) &&
    sameBytes(commitment, drawCommitment(crypto, setup.context, from, body.nonce));
  const waiting = without(setup.waiting, from);
  if (!good) {
    const detail = 'the nonce is not the one committed to, or was given for another draw';
    return andThen(
      dropFromSetup({ ...state, setup: { ...setup, waiting } }, from, 'BAD_DRAW', detail),
      (next) => closeDrawIfDone(crypto, next),
    );
  }
  const reveals = withEntry(setup.reveals, from, { body, signature });
  const next = { ...state, setup: { ...setup, reveals, waiting } };
  return andThen({ state: next, effects: [accepted(message)] }, (after) => closeDrawIfDone(crypto, after));
}

export function closeDrawIfDone(crypto: CryptoBackend, state: CoordinatorState): CoordinatorStep {
  const { setup } = state;
  return setup.kind === 'draw' && setup.waiting.size === 0
    ? closeDraw(crypto, state, setup)
    : { state, effects: [] };
}

/** A reveal that is missing voids the draw: going on without it would let its owner choose among two. */
export function closeDraw(crypto: CryptoBackend, state: CoordinatorState, setup: DrawPhase): CoordinatorStep {
  const { terms, reveals } = setup;
  const late = [...setup.waiting].map((id) => dropEffect('setup', id, 'late'));
  const missing = terms.committee.filter((id) => !reveals.has(id));
  if (missing.length > 0) {
    return abortBatch(state, 'BAD_DRAW', voidWithout(state, missing), late);
  }
  const inOrder = terms.committee.flatMap((id) => reveals.get(id) ?? []);
  const draw = drawOf(
    crypto,
    setup.drawDigest,
    inOrder.map(({ body }) => body),
  );
  const neighbours = drawnNeighbours(crypto, state, terms, draw);
  if (neighbours === undefined) {
    const detail = `organisationCap ${terms.organisationCap} cannot be kept by this cohort`;
    return abortBatch(state, 'UNSAFE_TERMS', detail, late);
  }
  return andThen({ state, effects: late }, (next) => shareKeys(next, setup, inOrder, draw, neighbours));
}

function voidWithout(state: CoordinatorState, committee: readonly number[]): string {
  return `the draw is void without the nonce of ${namesOf(state, committee)}`;
}

function drawnNeighbours(
  crypto: CryptoBackend,
  { roster }: CoordinatorState,
  terms: BatchTerms,
  draw: Uint8Array,
): ReadonlyMap<number, readonly number[]> | undefined {
  if (terms.graph === 'complete') return new Map();
  const topology = topologyOf(crypto, terms, (id) => roster.members[id]?.organisation ?? '', draw);
  return topology && new Map(terms.cohort.map((id) => [id, topology.neighbours(id)]));
}

function shareKeys(
  state: CoordinatorState,
  { terms, context, deadlineMs, adverts, members }: DrawPhase,
  reveals: readonly Signed<DrawReveal>[],
  draw: Uint8Array,
  neighbours: ReadonlyMap<number, readonly number[]>,
): CoordinatorStep {
  const present = members.filter((id) => isThere(state, id));
  const setup: SharePhase = {
    kind: 'share-keys',
    terms,
    context,
    deadlineMs,
    adverts,
    members,
    reveals,
    draw,
    neighbours,
    dealt: new Map(),
    waiting: new Set(present),
  };
  return enterSetup(state, setup, keyRosters(setup, present));
}

/** On the complete graph one roster for all, on a Harary graph one for each. */
export function keyRosters(setup: SharePhase, to: readonly number[]): CoordinatorEffect[] {
  const send = (receivers: readonly number[], near: readonly number[]): CoordinatorEffect => ({
    kind: 'send',
    to: receivers,
    message: 'key-roster',
    body: keyRosterFor(setup, near),
  });
  if (setup.terms.graph === 'complete') return to.length === 0 ? [] : [send(to, setup.members)];
  return to.map((id) => send([id], [id, ...neighboursIn(setup, id)]));
}

function keyRosterFor(setup: SharePhase, near: readonly number[]): KeyRoster {
  const { context: batchContextOf, members, reveals, adverts, terms } = setup;
  const wanted = new Set([...near, ...terms.committee]);
  return {
    batchContext: batchContextOf,
    members,
    reveals,
    adverts: members.filter((id) => wanted.has(id)).flatMap((id) => adverts.get(id) ?? []),
  };
}

/** Ends a setup. Members are told nothing: the next batch replaces what they have of this one. */
export function abortBatch(
  state: CoordinatorState,
  code: AbortCode,
  detail: string,
  effects: readonly CoordinatorEffect[],
): CoordinatorStep {
  return {
    state: nextPhaseNumber({ ...state, setup: { kind: 'idle' } }, 'setup'),
    effects: [...effects, { kind: 'batch-aborted', code, detail }],
  };
}
