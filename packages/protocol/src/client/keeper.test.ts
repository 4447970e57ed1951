import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { seededBytes } from '../testing/cast.ts';
import { keep, type Keeper, masksFor, openedSharesFor, releaseFor, revealFor } from './keeper.ts';
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

const roundContext = new Uint8Array(32);
const release: Effect<'release'> = {
  kind: 'release',
  batchContext,
  roundContext,
  keyIndex: 0,
  choices: [],
  maskedSum: new Uint8Array(32),
  summation: undefined,
};

describe('effects on a batch without secrets', () => {
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
    [
      'hold-opened',
      () => keep(keeper, { kind: 'hold-opened', batchContext, dealer: 1, payload: new Uint8Array(64) }),
    ],
    ['reveal-draw', () => revealFor(keeper, { kind: 'reveal-draw', batchContext, drawDigest: roundContext })],
    ['open-shares', () => openedSharesFor(keeper, { kind: 'open-shares', batchContext, holder: 1 })],
  ])('%s is refused', (_, carryOut) => {
    expect(carryOut).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  });
});

describe('keys that are asked for a second time', () => {
  it('are the same: other keys for one batch would be equivocation', () => {
    const context = new Uint8Array(32).fill(3);
    const effect = {
      kind: 'generate-keys',
      batchContext: context,
      keyCount: 2,
      draws: true,
      again: false,
    } as const;
    const first = keep(keeper, effect);
    expect(keep(keeper, effect)).toEqual(first);
    const other = { ...effect, batchContext: new Uint8Array(32).fill(4) };
    expect(keep(keeper, other)).not.toEqual(first);
  });

  it('are none where they were advertised and are lost', () => {
    const context = new Uint8Array(32).fill(8);
    const effect = { kind: 'generate-keys', batchContext: context, keyCount: 2, draws: true } as const;
    const first = keep(keeper, { ...effect, again: false });
    expect(keep(keeper, { ...effect, again: true })).toEqual(first);
    keeper.store.forget(context);
    expect(keep(keeper, { ...effect, again: true })).toBeUndefined();
    expect(keeper.store.get(context)).toBeUndefined();
  });
});

describe('a complaint that comes before anything is dealt, as after a crash', () => {
  it('is answered with nothing: an empty answer would convict an honest dealer beside its later box', () => {
    const context = new Uint8Array(32).fill(6);
    keep(keeper, { kind: 'generate-keys', batchContext: context, keyCount: 1, draws: false, again: false });
    const effect = { kind: 'open-shares', batchContext: context, holder: 1 } as const;
    expect(openedSharesFor(keeper, effect)).toBeUndefined();
    const recipients = [
      { member: 1, point: 1, sealingKey: crypto.x25519PublicKey(new Uint8Array(32).fill(7)) },
    ];
    const deal = { batchContext: context, dealer: 0, threshold: 2, holders: 3, recipients };
    keep(keeper, { kind: 'deal-shares', deal });
    expect(openedSharesFor(keeper, effect)?.payload).toHaveLength(128);
  });
});

describe('shares that a dealer opened', () => {
  it('are kept like those from its box', () => {
    const context = new Uint8Array(32).fill(5);
    keep(keeper, { kind: 'generate-keys', batchContext: context, keyCount: 1, draws: false, again: false });
    const payload = Uint8Array.from({ length: 128 }, (_, i) => i);
    const held = { kind: 'hold-opened', batchContext: context, dealer: 7, payload } as const;
    expect(keep(keeper, held)).toBeUndefined();
    const choices = [{ owner: 7, kind: 'pair' as const }];
    const { shares } = releaseFor(keeper, { ...release, batchContext: context, choices });
    expect(shares).toEqual([
      { owner: 7, kind: 'pair', share: payload.slice(64, 96), salt: payload.slice(96) },
    ]);
  });
});

describe('a batch that is forgotten', () => {
  it('leaves nothing to release', () => {
    keep(keeper, { kind: 'generate-keys', batchContext, keyCount: 1, draws: false, again: false });
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
