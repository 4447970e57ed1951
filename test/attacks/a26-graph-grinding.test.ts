/**
 * A26: the coordinator draws the graph until it likes it. The draw is made by a committee of members that
 * committed to their nonces before anybody knew U1; a coordinator can only have a draw voided, and members
 * count how often.
 */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { batchTermsFor, type BatchTerms, type Bodies } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';

const N = 7;
const everybody = Array.from({ length: N }, (_, id) => id);
/** Of c + 1 = 3 organisations. */
const COMMITTEE = [0, 1, 2];
const BUDGET = 8;

function drawingTerms(attacker: Attacker, batch = 1): BatchTerms {
  const { roster, run, thresholds } = attacker;
  return batchTermsFor(crypto, {
    roster,
    run,
    batch,
    cohort: everybody,
    thresholds,
    keyCount: 2,
    draws: true,
  });
}

/** A setup up to U1. */
function advertised(batch = 1, attacker = new Attacker({ members: N })): Attacker {
  attacker.tell(everybody, 'batch-start', drawingTerms(attacker, batch));
  return attacker;
}

interface Question {
  readonly members?: readonly number[];
  readonly commitments?: readonly Uint8Array[];
  readonly to?: readonly number[];
}

function commitmentsOf(attacker: Attacker): Uint8Array[] {
  const adverts = attacker.adverts();
  return COMMITTEE.map((id) => adverts.get(id)?.body.drawCommitment ?? new Uint8Array(0));
}

/** Asks the committee for its nonces. */
function reveal(attacker: Attacker, question: Question = {}): Bodies['key-roster']['reveals'] {
  const { batchContext } = attacker;
  const { members = everybody, commitments = commitmentsOf(attacker), to = COMMITTEE } = question;
  return attacker
    .tell(to, 'draw-request', { batchContext, members, commitments })
    .flatMap(({ kind, body, signature }) => (kind === 'draw-reveal' ? [{ body, signature }] : []));
}

function drawsOf(attacker: Attacker): Set<string> {
  return new Set(
    attacker.members.flatMap(({ effects }) =>
      effects.flatMap((effect) => (effect.kind === 'batch-drawn' ? [effect.draw.join()] : [])),
    ),
  );
}

describe('A26: a draw', () => {
  it('is one for all who were given the same U1 and the nonces of the whole committee', () => {
    const attacker = advertised();
    const { committee } = drawingTerms(attacker);
    expect(committee).toEqual(COMMITTEE);
    const reveals = reveal(attacker);
    attacker.tell(everybody, 'key-roster', attacker.keyRoster({ reveals }));
    expect(attacker.all('dealt-shares')).toHaveLength(N);
    const [draw, ...others] = drawsOf(attacker);
    expect(draw?.split(',')).toHaveLength(32);
    expect(others).toEqual([]);
  });

  it('is not to be known before U1 is fixed: what members advertise are commitments that tell nothing', () => {
    const attacker = advertised();
    const commitments = everybody.map(
      (id) => attacker.adverts().get(id)?.body.drawCommitment ?? new Uint8Array(1),
    );
    expect(commitments.map(({ length }) => length)).toEqual([32, 32, 32, 0, 0, 0, 0]);
    const nonces = reveal(attacker).map(({ body }) => body.nonce);
    expect(new Set([...commitments.slice(0, 3), ...nonces].map((bytes) => bytes.join())).size).toBe(6);
  });

  it('gives its nonces for the first U1 and the first commitments that are named, and for no others', () => {
    const attacker = advertised();
    const first = reveal(attacker);
    expect(reveal(attacker, { members: everybody.slice(0, 6) })).toEqual([]);
    // A member in league with the coordinator would commit to another nonce, now that it knows the others.
    const commitments = commitmentsOf(attacker).with(2, new Uint8Array(32).fill(6));
    expect(reveal(attacker, { commitments })).toEqual([]);
    for (const id of COMMITTEE) {
      expect(attacker.member(id).rejections.map(({ code }) => code)).toEqual([
        'EQUIVOCATION',
        'EQUIVOCATION',
      ]);
    }
    // The same again is answered as before: what was lost on the way can be had once more.
    expect(reveal(attacker)).toEqual(first);
  });

  it.each<[string, readonly number[]]>([
    ['is below the floors', [0, 1, 2]],
    ['leaves the asked member out', [1, 2, 3, 4, 5, 6]],
    ['names a stranger', [0, 1, 2, 3, 4, 9]],
    ['stands out of order', [1, 0, 2, 3, 4, 5]],
  ])('gives no nonce for a U1 that %s', (_, members) => {
    const attacker = advertised();
    expect(reveal(attacker, { members, to: [0] })).toEqual([]);
    expect(attacker.member(0).rejections).toMatchObject([{ code: 'BAD_DRAW' }]);
  });

  type Reveals = Bodies['key-roster']['reveals'];
  it.each<[string, (reveals: Reveals, attacker: Attacker) => Partial<Bodies['key-roster']>]>([
    ['without one of the nonces', (reveals) => ({ reveals: reveals.slice(1) })],
    [
      'with a nonce twice',
      ([first, ...rest]) => ({ reveals: first === undefined ? [] : [first, first, ...rest.slice(1)] }),
    ],
    ['with no nonce at all', () => ({ reveals: [] })],
    [
      'with a nonce of its own choice under the name of an honest member',
      (reveals) => ({
        reveals: reveals.map((one, i) =>
          i === 1 ? { ...one, body: { ...one.body, nonce: new Uint8Array(32) } } : one,
        ),
      }),
    ],
    [
      'with another nonce than a member in league with it had committed to',
      (reveals, attacker) => ({
        reveals: reveals.map((one, i) => {
          const body = { ...one.body, nonce: new Uint8Array(32).fill(5) };
          return i === 2 ? { body, signature: attacker.member(2).sign('draw-reveal', body).signature } : one;
        }),
      }),
    ],
    [
      'for another U1 than the nonces were given for',
      (reveals, attacker) => {
        const members = everybody.slice(0, 6);
        const { adverts } = attacker.keyRoster();
        return { members, reveals, adverts: adverts.slice(0, 6) };
      },
    ],
    ['with the nonces in another order', (reveals) => ({ reveals: reveals.toReversed() })],
  ])('%s is refused, and no share is dealt', (_, change) => {
    const attacker = advertised();
    const reveals = reveal(attacker);
    attacker.tell([4], 'key-roster', attacker.keyRoster(change(reveals, attacker)));
    expect(attacker.member(4).rejections).toMatchObject([{ code: 'BAD_DRAW' }]);
    expect(attacker.all('dealt-shares')).toEqual([]);
    expect(drawsOf(attacker).size).toBe(0);
  });

  it('with nonces of another batch is refused', () => {
    const attacker = advertised();
    const old = reveal(attacker);
    advertised(2, attacker);
    attacker.tell([4], 'key-roster', attacker.keyRoster({ reveals: old }));
    expect(attacker.member(4).rejections).toMatchObject([{ code: 'BAD_DRAW' }]);
  });

  it('by fewer organisations than c + 1, by strangers or by nobody on a sparse graph is refused at its setup', () => {
    const attacker = new Attacker({ members: N });
    const terms = drawingTerms(attacker);
    for (const committee of [
      [0, 1],
      [0, 1, 9],
      [1, 0, 2],
    ]) {
      attacker.tell([3], 'batch-start', { ...terms, committee });
    }
    attacker.tell([3], 'batch-start', {
      ...terms,
      graph: 'harary',
      holders: 6,
      threshold: 6,
      minSurvivors: 6,
      committee: [],
    });
    expect(attacker.member(3).rejections.map(({ code }) => code)).toEqual(Array(4).fill('UNSAFE_TERMS'));
    expect(attacker.all('key-advert')).toEqual([]);
  });
});

describe('A26: drawing again and again', () => {
  const refusal = { code: 'UNSAFE_TERMS', detail: expect.stringMatching(/^8 draws were begun/) as string };

  it.each<[string, (attacker: Attacker) => void]>([
    ['before the nonces', () => {}],
    ['with the nonces in hand', (attacker) => void reveal(attacker)],
    [
      'with the graph in hand',
      (attacker) => attacker.tell(everybody, 'key-roster', attacker.keyRoster({ reveals: reveal(attacker) })),
    ],
  ])('is refused after %s eight times', (_, play) => {
    const attacker = new Attacker({ members: N });
    for (let batch = 1; batch <= BUDGET; batch++) {
      advertised(batch, attacker);
      play(attacker);
    }
    expect(attacker.members.flatMap(({ rejections }) => rejections)).toEqual([]);
    advertised(BUDGET + 1, attacker);
    for (const { rejections } of attacker.members) expect(rejections).toMatchObject([refusal]);
    expect(attacker.all('key-advert')).toHaveLength(BUDGET * N);
  });

  it('is refused as well where each batch is opened and then not used', () => {
    const attacker = new Attacker({ members: N });
    let opened = 0;
    for (let batch = 1; batch <= 3 * BUDGET; batch++) {
      const before = attacker.all('key-advert').length;
      advertised(batch, attacker);
      if (attacker.all('key-advert').length === before) break;
      attacker.tell(everybody, 'key-roster', attacker.keyRoster({ reveals: reveal(attacker) }));
      attacker.relayShares();
      opened += 1;
    }
    expect(opened).toBe(BUDGET);
    expect(attacker.member(4).rejections).toMatchObject([refusal]);
  });

  it('is refused as well where an attempt is run on what was drawn, and another is to follow', () => {
    const attacker = new Attacker({ members: N });
    for (let batch = 1; batch <= BUDGET; batch++) advertised(batch, attacker);
    attacker.tell(everybody, 'key-roster', attacker.keyRoster({ reveals: reveal(attacker) }));
    attacker.relayShares();
    expect(attacker.collectUploads()).toHaveLength(N);
    advertised(BUDGET + 1, attacker);
    for (const { rejections } of attacker.members) expect(rejections).toMatchObject([refusal]);
  });
});
