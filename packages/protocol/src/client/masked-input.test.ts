import { packedLength, unpackWords } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { CHUNK_WORDS, MAX_CHUNK_BYTES } from '../messages/round.ts';
import { existing, seededBytes } from '../testing/cast.ts';
import { generateBatchSecrets } from './batch-secrets.ts';
import { deriveMasks, maskChunks, type MaskRequest } from './masked-input.ts';

const random = seededBytes(crypto, 1);
const roundContext = random(32);
const all = [0, 1, 2].map((member) => ({ member, secrets: generateBatchSecrets(random, 2) }));

function requestOf(self: number): MaskRequest {
  const holders = all.map(({ member, secrets }) => ({
    member,
    roundKey: crypto.x25519PublicKey(existing(secrets.roundSecrets[1])),
  }));
  const own = existing(holders[self]);
  const partners = holders.filter((holder) => holder !== own);
  return { roundContext, keyIndex: 1, self: own, partners };
}

const masksOf = (self: number): ReturnType<typeof deriveMasks> =>
  deriveMasks(crypto, existing(all[self]).secrets, requestOf(self));

describe('a masked upload', () => {
  it.each([13, 20, 32])(
    'of %i bits has chunks of a fixed length, and sums to the input and the self masks',
    (bits) => {
      const dimension = CHUNK_WORDS + 7;
      const limit = 2 ** bits;
      const sum = new Float64Array(dimension);
      for (const { member } of all) {
        const input = Int32Array.from({ length: dimension }, (_, i) => i - member);
        const chunks = [...maskChunks(crypto, masksOf(member), input, bits)];
        expect(chunks.map(({ length }) => length)).toEqual([
          packedLength(CHUNK_WORDS, bits),
          packedLength(7, bits),
        ]);
        expect(existing(chunks[0]).length).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
        const whole = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
        const words = new Int32Array(dimension);
        expect(unpackWords(whole, bits, words)).toBe(true);
        words.forEach((word, i) => {
          sum[i] = existing(sum[i]) + (word >>> 0);
        });
      }
      for (const { member } of all) {
        const selfMask = new Int32Array(dimension);
        const [mask] = masksOf(member);
        const unmasked = [...maskChunks(crypto, mask === undefined ? [] : [mask], selfMask, 32)];
        expect(unmasked).toHaveLength(2);
        selfMask.forEach((word, i) => {
          sum[i] = existing(sum[i]) - (word >>> 0);
        });
      }
      const wrong = sum.findIndex((total, i) => (total - (3 * i - 3)) % limit !== 0);
      expect(wrong).toBe(-1);
    },
  );

  it('wipes its mask keys at the end, and where it is given up', () => {
    const whole = masksOf(0);
    expect([...maskChunks(crypto, whole, new Int32Array(5), 20)]).toHaveLength(1);
    const given = masksOf(0);
    const chunks = maskChunks(crypto, given, new Int32Array(CHUNK_WORDS + 1), 20);
    chunks.next();
    chunks.return();
    for (const { key } of [...whole, ...given]) expect(key).toEqual(new Uint8Array(32));
  });

  it('is refused for a key index without secrets, and for a partner whose key is of small order', () => {
    const { secrets } = existing(all[0]);
    const request = requestOf(0);
    const weak = { ...request, partners: [{ member: 1, roundKey: new Uint8Array(32) }] };
    for (const broken of [{ ...request, keyIndex: 2 }, weak]) {
      expect(() => deriveMasks(crypto, secrets, broken)).toThrow(
        expect.objectContaining({ code: 'INVARIANT' }),
      );
    }
  });
});
