/**
 * Carries out the effects of a member that need its secrets. Every shell uses it: what differs between them
 * is where secrets are stored and where random bytes come from.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { ProtocolError } from '../errors.ts';
import type { Mask } from '../masks.ts';
import type { Release } from '../messages/round.ts';
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
  'generate-keys' | 'deal-shares' | 'hold-shares' | 'draw-nonce' | 'forget-batch'
>;

/** @returns the event to feed back, if the effect has one */
export function keep(keeper: Keeper, effect: SecretEffect): ClientEvent | undefined {
  const { crypto, random, self, store } = keeper;
  switch (effect.kind) {
    case 'generate-keys': {
      const { batchContext, keyCount } = effect;
      const secrets = generateBatchSecrets(random, keyCount);
      store.put(batchContext, secrets);
      return { kind: 'keys-generated', advert: advertiseKeys(crypto, batchContext, self, secrets) };
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
      return { kind: 'shares-held', batchContext, badDealers: opened.badDealers };
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

/** The message that hands out the chosen shares. */
export function releaseFor(keeper: Keeper, effect: Effect<'release'>): Release {
  const { batchContext, roundContext, keyIndex, choices } = effect;
  const shares = releaseShares(required(keeper.store, batchContext), keyIndex, choices);
  return { roundContext, member: keeper.self, shares };
}

function required(store: SecretStore, batchContext: Uint8Array): BatchSecrets {
  const secrets = store.get(batchContext);
  if (secrets === undefined) throw new ProtocolError('INVARIANT', 'no secrets are kept for this batch');
  return secrets;
}
