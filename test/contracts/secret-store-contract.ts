/** What every adapter of `SecretStore` keeps. Adapters run it from their tests. */
import type { BatchSecrets, SecretStore } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface SecretStoreSubject {
  readonly store: SecretStore;
  dispose(): void;
}

/** Secrets whose every byte is `mark`, for two key indices. */
export function markedSecrets(mark: number): BatchSecrets {
  const array = (length: number): Uint8Array => new Uint8Array(length).fill(mark);
  return {
    sealingSecret: array(32),
    roundSecrets: [array(32), array(32)],
    selfSeeds: [array(32), array(32)],
    held: new Map([
      [0, array(256)],
      [7, array(256)],
    ]),
    dealt: new Map([[7, array(256)]]),
    drawNonce: array(32),
  };
}

export function arraysOf(secrets: BatchSecrets): Uint8Array[] {
  const { sealingSecret, roundSecrets, selfSeeds, held, dealt, drawNonce } = secrets;
  return [sealingSecret, ...roundSecrets, ...selfSeeds, ...held.values(), ...dealt.values(), drawNonce];
}

export function secretStoreContract(adapter: string, create: () => SecretStoreSubject): void {
  describe(`secret store: ${adapter}`, () => {
    let subject: SecretStoreSubject;
    let store: SecretStore;
    const batch = new Uint8Array(32).fill(0xb1);
    const otherBatch = new Uint8Array(32).fill(0xb2);

    beforeEach(() => {
      subject = create();
      ({ store } = subject);
    });
    afterEach(() => subject.dispose());

    it('keeps the secrets of each batch', () => {
      store.put(batch, markedSecrets(1));
      store.put(otherBatch, markedSecrets(2));
      expect(store.get(batch)).toEqual(markedSecrets(1));
      expect(store.get(otherBatch)).toEqual(markedSecrets(2));
      expect(store.get(new Uint8Array(32))).toBeUndefined();
    });

    it('replaces what it keeps, and leaves intact what both versions share', () => {
      const secrets = markedSecrets(1);
      store.put(batch, secrets);
      store.put(batch, { ...secrets, held: new Map([...secrets.held, [9, new Uint8Array(256).fill(9)]]) });
      expect([...(store.get(batch)?.held.keys() ?? [])]).toEqual([0, 7, 9]);
      expect(store.get(batch)?.sealingSecret).toEqual(new Uint8Array(32).fill(1));
    });

    it('forgets one batch, wipes the copy that is in use, and nothing brings it back', () => {
      store.put(batch, markedSecrets(1));
      store.put(otherBatch, markedSecrets(2));
      const inUse = store.get(batch) as BatchSecrets;
      store.forget(batch);
      expect(store.get(batch)).toBeUndefined();
      for (const array of arraysOf(inUse)) expect(array.every((byte) => byte === 0)).toBe(true);
      store.forget(batch);
      expect(store.get(otherBatch)).toEqual(markedSecrets(2));
    });
  });
}
