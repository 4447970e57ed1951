/** Conditions that no test can show to be needed, and why they stand all the same. */

export interface SpareCheck {
  readonly file: string;
  /** As it stands in the source, on one line. */
  readonly condition: string;
  readonly why: string;
}

const PROTOCOL = 'packages/protocol/src';
const CRYPTO = 'packages/crypto/src';

function each(why: string, places: Readonly<Record<string, readonly string[]>>): SpareCheck[] {
  return Object.entries(places).flatMap(([file, conditions]) =>
    conditions.map((condition) => ({ file, condition, why })),
  );
}

const NARROWING =
  'the type allows it and nothing else does: what stands beside it or was checked before it refuses the same';
const CHOICE = 'chooses what is done next; nothing is refused by it';
const SECOND_LINE =
  'a second line: without it a later check refuses the same input, or the result does not match';

export const SPARE: readonly SpareCheck[] = [
  ...each(NARROWING, {
    [`${PROTOCOL}/client/complaints.ts`]: [
      'publicKey === undefined',
      'batch === undefined',
      'topology === undefined',
    ],
    [`${PROTOCOL}/client/joining.ts`]: ['member === undefined', 'seen === undefined'],
    [`${PROTOCOL}/client/key-roster.ts`]: ['member === undefined', 'member !== undefined'],
    [`${PROTOCOL}/client/opening.ts`]: [
      'member === undefined',
      'member !== undefined',
      'topology === undefined',
      'first === undefined',
      'second === undefined',
    ],
    [`${PROTOCOL}/client/setup.ts`]: ['dealer === undefined'],
    [`${PROTOCOL}/coordinator/complaints.ts`]: ['batch === undefined', 'box === undefined'],
    [`${PROTOCOL}/coordinator/opening.ts`]: [
      'first === undefined',
      'known !== undefined',
      'point !== undefined',
      'list !== undefined',
    ],
    [`${PROTOCOL}/coordinator/round.ts`]: ['topology'],
    [`${PROTOCOL}/promises.ts`]: ['publicKey === undefined'],
    [`${PROTOCOL}/coordinator/setup.ts`]: [
      'neighbours === undefined',
      'topology',
      'new Map(terms.cohort.map((id) => [id, topology.neighbours(id)]))',
    ],
    [`${PROTOCOL}/coordinator/sharing.ts`]: ['publicKey === undefined'],
    [`${PROTOCOL}/evidence.ts`]: [
      'holder !== undefined',
      'advert === undefined',
      'dealer === undefined',
      'publicKey === undefined',
      'first === undefined',
      'committed === undefined',
    ],
    [`${PROTOCOL}/wire/frame-check.ts`]: ['size === undefined'],
    [`${PROTOCOL}/wire/shape.ts`]: ["typeof packed !== 'number'"],
    [`${CRYPTO}/merkle-tree.ts`]: ['start === undefined'],
  }),
  ...each(CHOICE, {
    [`${PROTOCOL}/client/closing.ts`]: ['sameBytes(round.batch.context, batchContext)'],
    [`${PROTOCOL}/client/keeper.ts`]: ['payload', '{ batchContext, member: keeper.self, holder, payload }'],
    [`${PROTOCOL}/client/key-roster.ts`]: ["'code' in value", "'detail' in value"],
    [`${PROTOCOL}/client/opening.ts`]: ["batch.terms.graph === 'complete'", 'digest.length === 0'],
    [`${PROTOCOL}/coordinator/asking.ts`]: ["phase.kind === 'summing'"],
    [`${PROTOCOL}/coordinator/attempts.ts`]: ['isThere(state, id)'],
    [`${PROTOCOL}/coordinator/setup.ts`]: ["setup.kind === 'advertise-keys'", 'isThere(state, id)'],
    [`${PROTOCOL}/evidence.ts`]: ["second.kind === 'unmask-request'"],
    [`${PROTOCOL}/parameters/sparse-graph.ts`]: ['degree <= organisationCap'],
    [`${PROTOCOL}/parameters/terms.ts`]: ['choice.draws === true'],
  }),
  ...each('a member keeps the adverts of its neighbours alone, and they are its holders', {
    [`${PROTOCOL}/client/complaints.ts`]: ['batch.holders.includes(holder)'],
  }),
  ...each('a member is among its own dealers from the start, or is none of its own neighbours', {
    [`${PROTOCOL}/client/setup.ts`]: ['body.dealer === self'],
  }),
  ...each('the box has been opened, or the length compared, before', {
    [`${PROTOCOL}/client/share-payload.ts`]: ['payload.length % SLOT_BYTES !== 0'],
  }),
  ...each('a share of another place, key index, dealer or holder does not open the commitment of this one', {
    [`${PROTOCOL}/evidence.ts`]: [
      'index !== keyIndex',
      'box.body.dealer !== dealer',
      'box.body.holder !== holder',
    ],
  }),
  ...each(SECOND_LINE, {
    [`${PROTOCOL}/parameters/thresholds.ts`]: ['degree < 2'],
    [`${PROTOCOL}/wire/frame-check.ts`]: ['at === frame.length'],
    [`${CRYPTO}/merkle-tree.ts`]: [
      '!areHashes([leaf, root, ...proof])',
      '!isCount(size)',
      'proof.length > MAX_PROOF_LENGTH',
      'way.last === 0',
      '!areHashes([firstRoot, secondRoot, ...proof])',
      '!isCount(firstSize)',
    ],
    [`${CRYPTO}/noble-backend.ts`]: ['sealed.length < TAG_BYTES'],
    [`${CRYPTO}/strict-points.ts`]: ['signature.length !== 64'],
  }),
];
