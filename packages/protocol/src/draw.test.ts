import { toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { drawCommitment, drawDigest, drawOf } from './draw.ts';

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

describe('the commitment to a nonce', () => {
  const commitment = toHex(drawCommitment(crypto, hash(0), 3, hash(1)));

  it.each([
    ['another batch', drawCommitment(crypto, hash(9), 3, hash(1))],
    ['another member', drawCommitment(crypto, hash(0), 4, hash(1))],
    ['another nonce', drawCommitment(crypto, hash(0), 3, hash(2))],
  ])('is another for %s', (_, other) => {
    expect(toHex(other)).not.toBe(commitment);
  });
});

describe('what a nonce is given for', () => {
  const members = [0, 2, 5];
  const commitments = [hash(1), hash(2)];
  const digest = toHex(drawDigest(crypto, hash(0), members, commitments));

  it.each([
    ['another batch', drawDigest(crypto, hash(9), members, commitments)],
    ['a member less', drawDigest(crypto, hash(0), [0, 2], commitments)],
    ['another member', drawDigest(crypto, hash(0), [0, 2, 6], commitments)],
    ['another commitment', drawDigest(crypto, hash(0), members, [hash(1), hash(3)])],
    ['commitments that change places', drawDigest(crypto, hash(0), members, [hash(2), hash(1)])],
    ['a commitment less', drawDigest(crypto, hash(0), members, [hash(1)])],
  ])('differs for %s', (_, other) => {
    expect(toHex(other)).not.toBe(digest);
  });
});

describe('a draw', () => {
  const nonces = [
    { member: 0, nonce: hash(1) },
    { member: 4, nonce: hash(2) },
  ];
  const draw = toHex(drawOf(crypto, hash(0), nonces));

  it('has 32 bytes, the same for the same nonces', () => {
    expect(drawOf(crypto, hash(0), nonces)).toHaveLength(32);
    expect(toHex(drawOf(crypto, hash(0), [...nonces]))).toBe(draw);
  });

  it.each([
    ['another basis', drawOf(crypto, hash(9), nonces)],
    ['another nonce of one member', drawOf(crypto, hash(0), nonces.with(1, { member: 4, nonce: hash(3) }))],
    ['the nonces of other members', drawOf(crypto, hash(0), nonces.with(1, { member: 5, nonce: hash(2) }))],
    ['a nonce less', drawOf(crypto, hash(0), nonces.slice(1))],
  ])('is another for %s', (_, other) => {
    expect(toHex(other)).not.toBe(draw);
  });
});
