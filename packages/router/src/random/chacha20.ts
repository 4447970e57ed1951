/** ChaCha20 (RFC 8439) and HChaCha20 (draft-irtf-cfrg-xchacha-03, section 2.2) on 32-bit words. */

const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const DOUBLE_ROUNDS = 10;

/** The 16 words that both functions permute: constants, key, and a tail of counter and nonce. */
function fillInput(input: Uint32Array, key: Uint32Array, tail: ArrayLike<number>): void {
  input.set(SIGMA, 0);
  input.set(key, 4);
  input.set(tail, 12);
}

function quarterRound(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  let sa = s[a] as number;
  let sb = s[b] as number;
  let sc = s[c] as number;
  let sd = s[d] as number;
  sa = (sa + sb) | 0;
  sd = rotateLeft(sd ^ sa, 16);
  sc = (sc + sd) | 0;
  sb = rotateLeft(sb ^ sc, 12);
  sa = (sa + sb) | 0;
  sd = rotateLeft(sd ^ sa, 8);
  sc = (sc + sd) | 0;
  sb = rotateLeft(sb ^ sc, 7);
  s[a] = sa;
  s[b] = sb;
  s[c] = sc;
  s[d] = sd;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function permute(state: Uint32Array): void {
  for (let round = 0; round < DOUBLE_ROUNDS; round++) {
    quarterRound(state, 0, 4, 8, 12);
    quarterRound(state, 1, 5, 9, 13);
    quarterRound(state, 2, 6, 10, 14);
    quarterRound(state, 3, 7, 11, 15);
    quarterRound(state, 0, 5, 10, 15);
    quarterRound(state, 1, 6, 11, 12);
    quarterRound(state, 2, 7, 8, 13);
    quarterRound(state, 3, 4, 9, 14);
  }
}

/**
 * One block of keystream as 16 words.
 * @param key 8 words
 * @param counterAndNonce 4 words: block counter, then the 96-bit nonce
 * @param block receives 16 words
 */
export function chacha20Block(key: Uint32Array, counterAndNonce: Uint32Array, block: Uint32Array): void {
  fillInput(block, key, counterAndNonce);
  permute(block);
  for (let i = 0; i < 4; i++) {
    block[i] = (block[i] as number) + (SIGMA[i] as number);
    block[12 + i] = (block[12 + i] as number) + (counterAndNonce[i] as number);
  }
  for (let i = 0; i < 8; i++) block[4 + i] = (block[4 + i] as number) + (key[i] as number);
}

/**
 * A pseudo-random function from 4 words to a key.
 * @param key 8 words
 * @param input 4 words
 * @returns 8 words
 */
export function hchacha20(key: Uint32Array, input: Uint32Array): Uint32Array {
  const state = new Uint32Array(16);
  fillInput(state, key, input);
  permute(state);
  const subkey = new Uint32Array(8);
  subkey.set(state.subarray(0, 4), 0);
  subkey.set(state.subarray(12, 16), 4);
  return subkey;
}
