import { describe, expect, it } from 'vitest';
import { chacha20Block, hchacha20 } from './chacha20.ts';

const hexWords = (text: string): number[] =>
  text
    .trim()
    .split(/\s+/)
    .map((word) => Number.parseInt(word, 16));
/** Bytes 00 01 02 .. 1f as little-endian words. */
const KEY = Uint32Array.from({ length: 8 }, (_, i) => (0x03020100 + i * 0x04040404) >>> 0);

describe('ChaCha20', () => {
  it('gives the block of RFC 8439, section 2.3.2', () => {
    const block = new Uint32Array(16);
    chacha20Block(KEY, Uint32Array.of(1, 0x09000000, 0x4a000000, 0), block);
    expect([...block]).toEqual(
      hexWords(`e4e7f110 15593bd1 1fdd0f50 c47120a3 c7f4d1c7 0368c033 9aaa2204 4e6cd4c3
                466482d2 09aa9f07 05d7c214 a2028bd9 d19c12b5 b94e16de e883d0cb 4e3c50a2`),
    );
  });

  it('gives the subkey of draft-irtf-cfrg-xchacha-03, section 2.2.1', () => {
    const subkey = hchacha20(KEY, Uint32Array.of(0x09000000, 0x4a000000, 0, 0x27594131));
    expect([...subkey]).toEqual(
      hexWords('423b4182 fe7bb227 50420ed3 737d878a d5e4f9a0 53a8748a 13c42ec1 dcecd326'),
    );
  });
});
