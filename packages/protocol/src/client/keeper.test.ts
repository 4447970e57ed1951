import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { seededBytes } from '../testing/cast.ts';
import { keep, type Keeper, masksFor, releaseFor } from './keeper.ts';
import { memorySecretStore } from './secret-store.ts';
import type { ClientEffect } from './state.ts';

const batchContext = new Uint8Array(32).fill(1);
const keeper: Keeper = {
  crypto,
  random: seededBytes(crypto, 1),
  self: 0,
  identity: new Uint8Array(32).fill(2),
  store: memorySecretStore(),
};
type Effect<K extends ClientEffect['kind']> = Extract<ClientEffect, { kind: K }>;

describe('effects on a batch without secrets', () => {
  const roundContext = new Uint8Array(32);
  const release: Effect<'release'> = {
    kind: 'release',
    batchContext,
    roundContext,
    keyIndex: 0,
    choices: [],
  };
  const upload = {
    kind: 'upload-input',
    batchContext,
    request: { roundContext, keyIndex: 0, self: { member: 0, roundKey: new Uint8Array(32) }, partners: [] },
  } as unknown as Effect<'upload-input'>;
  const deal = { batchContext, dealer: 0, threshold: 3, holders: 4, recipients: [] };

  it.each<[string, () => unknown]>([
    ['deal-shares', () => keep(keeper, { kind: 'deal-shares', deal })],
    ['hold-shares', () => keep(keeper, { kind: 'hold-shares', batchContext, boxes: [] })],
    ['upload-input', () => masksFor(keeper, upload)],
    ['release', () => releaseFor(keeper, release)],
  ])('%s is refused', (_, carryOut) => {
    expect(carryOut).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  });
});

describe('a batch that is forgotten', () => {
  it('leaves nothing to release', () => {
    keep(keeper, { kind: 'generate-keys', batchContext, keyCount: 1 });
    expect(keeper.store.get(batchContext)).toBeDefined();
    expect(keep(keeper, { kind: 'forget-batch', batchContext })).toBeUndefined();
    expect(keeper.store.get(batchContext)).toBeUndefined();
  });
});

describe('a nonce', () => {
  it('is fresh for every announcement, of the same round too', () => {
    const effect = { kind: 'draw-nonce', termsDigest: new Uint8Array(32) } as const;
    const nonces = [keep(keeper, effect), keep(keeper, effect)].map((event) => {
      if (event?.kind !== 'nonce-drawn') throw new Error('no nonce was drawn');
      expect(event.nonce).toHaveLength(32);
      return event.nonce.join();
    });
    expect(nonces[0]).not.toBe(nonces[1]);
  });
});
