import { toHex } from '@tributary/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparable } from '../testing/cast.ts';
import { anyBody, MESSAGE_KINDS } from '../testing/arbitrary-messages.ts';
import { EMPTY_SIGNATURE } from '../signing.ts';
import { CanonicalWriter } from '../wire/canonical.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import type { Shape } from '../wire/shape.ts';
import { type Bodies, MESSAGES, type MessageKind } from './index.ts';
import { MAX_CHUNK_BYTES } from './round.ts';

const shapeOf = (kind: MessageKind): Shape<Bodies[MessageKind]> => MESSAGES[kind].shape;

function canonical(kind: MessageKind, body: Bodies[MessageKind]): string {
  const writer = new CanonicalWriter();
  shapeOf(kind).write(body, writer);
  return toHex(writer.finish());
}

const text = (value: unknown): string => JSON.stringify(comparable(value));

/** Numbers on the wire are never reused: a line of this table is never edited. */
const NUMBERS: Readonly<Record<MessageKind, number>> = {
  challenge: 1,
  hello: 2,
  welcome: 3,
  'batch-start': 10,
  'key-advert': 11,
  'key-roster': 12,
  'dealt-shares': 13,
  'held-shares': 14,
  'draw-request': 15,
  'draw-reveal': 16,
  complaint: 17,
  'relayed-complaint': 18,
  'opened-shares': 19,
  'relayed-shares': 9,
  'round-announce': 20,
  ready: 21,
  refusal: 22,
  'round-start': 23,
  'vector-chunk': 24,
  'upload-end': 25,
  survivors: 26,
  'survivors-signature': 27,
  'unmask-request': 28,
  release: 29,
  'round-result': 30,
  'round-aborted': 31,
  'nothing-released': 32,
  evidence: 33,
  'run-ended': 40,
};

describe('the table of messages', () => {
  it('keeps its numbers', () => {
    expect(Object.fromEntries(MESSAGE_KINDS.map((kind) => [kind, MESSAGES[kind].number]))).toEqual(NUMBERS);
    expect(new Set(Object.values(NUMBERS)).size).toBe(MESSAGE_KINDS.length);
  });
});

describe('a chunk of the largest size', () => {
  it('arrives as it was sent', () => {
    const bytes = Uint8Array.from({ length: MAX_CHUNK_BYTES }, (_, i) => i);
    const body = { roundContext: new Uint8Array(32), sequence: 2 ** 32 - 1, bytes };
    const decoded = decodeMessage(encodeMessage('vector-chunk', body, EMPTY_SIGNATURE));
    expect(decoded.ok && text(decoded.message.body)).toBe(text(body));
  });
});

describe.each(MESSAGE_KINDS)('%s', (kind) => {
  const bodies = anyBody(kind);
  const signature = kind === 'vector-chunk' ? EMPTY_SIGNATURE : new Uint8Array(64).fill(5);

  it('arrives as it was sent, and has the same canonical bytes before and after', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const decoded = decodeMessage(encodeMessage(kind, body, signature));
        if (!decoded.ok) throw new Error(decoded.detail);
        expect(text(decoded.message)).toBe(text({ kind, body, signature }));
        expect(canonical(kind, decoded.message.body)).toBe(canonical(kind, body));
      }),
      { numRuns: 50 },
    );
  });

  it('shares its canonical bytes with no other body, not with one that differs in a single field', () => {
    fc.assert(
      fc.property(bodies, bodies, (a, b) => {
        expect(canonical(kind, a) === canonical(kind, b)).toBe(text(a) === text(b));
        for (const field of Object.keys(a) as (keyof typeof a)[]) {
          const mixed = { ...a, [field]: b[field] };
          expect(canonical(kind, mixed) === canonical(kind, a)).toBe(text(mixed) === text(a));
        }
      }),
      { numRuns: 30 },
    );
  });
});
