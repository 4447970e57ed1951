import { packedLength, packWords } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { CHUNK_WORDS, encodeFieldElement, type RoundInProgress, uploadProduct } from '@tributary/protocol';
import { memoryBlobStore, VectorWork } from '@tributary/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { Accumulator } from './accumulator.ts';

const SHAPE = { dimension: CHUNK_WORDS + 20_000, bits: 20 };
const MEMBERS = [0, 1, 2];
const CHALLENGE = new Uint8Array(32).fill(3);
const work = new VectorWork({ threads: 0 });

function uploadOf(member: number): Uint8Array {
  const words = Int32Array.from({ length: SHAPE.dimension }, (_, i) => (i * (member + 7)) & 0xfffff);
  const packed = new Uint8Array(packedLength(SHAPE.dimension, SHAPE.bits));
  packWords(words, SHAPE.bits, packed);
  return packed;
}

const productOf = (member: number): Uint8Array =>
  encodeFieldElement(uploadProduct(crypto, CHALLENGE, uploadOf(member), SHAPE) ?? 0n);

let accumulator: Accumulator;
beforeEach(async () => {
  const round = { context: new Uint8Array(32), terms: SHAPE, participants: MEMBERS };
  accumulator = new Accumulator(crypto, round as unknown as RoundInProgress, memoryBlobStore(), work);
  const chunk = packedLength(CHUNK_WORDS, SHAPE.bits);
  for (const member of MEMBERS) {
    const spool = accumulator.spool(member);
    const packed = uploadOf(member);
    for (let at = 0, sequence = 0; at < packed.length; at += chunk, sequence++) {
      await spool?.write(sequence, packed.subarray(at, at + chunk));
    }
    await spool?.finish(crypto.sha256(packed));
    await accumulator.add(member);
  }
});

async function kept(products: ReadonlyMap<number, Uint8Array>): Promise<number[]> {
  const members: number[] = [];
  for await (const { member, packed } of accumulator.unproven(MEMBERS, products, CHALLENGE)) {
    expect(Buffer.from(packed).equals(Buffer.from(uploadOf(member)))).toBe(true);
    members.push(member);
  }
  return members;
}

describe('uploads that an auditor needs', () => {
  const all = new Map(MEMBERS.map((member) => [member, productOf(member)]));

  it('are none where every survivor signed its inner product', async () => {
    expect(await kept(all)).toEqual([]);
  });

  it('are those of survivors that signed none', async () => {
    expect(await kept(new Map([[1, productOf(1)]]))).toEqual([0, 2]);
    expect(await kept(new Map([...all, [2, new Uint8Array(0)]]))).toEqual([2]);
  });

  it('are those of survivors that signed a wrong one, or one that is no element of the field', async () => {
    expect(await kept(new Map([...all, [0, productOf(1)]]))).toEqual([0]);
    expect(await kept(new Map([...all, [1, new Uint8Array(8).fill(255)]]))).toEqual([1]);
    expect(
      await kept(
        new Map([
          [0, productOf(1)],
          [1, productOf(0)],
        ]),
      ),
    ).toEqual([2]);
  });
});
