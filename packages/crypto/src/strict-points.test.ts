import { createHash, createPublicKey, verify as opensslVerify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from './bytes.ts';
import { nobleBackend } from './noble-backend.ts';
import { nodeBackend } from './node/node-backend.ts';
import { checkIdentityKey } from './strict-points.ts';

const { Point } = ed25519;
type EdwardsPoint = InstanceType<typeof Point>;

const P = 2n ** 255n - 19n;
const L = Point.Fn.ORDER;
const TOP_BIT = 2n ** 255n;

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function integer(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

const mod = (value: bigint): bigint => ((value % P) + P) % P;

/** The y with the sign bit of an encoding set to `sign`. */
function withSign(encoding: Uint8Array, sign: bigint): Uint8Array {
  return littleEndian((integer(encoding) % TOP_BIT) + sign * TOP_BIT);
}

/** L times a point outside the prime-order subgroup, chosen so that its order is 8 and not a divisor of 4. */
function pointOfOrderEight(): EdwardsPoint {
  for (let y = 2n; y < 1000n; y += 1n) {
    if (checkIdentityKey(littleEndian(y)) === 'NOT_ON_CURVE') continue;
    const point = Point.fromBytes(littleEndian(y));
    const torsion = point.multiplyUnsafe(L - 1n).add(point);
    if (!torsion.multiplyUnsafe(4n).is0()) return torsion;
  }
  throw new Error('no point of order 8 found');
}

const ORDER_EIGHT = pointOfOrderEight();
/** All points of small order, the identity first. */
const SMALL_ORDER = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((multiple) => ORDER_EIGHT.multiplyUnsafe(multiple));

function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return integer(createHash('sha512').update(r).update(key).update(message).digest()) % L;
}

function verdicts(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): [noble: boolean, node: boolean] {
  return [
    nobleBackend.ed25519Verify(key, message, signature),
    nodeBackend.ed25519Verify(key, message, signature),
  ];
}

/** What OpenSSL says without the checks of this package. */
function opensslAlone(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(key).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return opensslVerify(null, message, publicKey, signature);
}

describe('strict Ed25519 verification', () => {
  it('refuses the signature that needs no key: A and R of small order, S = 0', () => {
    let opensslAccepts = 0;
    for (const a of SMALL_ORDER) {
      for (const r of SMALL_ORDER) {
        const signature = concatBytes(r.toBytes(), new Uint8Array(32));
        const message = utf8('pay the bearer');
        expect(verdicts(a.toBytes(), message, signature)).toEqual([false, false]);
        if (opensslAlone(a.toBytes(), message, signature)) opensslAccepts += 1;
      }
    }
    expect(opensslAccepts).toBeGreaterThan(0);
  });

  it('refuses an honest signature whose S is written as S + L', () => {
    const secret = new Uint8Array(32).fill(9);
    const key = nodeBackend.ed25519PublicKey(secret);
    const signature = nodeBackend.ed25519Sign(secret, utf8('once'));
    expect(verdicts(key, utf8('once'), signature)).toEqual([true, true]);
    const s = integer(signature.subarray(32));
    const again = concatBytes(signature.subarray(0, 32), littleEndian(s + L));
    expect(verdicts(key, utf8('once'), again)).toEqual([false, false]);
  });

  it('refuses S = 0 under an ordinary key', () => {
    const key = nodeBackend.ed25519PublicKey(new Uint8Array(32).fill(9));
    const signature = concatBytes(Point.BASE.toBytes(), new Uint8Array(32));
    expect(verdicts(key, utf8('m'), signature)).toEqual([false, false]);
  });

  it('gives one verdict, that of the equation without the cofactor, for keys and R of mixed order', () => {
    const scalar = 123_456_789n;
    let accepted = 0;
    for (let attempt = 0n; attempt < 64n; attempt += 1n) {
      const keyTorsion = ORDER_EIGHT.multiplyUnsafe(1n + (attempt % 7n));
      const nonceTorsion = ORDER_EIGHT.multiplyUnsafe(attempt % 8n);
      const nonce = 1000n + attempt;
      const key = Point.BASE.multiply(scalar).add(keyTorsion).toBytes();
      const r = Point.BASE.multiply(nonce).add(nonceTorsion).toBytes();
      const message = utf8(`message ${attempt}`);
      const k = challenge(r, key, message);
      const signature = concatBytes(r, littleEndian((nonce + k * scalar) % L));
      const holds = nonceTorsion.add(keyTorsion.multiplyUnsafe(k % 8n)).is0();
      expect(verdicts(key, message, signature)).toEqual([holds, holds]);
      expect(ed25519.verify(signature, message, key, { zip215: false })).toBe(true);
      if (holds) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(64);
  });

  it('refuses every encoding with y >= p, as key and as R, though the point is the same', () => {
    const secret = new Uint8Array(32).fill(3);
    const key = nodeBackend.ed25519PublicKey(secret);
    const signature = nodeBackend.ed25519Sign(secret, utf8('m'));
    for (let y = P; y < TOP_BIT; y += 1n) {
      for (const sign of [0n, 1n]) {
        const encoding = withSign(littleEndian(y), sign);
        expect(checkIdentityKey(encoding)).toBe('NOT_CANONICAL');
        expect(verdicts(encoding, utf8('m'), signature)).toEqual([false, false]);
        const forged = concatBytes(encoding, signature.subarray(32));
        expect(verdicts(key, utf8('m'), forged)).toEqual([false, false]);
      }
    }
  });
});

describe('checkIdentityKey', () => {
  it('takes every key that was made from a secret', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
        expect(checkIdentityKey(nodeBackend.ed25519PublicKey(secret))).toBeUndefined();
      }),
    );
  });

  it('refuses the eight points of small order, with either sign bit', () => {
    expect(new Set(SMALL_ORDER.map((point) => point.toHex())).size).toBe(8);
    for (const point of SMALL_ORDER) {
      for (const sign of [0n, 1n]) {
        expect(checkIdentityKey(withSign(point.toBytes(), sign))).toBe('SMALL_ORDER');
      }
    }
  });

  it('refuses an honest key with a point of small order added', () => {
    const honest = Point.BASE.multiply(42n);
    for (const torsion of SMALL_ORDER.slice(1)) {
      expect(checkIdentityKey(honest.add(torsion).toBytes())).toBe('MIXED_ORDER');
    }
  });

  it('refuses what is no point, or has another length', () => {
    expect(checkIdentityKey(littleEndian(2n))).toBe('NOT_ON_CURVE');
    for (const length of [0, 31, 33, 64]) {
      expect(checkIdentityKey(new Uint8Array(length))).toBe('WRONG_LENGTH');
    }
  });

  it('answers for any bytes from anyone, without throwing', () => {
    const answers = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 31, maxLength: 33 }), (bytes) => {
        answers.add(checkIdentityKey(bytes));
      }),
    );
    expect([...answers]).toEqual(expect.arrayContaining(['WRONG_LENGTH', 'NOT_ON_CURVE']));
  });
});

describe('X25519 with a peer key of small order', () => {
  /** The five residues, by x-only doubling on v^2 = u^3 + 486662 u^2 + u and its twist. */
  const ORDER_EIGHT_U = [
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  ];
  const residues = [0n, 1n, P - 1n, ...ORDER_EIGHT_U];
  const secret = new Uint8Array(32).fill(5);

  it('the residues are of order 1, 2, 4 or 8: three doublings end at the point at infinity', () => {
    for (const residue of residues) {
      let [x, z] = [residue, 1n];
      for (let doubling = 0; doubling < 3 && z !== 0n; doubling += 1) {
        [x, z] = [mod((x * x - z * z) ** 2n), mod(4n * x * z * (x * x + 486662n * x * z + z * z))];
      }
      expect(z).toBe(0n);
    }
  });

  it('gives undefined, in every encoding of the five residues', () => {
    for (const residue of residues) {
      for (const u of [residue, residue + P].filter((value) => value < TOP_BIT)) {
        for (const encoding of [littleEndian(u), littleEndian(u + TOP_BIT)]) {
          expect(nobleBackend.x25519(secret)(encoding)).toBeUndefined();
          expect(nodeBackend.x25519(secret)(encoding)).toBeUndefined();
        }
      }
    }
  });

  it('computes with every other u, canonical or not, as if reduced', () => {
    for (let u = 2n; u <= 18n; u += 1n) {
      const shared = nobleBackend.x25519(secret)(littleEndian(u));
      expect(shared).toBeDefined();
      for (const encoding of [littleEndian(u), littleEndian(u + P), littleEndian(u + P + TOP_BIT)]) {
        expect(nobleBackend.x25519(secret)(encoding)).toEqual(shared);
        expect(nodeBackend.x25519(secret)(encoding)).toEqual(shared);
      }
    }
  });
});
