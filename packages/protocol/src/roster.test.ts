import { fromHex, toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import {
  ascending,
  checkRoster,
  countOrganisations,
  type Member,
  membersOfLargest,
  type Roster,
  rosterRoot,
} from './roster.ts';
import { castOf, existing } from './testing/cast.ts';

const { roster } = castOf(crypto, 4);

/** The roster with one member changed. */
function withMember(id: number, change: Partial<Member>, base: Roster = roster): Roster {
  return {
    ...base,
    members: base.members.map((member, i) => (i === id ? { ...member, ...change } : member)),
  };
}

const key = (id: number): Uint8Array => existing(roster.members[id]).publicKey;

describe('a roster', () => {
  it('is accepted as it is', () => {
    expect(checkRoster(roster)).toBe(roster);
  });

  it.each([
    ['no members', { ...roster, members: [] }, /0 members/],
    [
      'more members than ids',
      { ...roster, members: Array(65_536).fill(roster.members[0]) as Member[] },
      /65536 members/,
    ],
    [
      'ids out of order',
      { ...roster, members: roster.members.toReversed() },
      /'member-3' has id 3 at position 0/,
    ],
    ['a name twice', withMember(2, { name: 'member-0' }), /name 'member-0' stands twice/],
    ['a key twice', withMember(2, { publicKey: key(1) }), /'member-2' has the same public key as 'member-1'/],
    [
      "the coordinator's key",
      withMember(2, { publicKey: roster.coordinatorKey }),
      /'member-2'.* as the coordinator/,
    ],
    ['an empty name', withMember(1, { name: '' }), /name of member 1 '' has 0 characters/],
    ['an overlong organisation', withMember(1, { organisation: 'x'.repeat(65) }), /has 65 characters/],
    ['an empty federation', { ...roster, federation: '' }, /federation '' has 0 characters/],
    ['an overlong federation', { ...roster, federation: 'x'.repeat(65) }, /has 65 characters/],
    ['a committee out of order', { ...roster, committee: [1, 0] }, /committee/],
    ['a committee of strangers', { ...roster, committee: [0, 77] }, /committee/],
    ['a version below zero', { ...roster, version: -1 }, /version -1/],
    ['a version that is a fraction', { ...roster, version: 1.5 }, /version 1.5/],
  ])('with %s is refused', (_, broken, message) => {
    expect(() => checkRoster(broken)).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETERS', message: expect.stringMatching(message) as string }),
    );
  });

  it.each([
    ['the identity', `01${'00'.repeat(31)}`],
    ['order 2', `ec${'ff'.repeat(30)}7f`],
    ['order 4', '00'.repeat(32)],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['no point', `02${'00'.repeat(31)}`],
    ['31 bytes', '11'.repeat(31)],
  ])('with a key that is %s is refused, for a member and for the coordinator', (_, hex) => {
    const weak = fromHex(hex) as Uint8Array;
    expect(() => checkRoster(withMember(3, { publicKey: weak }))).toThrow(/member 'member-3'/);
    expect(() => checkRoster({ ...roster, coordinatorKey: weak })).toThrow(/the coordinator/);
  });
});

describe('the root of a roster', () => {
  it.each([
    ['federation', { ...roster, federation: 'other' }],
    ['version', { ...roster, version: 2 }],
    ['coordinator key', { ...roster, coordinatorKey: key(0) }],
    ['number of members', { ...roster, members: roster.members.slice(0, 3) }],
    ['name', withMember(1, { name: 'other' })],
    ['organisation', withMember(1, { organisation: 'other' })],
    ['key', withMember(1, { publicKey: key(2) })],
    ['id', withMember(1, { id: 9 })],
  ])('covers the %s', (_, other) => {
    expect(toHex(rosterRoot(crypto, other))).not.toBe(toHex(rosterRoot(crypto, roster)));
    expect(toHex(rosterRoot(crypto, { ...other }))).toBe(toHex(rosterRoot(crypto, other)));
  });
});

describe('organisations', () => {
  const shared = castOf(crypto, 6, ['a', 'a', 'a', 'b', 'b', 'c']).roster;

  it('are counted once, however many members act for them', () => {
    expect(countOrganisations(shared, [0, 1, 2])).toBe(1);
    expect(countOrganisations(shared, [0, 3, 5])).toBe(3);
    expect(countOrganisations(shared, [])).toBe(0);
    expect(countOrganisations(shared, [0, 77])).toBe(1);
  });

  it('hold as many shares as they have members', () => {
    const all = [0, 1, 2, 3, 4, 5];
    expect([0, 1, 2, 3, 4].map((count) => membersOfLargest(shared, all, count))).toEqual([0, 3, 5, 6, 6]);
    expect(membersOfLargest(shared, [0, 3, 4], 1)).toBe(2);
  });
});

describe('ids', () => {
  it('ascend without repeats', () => {
    expect([[], [3], [0, 1, 5]].map(ascending)).toEqual([true, true, true]);
    expect(
      [
        [1, 1],
        [2, 1],
        [0, 2, 1],
      ].map(ascending),
    ).toEqual([false, false, false]);
  });
});
