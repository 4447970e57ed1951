import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { existing } from '../testing/cast.ts';
import { rememberVerifications } from './remembered-verifications.ts';

const KEYS = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
const PUBLIC = KEYS.map((key) => crypto.ed25519PublicKey(key));
const MESSAGES = [0, 1, 2].map((length) => new Uint8Array(length));
const SIGNATURES = KEYS.flatMap((key) => MESSAGES.map((message) => crypto.ed25519Sign(key, message)));

describe('verifications that are remembered', () => {
  it('have the verdict of the plain backend, in any order and however often they are asked', () => {
    const remembering = rememberVerifications(crypto);
    const question = fc.tuple(
      fc.constantFrom(...PUBLIC),
      fc.constantFrom(...MESSAGES),
      fc.constantFrom(...SIGNATURES, new Uint8Array(64), new Uint8Array(0), new Uint8Array(63)),
    );
    fc.assert(
      fc.property(fc.array(question, { minLength: 1, maxLength: 10 }), (questions) => {
        for (const [key, message, signature] of questions) {
          const verdict = crypto.ed25519Verify(key, message, signature);
          expect(remembering.ed25519Verify(key, message, signature)).toBe(verdict);
        }
      }),
    );
  });

  it('are computed once for the same bytes, and apart where key, message and signature share a border', () => {
    let computed = 0;
    const counting = rememberVerifications({
      ...crypto,
      ed25519Verify: (key, message, signature) => {
        computed += 1;
        return crypto.ed25519Verify(key, message, signature);
      },
    });
    const [key, message, signature] = [existing(PUBLIC[0]), existing(MESSAGES[2]), existing(SIGNATURES[2])];
    for (let i = 0; i < 3; i++) expect(counting.ed25519Verify(key, message, signature)).toBe(true);
    expect(computed).toBe(1);
    // The same bytes in a row, cut elsewhere.
    const longer = new Uint8Array([...message, existing(signature[0])]);
    expect(counting.ed25519Verify(key, longer, signature.subarray(1))).toBe(false);
    expect(counting.ed25519Verify(key.subarray(1), message, signature)).toBe(false);
    expect(computed).toBe(3);
  });
});
