/**
 * A15: an upload that is too short, too long, of one element, cut, doubled, signed by another, or changed on
 * the way. It costs its sender the round and nobody else anything.
 */
import { packedLength } from '@tributary/crypto';
import { CHUNK_WORDS, type Message } from '@tributary/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { existing } from '../support/existing.ts';
import { BITS } from '../support/expected-sum.ts';
import { CheatingFederation } from '../support/cheating-federation.ts';
import { plainSum } from '../support/federation.ts';
import { membersIn, SocketFederation, type WireTwist } from '../support/socket-federation.ts';

const CHEAT = 2;
const OTHERS = [0, 1, 3, 4];
const DIMENSION = CHUNK_WORDS + 100;
const LENGTH = packedLength(DIMENSION, BITS);

type Chunk = Message<'vector-chunk'>;
type End = Message<'upload-end'>;

interface Upload {
  /** Its two chunks, and the message that ends it. */
  readonly first: Chunk;
  readonly second: Chunk;
  readonly end: End;
  readonly federation: CheatingFederation;
}

/** A federation in which the cheat's upload is changed once it is whole. */
function uploading(change: (upload: Upload) => readonly Message[]): CheatingFederation {
  const federation = new CheatingFederation({ members: 5, dimension: DIMENSION });
  const chunks: Chunk[] = [];
  federation.corrupt(CHEAT, (message): readonly Message[] => {
    if (message.kind === 'vector-chunk') {
      chunks.push(message);
      return [];
    }
    if (message.kind !== 'upload-end') return [message];
    const [first, second] = chunks;
    return change({ first: existing(first), second: existing(second), end: message, federation });
  });
  return federation;
}

const signedEnd = (federation: CheatingFederation, body: End['body']): Message =>
  federation.cast.member(CHEAT).sign('upload-end', body);

const withBytes = (chunk: Chunk, bytes: Uint8Array, sequence = chunk.body.sequence): Chunk => ({
  ...chunk,
  body: { ...chunk.body, bytes, sequence },
});

const UPLOADS: [string, RegExp, (upload: Upload) => readonly Message[]][] = [
  ['one element', /^chunk 0 of 3 bytes/, ({ first, end }) => [withBytes(first, new Uint8Array(3)), end]],
  ['nothing at all', /^upload of 0 bytes/, ({ end }) => [end]],
  [
    'its first chunk only',
    new RegExp(`^upload of 163840 bytes, ${LENGTH} are due`),
    ({ first, end }) => [first, end],
  ],
  [
    'a chunk too many',
    /^chunk 2 of/,
    ({ first, second, end }) => [first, second, withBytes(second, new Uint8Array(250), 2), end],
  ],
  ['chunks in another order', /^chunk 1 of/, ({ first, second, end }) => [second, first, end]],
  ['a chunk twice', /^chunk 0 of/, ({ first, second, end }) => [first, first, second, end]],
  [
    'a chunk that is longer than its place',
    /^chunk 1 of 40960 bytes/,
    ({ first, second, end }) => [first, withBytes(second, new Uint8Array(40_960)), end],
  ],
  [
    'a length that is not that of its bytes',
    /bytes, \d+ are due/,
    ({ first, second, end, federation }) => [
      first,
      second,
      signedEnd(federation, { ...end.body, length: LENGTH - 1 }),
    ],
  ],
  [
    'another digest than it signed',
    /do not have the signed digest/,
    ({ first, second, end, federation }) => [
      first,
      second,
      signedEnd(federation, { ...end.body, digest: new Uint8Array(32) }),
    ],
  ],
  [
    'the signature of another member',
    /^upload-end$/,
    ({ first, second, end, federation }) => {
      const { signature } = federation.cast.member(1).sign('upload-end', end.body);
      return [first, second, { ...end, signature }];
    },
  ],
  [
    "another member's name",
    /names another member/,
    ({ first, second, end, federation }) => [
      first,
      second,
      signedEnd(federation, { ...end.body, member: 1 }),
    ],
  ],
];

function expectOthersOnly(federation: CheatingFederation, detail: RegExp): void {
  const { sum, survivors, failures } = federation.sum();
  expect(failures).toEqual([]);
  expect(survivors).toEqual(OTHERS);
  expect(sum).toEqual(
    plainSum(
      federation.cast.members.map(({ vector }) => vector),
      OTHERS,
    ),
  );
  expect(federation.drops).toMatchObject([
    {
      member: CHEAT,
      reason: 'protocol-error',
      phase: 'masked-input',
      detail: expect.stringMatching(detail) as string,
    },
  ]);
  expect(federation.rejections[0]).toMatchObject({ from: CHEAT });
}

describe('A15: a malformed upload', () => {
  it.each(UPLOADS)('of %s drops its owner alone', (_, detail, change) => {
    expectOthersOnly(uploading(change), detail);
  });

  it('of another round is not taken for one of this; its owner is late', () => {
    const federation = uploading(({ first, second, end, federation: { cast } }) => {
      const roundContext = new Uint8Array(32).fill(9);
      const cheat = cast.member(CHEAT);
      return [
        ...[first, second].map(({ body }) => cheat.sign('vector-chunk', { ...body, roundContext })),
        cheat.sign('upload-end', { ...end.body, roundContext }),
      ];
    });
    const { sum, survivors } = federation.sum();
    expect(survivors).toEqual(OTHERS);
    expect(sum).toEqual(
      plainSum(
        federation.cast.members.map(({ vector }) => vector),
        OTHERS,
      ),
    );
    expect(federation.rejections).toMatchObject([{ code: 'WRONG_CONTEXT', from: CHEAT }]);
    expect(federation.drops).toMatchObject([{ member: CHEAT, reason: 'late' }]);
  });

  it('of any bytes in any chunks never changes the sum of the others', () => {
    const edits = fc.array(
      fc.record({
        sequence: fc.nat({ max: 3 }),
        bytes: fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 300 }),
          fc.constantFrom(new Uint8Array(40_960), new Uint8Array(250)),
        ),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(edits, (pieces) => {
        const federation = uploading(({ first, end }) => [
          ...pieces.map(({ sequence, bytes }) => withBytes(first, bytes, sequence)),
          end,
        ]);
        const { sum, survivors } = federation.sum();
        expect(survivors).toEqual(OTHERS);
        expect(sum).toEqual(
          plainSum(
            federation.cast.members.map(({ vector }) => vector),
            OTHERS,
          ),
        );
      }),
      { numRuns: 5 },
    );
  });
});

describe('A15: a malformed upload over a real socket', () => {
  const tooLarge = new Uint8Array(17 * 2 ** 20);

  it.each<[string, WireTwist]>([
    [
      'one word',
      (message) =>
        message.kind === 'vector-chunk'
          ? [{ ...message, body: { ...message.body, bytes: message.body.bytes.slice(0, 4) } }]
          : [message],
    ],
    ['no word', (message) => (message.kind === 'vector-chunk' ? [] : [message])],
    [
      'other bytes than it signed',
      (message) =>
        message.kind === 'vector-chunk'
          ? [{ ...message, body: { ...message.body, bytes: message.body.bytes.map((byte) => byte ^ 1) } }]
          : [message],
    ],
    [
      'a chunk that never ends in place of a vector',
      (message) =>
        message.kind === 'vector-chunk'
          ? Array.from({ length: 3 }, (_, sequence) => ({
              ...message,
              body: { ...message.body, sequence, bytes: new Uint8Array(4 * CHUNK_WORDS) },
            }))
          : [message],
    ],
    [
      'a frame above all limits',
      (message) => (message.kind === 'vector-chunk' ? [{ raw: tooLarge }] : [message]),
    ],
  ])('of %s costs its sender the round, and the others nothing', async (_, twist) => {
    const federation = new SocketFederation(4, { setup: 3, ready: 2, maskedInput: 3 });
    const [report] = await federation.serve();
    const cheat = await federation.byHand(twist);
    const clients = [1, 2, 3].map(async (i) => await federation.client(i));
    expect(await report).toMatchObject({ survivors: 3 });
    await Promise.all(clients);
    const drops = federation.seen.flatMap((event) => (event.kind === 'dropped' ? [event] : []));
    expect(new Set(drops.map(({ member }) => member))).toEqual(new Set(['org-0']));
    expect(drops[0]?.drop).toMatchObject({ phase: 'masked-input' });
    for (const sum of cheat.sums.slice(0, 1)) expect(membersIn(sum)).toEqual({ records: 90, numbers: 6 });
    expect(new Set([1, 2, 3].map((i) => federation.router(i))).size).toBe(1);
  });
});
