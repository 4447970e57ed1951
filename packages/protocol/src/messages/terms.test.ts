import { toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { emptyAuditHead } from '../audit-head.ts';
import { castOf, existing, expectedRound } from '../testing/cast.ts';
import { batchTermsFor, DEFAULT_DEADLINES, roundTermsFor } from '../parameters/terms.ts';
import { completeGraphThresholds } from '../parameters/thresholds.ts';
import {
  batchContext,
  type BatchTerms,
  type Deadlines,
  type EncodingTerms,
  type ReadyNonce,
  roundContext,
  type RoundTerms,
  roundTermsDigest,
} from './terms.ts';

const bytes = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const { roster, run, coordinatorIdentity } = castOf(crypto, 5);
const batch = batchTermsFor(crypto, {
  roster,
  run,
  batch: 1,
  cohort: [4, 2, 0, 1, 3],
  thresholds: completeGraphThresholds(5),
  keyCount: 4,
});
const round = roundTermsFor(expectedRound(1), {
  batchContext: batchContext(crypto, batch),
  keyIndex: 0,
  attempt: 1,
  step: 'test',
  deadlines: DEFAULT_DEADLINES,
  auditHead: emptyAuditHead(crypto, coordinatorIdentity, run),
});

// Every field by the type, so that a new one cannot be left out of the context unseen.
const OTHER_BATCH: { readonly [K in keyof BatchTerms]: unknown } = {
  protocolVersion: 1,
  federation: 'other',
  run: bytes(8),
  batch: 2,
  rosterRoot: bytes(9),
  cohort: [0, 1, 2, 3],
  graph: 'harary',
  organisationCap: 2,
  committee: [0, 1],
  threshold: 5,
  holders: 6,
  colluders: 1,
  minCohort: 5,
  minSurvivors: 5,
  keyCount: 5,
  maxAttempts: 1,
};

const OTHER_ENCODING: { readonly [K in keyof EncodingTerms]: number } = {
  scale: 2,
  normBound: 3,
  coordinateBound: 4,
  maxRecords: 5,
};

const OTHER_DEADLINES: { readonly [K in keyof Deadlines]: number } = {
  setup: 1,
  ready: 2,
  maskedInput: 3,
  consistency: 4,
  unmask: 5,
};

const OTHER_ROUND: { readonly [K in Exclude<keyof RoundTerms, 'encoding' | 'deadlines'>]: unknown } = {
  batchContext: bytes(1),
  keyIndex: 1,
  round: 2,
  attempt: 2,
  step: 'other',
  planHash: bytes(2),
  modelHash: bytes(3),
  dimension: 11,
  bits: 17,
  inputBound: 1001,
  noiseMargin: 1,
  privacy: new Uint8Array(1),
  logHead: bytes(4),
  auditHead: { size: 1, root: bytes(5), time: 2, signature: new Uint8Array(64) },
};

const batchHex = (terms: BatchTerms): string => toHex(batchContext(crypto, terms));
const roundHex = (terms: RoundTerms): string => toHex(roundTermsDigest(crypto, terms));

describe('the batch context', () => {
  it('is the same for the same terms, whatever the order in which a cohort is named', () => {
    expect(batch.cohort).toEqual([0, 1, 2, 3, 4]);
    expect(batchHex({ ...batch })).toBe(batchHex(batch));
  });

  it.each(Object.entries(OTHER_BATCH))('changes with %s', (field, value) => {
    expect(batchHex({ ...batch, [field]: value })).not.toBe(batchHex(batch));
  });
});

describe('the digest of round terms', () => {
  it.each(Object.entries(OTHER_ROUND))('changes with %s', (field, value) => {
    expect(roundHex({ ...round, [field]: value })).not.toBe(roundHex(round));
  });

  it.each(Object.entries(OTHER_ENCODING))('changes with encoding.%s', (field, value) => {
    expect(roundHex({ ...round, encoding: { ...round.encoding, [field]: value } })).not.toBe(roundHex(round));
  });

  it.each(Object.entries(OTHER_DEADLINES))('changes with deadlines.%s', (field, value) => {
    expect(roundHex({ ...round, deadlines: { ...round.deadlines, [field]: value } })).not.toBe(
      roundHex(round),
    );
  });
});

describe('the round context', () => {
  const digest = roundTermsDigest(crypto, round);
  const ready = [
    { member: 0, nonce: bytes(1) },
    { member: 2, nonce: bytes(2) },
    { member: 3, nonce: bytes(3) },
  ];
  const context = toHex(roundContext(crypto, digest, ready));

  it.each<[string, Uint8Array, readonly ReadyNonce[]]>([
    ['other terms', bytes(9), ready],
    ['another nonce', digest, [existing(ready[0]), { member: 2, nonce: bytes(7) }, existing(ready[2])]],
    ['another member', digest, [existing(ready[0]), { member: 1, nonce: bytes(2) }, existing(ready[2])]],
    [
      'nonces that change owners',
      digest,
      [existing(ready[0]), { member: 2, nonce: bytes(3) }, { member: 3, nonce: bytes(2) }],
    ],
    ['a member less', digest, ready.slice(1)],
    ['a member more', digest, [...ready, { member: 4, nonce: bytes(4) }]],
  ])('changes with %s', (_, terms, others) => {
    expect(toHex(roundContext(crypto, terms, others))).not.toBe(context);
  });
});
