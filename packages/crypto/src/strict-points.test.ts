import { verify as opensslVerify, createPublicKey } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './byte-text.ts';
import { concatBytes } from './bytes.ts';
import { nobleBackend } from './noble-backend.ts';
import { nodeBackend } from './node/node-backend.ts';
import { checkIdentityKey, isSmallOrderX25519 } from './strict-points.ts';

const { Point } = ed25519;
type EdwardsPoint = InstanceType<typeof Point>;

const BACKENDS = [nobleBackend, nodeBackend];
const P = 2n ** 255n - 19n;
const L = Point.Fn.ORDER;

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i += 1) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

function integer(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** A point of order 8: L times a point outside the prime-order subgroup. */
function orderEight(): EdwardsPoint {
  for (let y = 2n; ; y += 1n) {
    try {
      const torsion = Point.fromBytes(littleEndian(y)).multiplyUnsafe(L - 1n).add(Point.fromBytes(littleEndian(y)));
      if (!torsion.multiplyUnsafe(4n).is0()) return torsion;
    } catch {
      // This y is on no point; try the next.
    }
  }
}

/** All eight points of small order, number 0 being the identity. */
const SMALL_ORDER = Array.from({ length: 8 }, (_, multiple) => orderEight().multiplyUnsafe(BigInt(multiple)));

/** Signs as the holder of `scalar` may, with any key and nonce points of its choice: S = r + k s mod L. */
function signWith(key: Uint8Array, scalar: bigint, nonce: Uint8Array, nonceScalar: bigint, message: Uint8Array): Uint8Array {
  const k = challenge(nonce, key, message);
  return concatBytes(nonce, littleEndian((nonceScalar + k * scalar) % L));
}

function challenge(nonce: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return integer(ed25519Hash(concatBytes(nonce, key, message))) % L;
}

function ed25519Hash(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(bytes).digest());
}
