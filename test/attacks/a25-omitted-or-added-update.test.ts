/**
 * A25: a coordinator leaves an update out of the sum, or adds one. Every signature in its log is good, for it writes the log; what it cannot
 * make fit is the inner products that the survivors signed.
 */
import {
  appendEntry,
  appendHead,
  AuditRecorder,
  EMPTY_LOG,
  genesisEntry,
  type LogTip,
  type Recorded,
  type RoundVectors,
  verifyLog,
} from '@tributary/audit';
import { liftWords, packedLength, packWords } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  addToIntegerSum,
  type Bodies,
  decodeFieldElement,
  decodeMessage,
  encodeFieldElement,
  encodeIntegerSum,
  FIELD_PRIME,
  InnerProduct,
  integerSumWidth,
  type Message,
  type MessageKind,
  signMessage,
  summationChallenge,
  sumProduct,
  uploadProduct,
} from '@tributary/protocol';
import type { Frame } from '@tributary/protocol/in-memory';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomVectors, seededBytes, sumRequest, testFederation, testRoster } from '../support/federation.ts';

const MEMBERS = 5;
const DIMENSION = 500;
const BITS = 20;
const RUN = new Uint8Array(32).fill(7);
const SEED = 25;

/** All that passed between an honest coordinator and its members in one round, and the secret key of the coordinator. */
interface Heard {
  readonly frames: readonly Frame[];
  readonly uploads: ReadonlyMap<number, Uint8Array>;
  readonly sum: Int32Array;
}

function oneRound(): Heard {
  const frames: Frame[] = [];
  const { federation } = testFederation(MEMBERS, {
    seed: SEED,
    keyCount: 1,
    faults: {
      intercept: (frame) => {
        frames.push(frame);
        return [frame];
      },
    },
  });
  const outcome = federation.sum(sumRequest(DIMENSION, randomVectors(MEMBERS, DIMENSION, SEED)));
  if (outcome.kind !== 'opened') throw new Error(outcome.detail);
  const uploads = new Map<number, Uint8Array>();
  for (const { from, bytes } of frames) {
    const decoded = decodeMessage(bytes);
    if (decoded.ok && decoded.message.kind === 'vector-chunk' && from !== 'coordinator') {
      uploads.set(from, decoded.message.body.bytes);
    }
  }
  return { frames, uploads, sum: outcome.sum };
}

const { roster, identities, coordinatorIdentity } = testRoster(MEMBERS, seededBytes(SEED));
let heard: Heard;
beforeAll(() => {
  heard = oneRound();
});

/** What a coordinator claims of its one round: vectors that it chose, and what it has members sign about them. */
interface Claim {
  readonly masked: Float64Array;
  readonly sum: Int32Array;
}

function packed(sum: Int32Array): Uint8Array {
  const bytes = new Uint8Array(packedLength(DIMENSION, BITS));
  packWords(sum, BITS, bytes);
  return bytes;
}

function honestClaim(): Claim {
  const masked = new Float64Array(DIMENSION);
  for (const upload of heard.uploads.values())
    addToIntegerSum(upload, BITS, masked, 0, new Int32Array(DIMENSION));
  return { masked, sum: heard.sum };
}

/** The same change to the masked sum and, as the masks stay, to the opened one. */
function changed(claim: Claim, change: (i: number) => number): Claim {
  const sum = Int32Array.from(claim.sum, (word, i) => word + change(i));
  liftWords(sum, BITS);
  return { masked: claim.masked.map((value, i) => value + change(i)), sum };
}

/** The digest that the coordinator shows to the members. */
function digestOf({ masked }: Claim): Uint8Array {
  return crypto.sha256(encodeIntegerSum(masked, integerSumWidth(BITS, MEMBERS)));
}

/**
 * The log that the coordinator writes for its claim, wholly signed: members answer what they are asked.
 * @param products what each signs as its inner product
 * @param shown the masked sum that each was asked about
 */
function logOf(
  { masked, sum }: Claim,
  products: ReadonlyMap<number, Uint8Array>,
  shown: (member: number) => Uint8Array,
): {
  readonly lines: readonly Uint8Array[];
  readonly vectors: RoundVectors;
} {
  const recorder = new AuditRecorder(crypto, roster, '');
  const lines: Uint8Array[] = [];
  let tip: LogTip = EMPTY_LOG;
  const append = ({ entries, closes }: Recorded): void => {
    for (const entry of entries) {
      const appended = appendEntry(crypto, tip, entry, 0);
      lines.push(appended.line);
      ({ tip } = appended);
    }
    if (!closes) return;
    const head = appendHead(crypto, tip, { identity: coordinatorIdentity, run: RUN }, 0);
    lines.push(head.line);
    ({ tip } = head);
  };
  append({ entries: [genesisEntry(roster, '{}', RUN)], closes: false });
  const maskedSum = encodeIntegerSum(masked, integerSumWidth(BITS, MEMBERS));
  for (const { from, bytes } of heard.frames) {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.detail);
    const { message } = decoded;
    if (message.kind === 'release') {
      const { member } = message.body;
      const innerProduct = products.get(member) ?? new Uint8Array(0);
      const body = { ...message.body, maskedSum: shown(member), innerProduct };
      append(recorder.accepted(signedBy(identities[member], 'release', body)));
    } else if (from !== 'coordinator') {
      append(recorder.accepted(message));
    } else if (message.kind === 'round-result') {
      const body = { ...message.body, digest: crypto.sha256(packed(sum)) };
      append(recorder.sent(signedBy(coordinatorIdentity, 'round-result', body)));
    } else if (message.kind === 'unmask-request') {
      const body = { ...message.body, maskedSum: digestOf({ masked, sum }) };
      append(recorder.sent(signedBy(coordinatorIdentity, 'unmask-request', body)));
    } else {
      append(recorder.sent(message));
    }
  }
  return { lines, vectors: { sum: packed(sum), maskedSum, uploads: new Map() } };
}

function signedBy<K extends MessageKind>(
  identity: Uint8Array | undefined,
  kind: K,
  body: Bodies[K],
): Message {
  if (identity === undefined) throw new Error('nobody signs');
  const signature = signMessage(crypto, identity, kind, body);
  return { kind, body, signature } as unknown as Message;
}

function survivorsDigest(): Uint8Array {
  for (const { bytes } of heard.frames) {
    const decoded = decodeMessage(bytes);
    if (decoded.ok && decoded.message.kind === 'unmask-request') return decoded.message.body.survivorsDigest;
  }
  throw new Error('nobody was asked to unmask');
}

/** What each survivor signs, shown the digest of this claim's masked sum. */
function productsFor(claim: Claim): Map<number, Uint8Array> {
  const challenge = summationChallenge(crypto, survivorsDigest(), digestOf(claim));
  return new Map(
    [...heard.uploads].map(([member, upload]) => [
      member,
      encodeFieldElement(
        uploadProduct(crypto, challenge, upload, { dimension: DIMENSION, bits: BITS }) ?? 0n,
      ),
    ]),
  );
}

function audit(
  claim: Claim,
  products: ReadonlyMap<number, Uint8Array> = productsFor(claim),
  uploads: ReadonlyMap<number, Uint8Array> = new Map(),
  shown: (member: number) => Uint8Array = () => digestOf(claim),
): ReturnType<typeof verifyLog> {
  const { lines, vectors } = logOf(claim, products, shown);
  const sumLine = lines.findLast((line) => new TextDecoder().decode(line).includes('"type":"sum"'));
  return verifyLog(crypto, lines, {}, (line) => (line === sumLine ? { ...vectors, uploads } : undefined));
}

/** Coordinates of r, one by one. */
function coordinatesOf(challenge: Uint8Array, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => {
    const product = new InnerProduct(crypto, challenge);
    product.addWords(Int32Array.from({ length: count }, (__, j) => (i === j ? 1 : 0)));
    return product.value();
  });
}

const dot = (a: readonly bigint[], b: readonly bigint[]): bigint =>
  a.reduce((sum, value, i) => sum + value * (b.at(i) ?? 0n), 0n);

/** The integer nearest to a / b, for b > 0. */
function nearest(a: bigint, b: bigint): bigint {
  const shifted = 2n * a + b;
  const quotient = shifted / (2n * b);
  return shifted < 0n && shifted % (2n * b) !== 0n ? quotient - 1n : quotient;
}

/** b^(p - 2) mod p */
function inverse(b: bigint): bigint {
  let [result, base] = [1n, b];
  for (let exponent = FIELD_PRIME - 2n; exponent > 0n; exponent /= 2n) {
    if (exponent % 2n === 1n) result = (result * base) % FIELD_PRIME;
    base = (base * base) % FIELD_PRIME;
  }
  return result;
}

/**
 * A short non-zero integer vector that is orthogonal to r modulo p: who knows r reduces the lattice of all of them, pair by pair.
 */
function orthogonalTo(r: readonly bigint[]): readonly bigint[] {
  const scale = inverse(r.at(0) ?? 0n);
  const unit = (at: number, first: bigint): bigint[] =>
    r.map((_, i) => (i === 0 ? first : i === at ? 1n : 0n));
  const basis = r.map((value, i) =>
    unit(i, i === 0 ? FIELD_PRIME : ((FIELD_PRIME - value) * scale) % FIELD_PRIME),
  );
  for (let changes = 1; changes > 0; ) {
    changes = 0;
    for (const [i, row] of basis.entries()) {
      for (const [j, other] of basis.entries()) {
        const times = i === j ? 0n : nearest(dot(row, other), dot(other, other));
        if (times === 0n) continue;
        const shorter = row.map((value, k) => value - times * (other.at(k) ?? 0n));
        if (dot(shorter, shorter) >= dot(row, row)) continue;
        row.splice(0, row.length, ...shorter);
        changes += 1;
      }
    }
  }
  return basis.toSorted((a, b) => (dot(a, a) < dot(b, b) ? -1 : 1))[0] as bigint[];
}

/** Another claim of the same inner product, for a challenge that is known. */
function orthogonalChange(claim: Claim, challenge: Uint8Array): Claim {
  const change = orthogonalTo(coordinatesOf(challenge, 6));
  return changed(claim, (i) => Number(change[i] ?? 0n));
}

const FOUND = { ok: false, fault: { code: 'BAD_SUM' } };

describe('A25: a coordinator that leaves an update out, or adds one', () => {
  it('is not accused where it did neither', () => {
    expect(audit(honestClaim())).toMatchObject({ ok: true, report: { counts: { summation: 1, masks: 1 } } });
  });

  it('is found where it leaves an update out, though every signature is good', () => {
    const left = randomVectors(MEMBERS, DIMENSION, SEED).at(2) as Int32Array;
    expect(audit(changed(honestClaim(), (i) => -(left.at(i) ?? 0)))).toMatchObject(FOUND);
  });

  it('is found where it leaves a masked upload out, whatever it then calls the sum', () => {
    const { masked, sum } = honestClaim();
    const without = new Float64Array(masked.length);
    for (const [member, upload] of heard.uploads) {
      if (member !== 2) addToIntegerSum(upload, BITS, without, 0, new Int32Array(DIMENSION));
    }
    expect(audit({ masked: without, sum })).toMatchObject(FOUND);
  });

  it('is found where it adds one, adds one twice, or changes a single coordinate by one', () => {
    const vectors = randomVectors(MEMBERS, DIMENSION, SEED);
    expect(audit(changed(honestClaim(), (i) => vectors.at(0)?.at(i) ?? 0))).toMatchObject(FOUND);
    expect(audit(changed(honestClaim(), (i) => (i % 7) - 3))).toMatchObject(FOUND);
    expect(audit(changed(honestClaim(), (i) => (i === 499 ? 1 : 0)))).toMatchObject(FOUND);
  });

  it('is found with one member silent, whose masked upload is in the archive instead', () => {
    const claim = honestClaim();
    const products = productsFor(claim);
    products.delete(3);
    const upload = new Map([[3, heard.uploads.get(3) as Uint8Array]]);
    expect(audit(claim, products, upload)).toMatchObject({ ok: true, report: { counts: { summation: 1 } } });
    const wrong = changed(claim, (i) => (i === 0 ? 1 : 0));
    const others = productsFor(wrong);
    others.delete(3);
    expect(audit(wrong, others, upload)).toMatchObject(FOUND);
  });

  it('is found by a replay of the uploads, where all are in the archive', () => {
    expect(audit(honestClaim(), new Map(), heard.uploads)).toMatchObject({
      ok: true,
      report: { counts: { replayed: 1 } },
    });
    const wrong = changed(honestClaim(), (i) => (i === 7 ? 1 : 0));
    const verdict = audit(wrong, new Map(), heard.uploads);
    expect(verdict).toMatchObject(FOUND);
    expect(verdict.ok ? '' : verdict.fault.reason).toBe(
      'coordinate 7 of the masked sum is not that of the uploads',
    );
  });

  it('is not known to be honest where a member neither signed nor has its upload in the archive', () => {
    const products = productsFor(honestClaim());
    products.delete(3);
    expect(audit(honestClaim(), products)).toMatchObject({ ok: true, report: { counts: { summation: 0 } } });
  });

  it('cannot choose its sum after it knows the challenge: the challenge covers the sum', () => {
    // With the challenge of the honest sum, six coordinates can be changed so that the inner product stays.
    const claim = honestClaim();
    const challenge = summationChallenge(crypto, survivorsDigest(), digestOf(claim));
    const products = productsFor(claim);
    const forged = orthogonalChange(claim, challenge);
    expect(sumProduct(crypto, challenge, forged.masked)).toBe(sumProduct(crypto, challenge, claim.masked));
    expect(forged.masked).not.toEqual(claim.masked);
    expect(audit(forged, products)).toMatchObject(FOUND);
    expect(audit(forged)).toMatchObject(FOUND);
  });

  it('cannot choose among the challenges of several masked sums: a release names the one that it answers', () => {
    // Knowing all uploads it could compute each member's product for many digests, and pick those that add up to its false sum.
    const wrong = changed(honestClaim(), (i) => (i === 0 ? 1 : 0));
    const other = crypto.sha256(Uint8Array.of(1));
    const challenge = summationChallenge(crypto, survivorsDigest(), other);
    const products = productsFor(wrong);
    const upload = heard.uploads.get(2) as Uint8Array;
    const product = uploadProduct(crypto, challenge, upload, { dimension: DIMENSION, bits: BITS }) ?? 0n;
    products.set(2, encodeFieldElement(product));
    const verdict = audit(wrong, products, new Map(), (member) => (member === 2 ? other : digestOf(wrong)));
    expect(verdict).toMatchObject({ ok: false, fault: { code: 'BAD_RELEASE' } });
  });

  it('is covered by a survivor that colludes, and by nobody else: the limit of what is claimed', () => {
    const wrong = changed(honestClaim(), (i) => (i === 0 ? 1 : 0));
    const products = productsFor(wrong);
    const first = new InnerProduct(crypto, summationChallenge(crypto, survivorsDigest(), digestOf(wrong)));
    first.addWords(Int32Array.of(1, 0));
    const covering = (decodeFieldElement(products.get(4) as Uint8Array) ?? 0n) + first.value();
    products.set(4, encodeFieldElement(covering % FIELD_PRIME));
    expect(audit(wrong, products)).toMatchObject({ ok: true });
  });
});
