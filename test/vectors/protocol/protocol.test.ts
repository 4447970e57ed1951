import { readFileSync } from 'node:fs';
import { addKeystream, fromHex, toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { decodeMessage } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { STORIES } from './stories.ts';
import { tellStory } from './story.ts';

interface Vectors {
  readonly bits: number;
  readonly members: readonly { readonly id: number; readonly publicKey: string }[];
  readonly coordinator: { readonly publicKey: string };
  readonly messages: readonly {
    readonly from: number | 'coordinator';
    readonly kind: string;
    readonly signedBytes: string;
    readonly signature: string;
    readonly frame: string;
  }[];
  readonly uploads: readonly {
    readonly member: number;
    readonly input: readonly number[];
    readonly masks: readonly { readonly key: string; readonly sign: 1 | -1 }[];
  }[];
  readonly round: { readonly sum: readonly number[]; readonly maskedSum: readonly number[] };
}

const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;

describe.each(STORIES)('the vectors of $file', ({ file, ...choice }) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const vectors = JSON.parse(text) as Vectors;

  it('are what the machines say and compute today', () => {
    expect(tellStory(choice)).toEqual(JSON.parse(text));
  });

  it('have frames that decode, and signatures over the bytes that are written down', () => {
    for (const { from, kind, signedBytes, signature, frame } of vectors.messages) {
      expect(decodeMessage(bytes(frame)), kind).toMatchObject({ ok: true, message: { kind } });
      const key = from === 'coordinator' ? vectors.coordinator.publicKey : vectors.members[from]?.publicKey;
      expect(crypto.ed25519Verify(bytes(key ?? ''), bytes(signedBytes), bytes(signature)), kind).toBe(true);
    }
  });

  it('add up: the masked sum is that of inputs and masks, the sum that of the inputs alone', () => {
    const survivors = vectors.uploads.filter(({ member }) => member !== choice.dropout);
    const modulus = 2 ** vectors.bits;
    const masked = vectors.round.maskedSum.map(() => 0);
    for (const { input, masks } of survivors) {
      const words = Int32Array.from(input);
      for (const { key, sign } of masks) addKeystream(crypto, bytes(key), words, sign, 0);
      words.forEach((word, i) => {
        masked[i] = ((masked[i] ?? 0) + word) % modulus;
      });
    }
    const low = (values: readonly number[]): number[] =>
      values.map((value) => ((value % modulus) + modulus) % modulus);
    expect(low(masked)).toEqual(low(vectors.round.maskedSum));
    const sum = vectors.round.sum.map((_, i) =>
      survivors.reduce((total, { input }) => total + (input[i] ?? 0), 0),
    );
    expect(vectors.round.sum).toEqual(sum);
  });

  it('keep pairs of masks apart by their sign alone', () => {
    const keys = new Map<string, number>();
    for (const { masks } of vectors.uploads) {
      for (const { key, sign } of masks.slice(1)) keys.set(key, (keys.get(key) ?? 0) + sign);
    }
    expect([...keys.values()].every((signs) => signs === 0)).toBe(true);
    expect(toHex(bytes([...keys.keys()][0] ?? ''))).toHaveLength(64);
  });
});
