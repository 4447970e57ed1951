/**
 * Carries out the effects of a member that need its secrets. Every shell uses it: what differs between them
 * is where secrets are stored and where random bytes come from.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';
import type { Mask } from '../masks.ts';
import type { Release } from '../messages/round.ts';
import type { DrawReveal, OpenedShares } from '../messages/setup.ts';
import { signSealedShares } from '../signing.ts';
import {
  advertiseKeys,
  type BatchSecrets,
  dealShares,
  generateBatchSecrets,
  openHeldShares,
  type RandomBytes,
  releaseShares,
} from './batch-secrets.ts';
import { deriveMasks } from './masked-input.ts';
import type { SecretStore } from './secret-store.ts';
import type { ClientEffect, ClientEvent } from './state.ts';

export interface Keeper {
  readonly crypto: CryptoBackend;
  readonly random: RandomBytes;
  /** Member id. */
  readonly self: number;
  /** Ed25519 secret seed. */
  readonly identity: Uint8Array;
  readonly store: SecretStore;
}

type Effect<K extends ClientEffect['kind']> = Extract<ClientEffect, { kind: K }>;

/** The effects that `keep` carries out. */
export type SecretEffect = Effect<
  'generate-keys' | 'deal-shares' | 'hold-shares' | 'hold-opened' | 'draw-nonce' | 'forget-batch'
>;

/** @returns the event to feed back, if the effect has one */
export function keep(keeper: Keeper, effect: SecretEffect): ClientEvent | undefined {
  const { crypto, random, self, store } = keeper;
  switch (effect.kind) {
    case 'generate-keys': {
      const { batchContext, keyCount, draws, again } = effect;
      // Keys that were made before are advertised again: other keys for the same batch would be equivocation, and
      // where they are lost the member is missing from the batch.
      const kept = store.get(batchContext);
      if (kept === undefined && again) return undefined;
      const secrets = kept ?? generateBatchSecrets(random, keyCount);
      if (kept === undefined) store.put(batchContext, secrets);
      return { kind: 'keys-generated', advert: advertiseKeys(crypto, batchContext, self, secrets, draws) };
    }
    case 'deal-shares': {
      const { batchContext } = effect.deal;
      const deal = dealShares(crypto, random, effect.deal, required(store, batchContext));
      store.put(batchContext, deal.secrets);
      const boxes = deal.boxes.map((body) => ({
        body,
        signature: signSealedShares(crypto, keeper.identity, body),
      }));
      return { kind: 'shares-dealt', batchContext, boxes, ownCommitments: deal.ownCommitments };
    }
    case 'hold-shares': {
      const { batchContext, boxes } = effect;
      const opened = openHeldShares(crypto, self, required(store, batchContext), boxes);
      store.put(batchContext, opened.secrets);
      return { kind: 'shares-held', batchContext, badBoxes: opened.badBoxes };
    }
    case 'hold-opened': {
      const { batchContext, dealer, payload } = effect;
      const secrets = required(store, batchContext);
      store.put(batchContext, { ...secrets, held: new Map(secrets.held).set(dealer, payload) });
      return undefined;
    }
    case 'draw-nonce':
      return { kind: 'nonce-drawn', termsDigest: effect.termsDigest, nonce: random(32) };
    case 'forget-batch':
      store.forget(effect.batchContext);
      return undefined;
  }
}

/** Keys of all masks of one upload. */
export function masksFor(keeper: Keeper, effect: Effect<'upload-input'>): Mask[] {
  return deriveMasks(keeper.crypto, required(keeper.store, effect.batchContext), effect.request);
}

/**
 * The message that hands out the chosen shares.
 * @param innerProduct what `uploadProduct` gives for the effect's summation request; empty where there is none
 */
export function releaseFor(
  keeper: Keeper,
  effect: Effect<'release'>,
  innerProduct: Uint8Array = new Uint8Array(0),
): Release {
  const { batchContext, roundContext, keyIndex, choices, maskedSum } = effect;
  const shares = releaseShares(required(keeper.store, batchContext), keyIndex, choices);
  return { batchContext, keyIndex, roundContext, member: keeper.self, shares, maskedSum, innerProduct };
}

/** The message that gives the member's nonce to the draw. */
export function revealFor(keeper: Keeper, effect: Effect<'reveal-draw'>): DrawReveal {
  const { batchContext, drawDigest } = effect;
  const { drawNonce } = required(keeper.store, batchContext);
  return { batchContext, member: keeper.self, drawDigest, nonce: drawNonce };
}

/**
 * The message that opens what was dealt to a holder that complained; undefined where nothing was dealt to it yet,
 * as after a crash. Whatever this member signed then would convict it beside the box that it deals later.
 */
export function openedSharesFor(keeper: Keeper, effect: Effect<'open-shares'>): OpenedShares | undefined {
  const { batchContext, holder } = effect;
  const payload = required(keeper.store, batchContext).dealt.get(holder);
  return payload && { batchContext, member: keeper.self, holder, payload };
}

function required(store: SecretStore, batchContext: Uint8Array): BatchSecrets {
  const secrets = store.get(batchContext);
  if (secrets === undefined) throw new ProtocolError('INVARIANT', 'no secrets are kept for this batch');
  return secrets;
}
