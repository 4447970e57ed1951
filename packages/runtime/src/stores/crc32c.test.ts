import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';

/** RFC 3720 prints checksums as bytes on the wire, low byte first. */
function onTheWire(bytes: Uint8Array): string {
  const wire = Buffer.alloc(4);
  wire.writeUInt32LE(crc32c(bytes));
  return wire.toString('hex');
}

describe('crc32c', () => {
  it('gives the known answers of RFC 3720 appendix B.4', () => {
    expect(onTheWire(new Uint8Array(32))).toBe('aa36918a');
    expect(onTheWire(new Uint8Array(32).fill(0xff))).toBe('43aba862');
    expect(onTheWire(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe('4e79dd46');
    expect(onTheWire(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe('5cdb3f11');
  });

  it('gives the check value of the catalogues for "123456789", and 0 for nothing', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it('goes on from the checksum of the bytes before', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (head, tail) => {
        const both = Buffer.concat([head, tail]);
        expect(crc32c(tail, crc32c(head))).toBe(crc32c(both));
        expect(crc32c(both, 0, head.length)).toBe(crc32c(tail));
        expect(crc32c(both, 0, 0, head.length)).toBe(crc32c(head));
      }),
    );
  });

  it('finds every flip of one bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, at) => {
        const bit = at % (8 * bytes.length);
        const flipped = bytes.slice();
        flipped.set([(flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
        expect(crc32c(flipped)).not.toBe(crc32c(bytes));
      }),
    );
  });
});
