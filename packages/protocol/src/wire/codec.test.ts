import { fromHex } from '@tributary/crypto';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { MESSAGES } from '../messages/index.ts';
import { EMPTY_SIGNATURE } from '../signing.ts';
import { anyBody, MESSAGE_KINDS } from '../testing/arbitrary-messages.ts';
import { comparable } from '../testing/cast.ts';
import { decodeMessage, encodeMessage, MAX_FRAME_BYTES, packValue } from './codec.ts';
import type { Packed } from './shape.ts';

const SIGNATURE = new Uint8Array(64).fill(3);
const packr = new Packr({ useRecords: false, moreTypes: false });
const ready = { termsDigest: new Uint8Array(32), member: 1, nonce: new Uint8Array(32) };
const fields = [ready.termsDigest, ready.member, ready.nonce];

/** A frame with any value for a body, as a peer's msgpack may hold it. */
const frameWith = (
  body: unknown,
  number: unknown = MESSAGES.ready.number,
  signature: unknown = SIGNATURE,
): Uint8Array => packr.pack([number, body, signature]);

const MALFORMED = { ok: false, code: 'MALFORMED' };

/**
 * Whether the bytes give no message, or one that a peer could have meant: encoding it again gives the same
 * message.
 */
function isRefusedOrSound(frame: Uint8Array): boolean {
  const decoded = decodeMessage(frame);
  if (!decoded.ok) return true;
  const { kind, body, signature } = decoded.message;
  const again = decodeMessage(encodeMessage(kind, body, signature));
  return (
    again.ok && JSON.stringify(comparable(again.message)) === JSON.stringify(comparable(decoded.message))
  );
}

describe('frames from a peer', () => {
  const frames = fc
    .constantFrom(...MESSAGE_KINDS)
    .chain((kind) =>
      anyBody(kind).map((body) =>
        encodeMessage(kind, body, kind === 'vector-chunk' ? EMPTY_SIGNATURE : SIGNATURE),
      ),
    );

  it('of random bytes never throw, and give no message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeMessage(bytes).ok).toBe(false);
      }),
      { numRuns: 4000 },
    );
  });

  it('of random plain values never throw, and give nothing but sound messages', () => {
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.nat({ max: 300 }),
        fc.double(),
        fc.string({ unit: 'binary', maxLength: 5 }),
        fc.constantFrom(new Uint8Array(32), SIGNATURE),
        fc.array(tie('value'), { maxLength: 6 }),
      ),
    }));
    const number = fc.constantFrom(...Object.values(MESSAGES).map((definition) => definition.number));
    fc.assert(
      fc.property(value, number, (body, kind) => {
        expect(isRefusedOrSound(frameWith(body, kind))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('with changed, added and removed bytes never throw, and give nothing but sound messages', () => {
    const edit = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      kind: fc.constantFrom('set', 'insert', 'remove'),
    });
    fc.assert(
      fc.property(frames, fc.array(edit, { minLength: 1, maxLength: 4 }), (frame, edits) => {
        const bytes = [...frame];
        for (const { at, byte, kind } of edits) {
          const position = at % bytes.length;
          if (kind === 'set') bytes[position] = byte;
          else bytes.splice(position, kind === 'remove' ? 1 : 0, ...(kind === 'insert' ? [byte] : []));
        }
        expect(isRefusedOrSound(Uint8Array.from(bytes))).toBe(true);
      }),
      { numRuns: 4000 },
    );
  });

  it('cut off anywhere give no message', () => {
    const frame = encodeMessage('ready', ready, SIGNATURE);
    for (let length = 0; length < frame.length; length++)
      expect(decodeMessage(frame.subarray(0, length))).toMatchObject(MALFORMED);
  });

  it('keep nothing of one frame for the next', () => {
    // A record definition would change what the bytes 0x40..0x7f mean.
    const record = fromHex('93d4724091a16101') as Uint8Array;
    expect(decodeMessage(record)).toMatchObject(MALFORMED);
    const body = { ...ready, member: 64 };
    expect(decodeMessage(encodeMessage('ready', body, SIGNATURE))).toMatchObject({
      ok: true,
      message: { body },
    });
  });

  it('are copied: a frame that changes later changes no message', () => {
    const frame = encodeMessage('ready', ready, SIGNATURE);
    const decoded = decodeMessage(frame);
    frame.fill(0xff);
    expect(decoded).toEqual({ ok: true, message: { kind: 'ready', body: ready, signature: SIGNATURE } });
  });
});

describe('a frame is refused', () => {
  it('for nothing but what follows: the frame that is varied below is accepted', () => {
    expect(decodeMessage(frameWith(fields))).toMatchObject({ ok: true, message: { body: ready } });
  });

  it('above the cap, before it is looked at', () => {
    expect(decodeMessage(new Uint8Array(MAX_FRAME_BYTES + 1))).toEqual({
      ok: false,
      code: 'LENGTH_MISMATCH',
      detail: `frame of ${MAX_FRAME_BYTES + 1} bytes`,
    });
  });

  it.each([
    ['no list', 5],
    ['a list of two', [21, fields]],
    ['a list of four', [21, fields, SIGNATURE, 0]],
    ['an unknown number', [99, fields, SIGNATURE]],
    ['a number that is text', ['21', fields, SIGNATURE]],
    ['a signature of 63 bytes', [21, fields, SIGNATURE.subarray(1)]],
    ['a signature that is text', [21, fields, 'x'.repeat(64)]],
    ['a chunk with a signature', [24, [new Uint8Array(32), 0, new Uint8Array(1)], SIGNATURE]],
    ['a chunk without bytes', [24, [new Uint8Array(32), 0, new Uint8Array(0)], EMPTY_SIGNATURE]],
    ['a body with a field too few', [21, fields.slice(1), SIGNATURE]],
    ['a body with a field too many', [21, [...fields, 0], SIGNATURE]],
    ['a body that is a map', [21, ready, SIGNATURE]],
    ['a body that is a map with __proto__', [21, JSON.parse('{"__proto__":[1]}') as object, SIGNATURE]],
    ['an integer that is a fraction', [21, [fields[0], 1.5, fields[2]], SIGNATURE]],
    ['an integer that is NaN', [21, [fields[0], Number.NaN, fields[2]], SIGNATURE]],
    ['an integer that is infinite', [21, [fields[0], Number.POSITIVE_INFINITY, fields[2]], SIGNATURE]],
    ['an integer that is negative', [21, [fields[0], -1, fields[2]], SIGNATURE]],
    ['an integer above its range', [21, [fields[0], 65_536, fields[2]], SIGNATURE]],
    ['an integer that is a bigint', [21, [fields[0], 2n ** 63n, fields[2]], SIGNATURE]],
    ['an integer that is text', [21, [fields[0], '1', fields[2]], SIGNATURE]],
    ['an integer that is a date', [21, [fields[0], new Date(0), fields[2]], SIGNATURE]],
    ['an integer that is nil', [21, [fields[0], null, fields[2]], SIGNATURE]],
    ['bytes a byte too short', [21, [new Uint8Array(31), 1, fields[2]], SIGNATURE]],
    ['bytes a byte too long', [21, [new Uint8Array(33), 1, fields[2]], SIGNATURE]],
    ['bytes that are text', [21, ['x'.repeat(32), 1, fields[2]], SIGNATURE]],
    ['bytes that are a list', [21, [Array(32).fill(0), 1, fields[2]], SIGNATURE]],
    ['text a character too long', [22, [1, 2, 'x'.repeat(33), ''], SIGNATURE]],
    ['text that is bytes', [22, [1, 2, new Uint8Array(3), ''], SIGNATURE]],
    [
      'a choice that is not offered',
      [29, [new Uint8Array(32), 1, [[1, 2, fields[0], fields[0]]]], SIGNATURE],
    ],
    ['a list above its length', [11, [fields[0], 1, fields[0], Array(65).fill(fields[0]), []], SIGNATURE]],
    ['a list that is bytes', [11, [fields[0], 1, fields[0], fields[0], []], SIGNATURE]],
  ])('that holds %s', (_, value) => {
    expect(decodeMessage(packr.pack(value))).toMatchObject(MALFORMED);
  });

  it('that holds bytes as a typed array in an extension of msgpackr', () => {
    const extended = new Packr({ useRecords: false, moreTypes: true });
    expect(decodeMessage(extended.pack([21, fields, SIGNATURE]))).toMatchObject(MALFORMED);
  });

  it('naming the field that is wrong', () => {
    const decoded = decodeMessage(
      packr.pack([
        26,
        [
          fields[0],
          [
            [1, fields[0], SIGNATURE],
            [70_000, fields[0], SIGNATURE],
          ],
        ],
        SIGNATURE,
      ]),
    );
    expect(decoded).toMatchObject({ detail: 'survivors: uploads[1].member must be an integer of 0..65535' });
  });
});

/** What a `ready` says of its member, with that integer in the given bytes. */
const member = (hex: string): unknown => {
  const [head, tail] = [fromHex('9315') as Uint8Array, packr.pack(new Uint8Array(32))];
  const frame = [...head, 0x93, ...tail, ...(fromHex(hex) as Uint8Array), ...tail, ...packr.pack(SIGNATURE)];
  const decoded = decodeMessage(Uint8Array.from(frame));
  return decoded.ok && decoded.message.kind === 'ready' ? decoded.message.body.member : undefined;
};

describe('integers', () => {
  it('are read in every form in which another encoder may write them', () => {
    expect(
      ['07', 'cc07', 'cd0007', 'ce00000007', 'cf0000000000000007', 'cb401c000000000000'].map(member),
    ).toEqual(Array(6).fill(7));
  });

  it('are never -0, and never a uint 64 beyond what a number holds', () => {
    expect(Object.is(member('cb8000000000000000'), 0)).toBe(true);
    expect(member('cf0020000000000001')).toBeUndefined();
    expect(member('cfffffffffffffffff')).toBeUndefined();
  });
});

describe('the encoder', () => {
  it.each([
    ['Uint32Array', new Uint32Array([1, 2])],
    ['Int32Array', new Int32Array([1, 2])],
    ['Float64Array', new Float64Array([1])],
    ['Uint8ClampedArray', new Uint8ClampedArray([1])],
    ['DataView', new DataView(new ArrayBuffer(4))],
    ['ArrayBuffer', new ArrayBuffer(4)],
    ['object', { a: 1 }],
    ['undefined', undefined],
    ['null', null],
    ['boolean', true],
    ['bigint', 1n],
  ])('refuses %s', (_, value) => {
    expect(() => packValue([[value as unknown as Packed]])).toThrow(
      expect.objectContaining({ code: 'INVARIANT' }),
    );
  });

  it('makes no frame above the cap', () => {
    const body = { nonce: ready.nonce, version: 1, manifest: 'x'.repeat(MAX_FRAME_BYTES), openedSums: 0 };
    expect(() => encodeMessage('welcome', body, SIGNATURE)).toThrow(
      expect.objectContaining({ code: 'INVARIANT' }),
    );
  });
});
