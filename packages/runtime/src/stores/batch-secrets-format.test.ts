import { toHex } from '@tributary/crypto';
import type { BatchSecrets } from '@tributary/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatchSecrets, encodeBatchSecrets } from './batch-secrets-format.ts';
import { crc32c } from './crc32c.ts';

const CONTEXT = new Uint8Array(32).fill(0xc0);
const SMALL: BatchSecrets = {
  sealingSecret: Uint8Array.of(1, 2),
  roundSecrets: [Uint8Array.of(3)],
  selfSeeds: [Uint8Array.of(4)],
  held: new Map([[258, Uint8Array.of(5)]]),
  dealt: new Map([[259, Uint8Array.of(6, 7)]]),
  drawNonce: Uint8Array.of(8),
};

const array = fc.uint8Array({ maxLength: 40 });
function byMember(): fc.Arbitrary<Map<number, Uint8Array>> {
  return fc
    .array(fc.tuple(fc.integer({ min: 0, max: 0xffff_ffff }), array))
    .map((entries) => new Map(entries));
}

const anySecrets: fc.Arbitrary<BatchSecrets> = fc.record({
  sealingSecret: array,
  roundSecrets: fc.array(array, { maxLength: 4 }),
  selfSeeds: fc.array(array, { maxLength: 4 }),
  held: byMember(),
  dealt: byMember(),
  drawNonce: array,
});

/** With the checksum that belongs to the bytes. */
function sealed(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice();
  new DataView(result.buffer).setUint32(result.length - 4, crc32c(result.subarray(0, -4)), true);
  return result;
}

describe('the bytes of a batch’s secrets', () => {
  it('are the ones that earlier versions wrote', () => {
    const start = `54524253 02 ${'c0'.repeat(32)}`;
    const sealingSecret = '02000000 0102';
    const roundSecrets = '01000000 01000000 03';
    const selfSeeds = '01000000 01000000 04';
    const held = '01000000 02010000 01000000 05';
    const dealt = '01000000 03010000 02000000 0607';
    const drawNonce = '01000000 08';
    const parts = [start, sealingSecret, roundSecrets, selfSeeds, held, dealt, drawNonce];
    const body = parts.join('').replaceAll(' ', '');
    expect(toHex(encodeBatchSecrets(CONTEXT, SMALL).slice(0, -4))).toBe(body);
  });

  it('give back any secrets', () => {
    fc.assert(
      fc.property(anySecrets, (secrets) => {
        const decoded = decodeBatchSecrets(CONTEXT, encodeBatchSecrets(CONTEXT, secrets));
        expect(decoded).toEqual({ ok: true, secrets });
      }),
    );
  });

  it('are refused where a bit is flipped, an end is missing or something follows', () => {
    const good = encodeBatchSecrets(CONTEXT, SMALL);
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const flipped = good.slice();
      flipped.set([(flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
      expect(decodeBatchSecrets(CONTEXT, flipped).ok).toBe(false);
    }
    for (let length = 0; length < good.length; length++) {
      expect(decodeBatchSecrets(CONTEXT, good.slice(0, length)).ok).toBe(false);
    }
    expect(decodeBatchSecrets(CONTEXT, Uint8Array.of(...good, 0)).ok).toBe(false);
  });

  it('are refused with another batch’s name, another version, or lengths that do not fit', () => {
    const good = encodeBatchSecrets(CONTEXT, SMALL);
    expect(decodeBatchSecrets(new Uint8Array(32), good)).toEqual({
      ok: false,
      fault: 'belongs to another batch',
    });
    const later = good.slice();
    later.set([3], 4);
    expect(decodeBatchSecrets(CONTEXT, sealed(later))).toEqual({ ok: false, fault: 'has version 3, not 2' });
    for (const [at, value] of [
      [37, 0xff], // the sealing secret's length
      [43, 0xff], // the number of round secrets
      [40, 0xff], // a length of gigabytes
      [61, 0], // nothing held, and bytes left over
    ] as const) {
      const bad = good.slice();
      bad.set([value], at);
      expect(decodeBatchSecrets(CONTEXT, sealed(bad))).toEqual({ ok: false, fault: 'is malformed' });
    }
  });

  it('are copies: wiping them leaves the decoded secrets', () => {
    const encoded = encodeBatchSecrets(CONTEXT, SMALL);
    const decoded = decodeBatchSecrets(CONTEXT, encoded);
    encoded.fill(0);
    expect(decoded).toEqual({ ok: true, secrets: SMALL });
  });
});
