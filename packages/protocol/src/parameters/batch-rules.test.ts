import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { BatchTerms } from '../messages/terms.ts';
import { castOf, SMALL_CIRCLE } from '../testing/cast.ts';
import { belowFloors, colludingHoldersOf, promisesNeeded, unsafeBatch } from './batch-rules.ts';
import { chooseCommittee } from './committee.ts';
import { batchTermsFor } from './terms.ts';
import { completeGraphThresholds, thresholdsFor } from './thresholds.ts';

function termsFor(
  members: number,
  organisations?: readonly string[],
): [ReturnType<typeof castOf>['roster'], BatchTerms] {
  const { roster, run } = castOf(crypto, members, organisations);
  const cohort = roster.members.map(({ id }) => id);
  const thresholds = completeGraphThresholds(members);
  return [roster, batchTermsFor(crypto, { roster, run, batch: 1, cohort, thresholds, keyCount: 4 })];
}

describe('the terms of a batch', () => {
  const [roster, terms] = termsFor(10);

  it('are safe as they are made', () => {
    expect(unsafeBatch(roster, terms)).toBeUndefined();
  });

  it.each<[string, Partial<BatchTerms>]>([
    ['cohort is not in ascending order without repeats', { cohort: [1, 0, 2] }],
    ['cohort is not in ascending order without repeats', { cohort: [0, 1, 1] }],
    ['cohort names a member outside the roster', { cohort: [0, 1, 10] }],
    ['keyCount 0 is outside 1..64', { keyCount: 0 }],
    ['keyCount 65 is outside 1..64', { keyCount: 65 }],
    ['holders 9 is not the cohort of 10, as the complete graph has it', { holders: 9 }],
    ['threshold 6 breaks 2t > H + c (H = 10, c = 3)', { threshold: 6, minSurvivors: 6 }],
  ])('are refused: %s', (message, change) => {
    expect(unsafeBatch(roster, { ...terms, ...change })).toBe(message);
  });

  it('are refused where c organisations act through more than c members', () => {
    // t = 7 of 10, c = 3: three organisations with four members could open both secrets of an owner.
    const [shared, sharedTerms] = termsFor(10, ['a', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
    expect(unsafeBatch(shared, sharedTerms)).toBe(
      'threshold 7 breaks 2t > H + c (H = 10): 3 organisations have 4 members of the cohort',
    );
    const { minCohort } = sharedTerms;
    expect(unsafeBatch(shared, { ...sharedTerms, colluders: 2, minCohort: minCohort - 1 })).toBeUndefined();
  });

  it('are refused where the cohort has fewer organisations than a sum needs', () => {
    const [shared, sharedTerms] = termsFor(6, ['a', 'a', 'b', 'b', 'c', 'c']);
    const lenient = { ...sharedTerms, threshold: 6, minSurvivors: 6, colluders: 2, minCohort: 4 };
    expect(unsafeBatch(shared, lenient)).toBe('cohort is of 3 organisations, minCohort is 4');
  });
});

describe('a sparse graph', () => {
  const { roster, run } = castOf(crypto, 9);
  const cohort = roster.members.map(({ id }) => id);
  const choice = { roster, run, batch: 1, cohort, thresholds: SMALL_CIRCLE, keyCount: 1 };
  const terms = batchTermsFor(crypto, choice);

  it('is safe as it is made, with a committee that draws it', () => {
    expect(terms.committee).toEqual([0, 1]);
    expect(unsafeBatch(roster, terms)).toBeUndefined();
  });

  it.each<[string, Partial<BatchTerms>]>([
    ['a Harary graph needs a committee that draws it', { committee: [] }],
    ['protocol version 1 knows the complete graph only', { protocolVersion: 1 }],
    ['committee is of 1 organisations, colluders is 1', { committee: [4] }],
    ['committee is not in ascending order without repeats', { committee: [1, 0] }],
    ['committee is not in ascending order without repeats', { committee: [1, 1, 2] }],
    [
      'committee names a member that the roster does not, or that is not in the cohort',
      { committee: [0, 1, 9] },
    ],
    ['maxAttempts is 0: no round would ever begin', { maxAttempts: 0 }],
  ])('is refused: %s', (message, change) => {
    expect(unsafeBatch(roster, { ...terms, ...change })).toBe(message);
  });

  it('is drawn by members that the roster names, where it names any', () => {
    const named = { ...roster, committee: [3, 5, 7] };
    expect(batchTermsFor(crypto, { ...choice, roster: named }).committee).toEqual([3, 5]);
    expect(unsafeBatch(named, { ...terms, committee: [3, 7] })).toBeUndefined();
    expect(unsafeBatch(named, { ...terms, committee: [0, 3] })).toMatch(/names a member that the roster/);
    const away = { ...terms, cohort: terms.cohort.filter((id) => id !== 7), committee: [3, 7] };
    expect(unsafeBatch(named, away)).toMatch(/or that is not in the cohort/);
  });

  it('is not drawn by one organisation through two members', () => {
    const shared = castOf(crypto, 9, ['a', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']).roster;
    expect(chooseCommittee(shared, cohort, 1)).toEqual([0, 2]);
    expect(chooseCommittee(shared, [1, 4, 6], 1)).toEqual([1, 4]);
    expect(chooseCommittee(shared, [0, 1], 1)).toEqual([0]);
    const both = { ...terms, committee: [0, 1], threshold: 6, minSurvivors: 6 };
    expect(unsafeBatch(shared, both)).toBe('committee is of 1 organisations, colluders is 1');
  });

  it('has as many colluding holders as the cap allows; the complete graph as many as there are', () => {
    expect(colludingHoldersOf(roster, terms)).toBe(1);
    const { roster: small, run: id } = castOf(crypto, 6, ['a', 'a', 'b', 'c', 'd', 'e']);
    const complete = batchTermsFor(crypto, {
      roster: small,
      run: id,
      batch: 1,
      cohort: [0, 1, 2, 3, 4, 5],
      thresholds: completeGraphThresholds(6),
      keyCount: 1,
    });
    expect(colludingHoldersOf(small, { ...complete, colluders: 2 })).toBe(3);
  });
});

describe('promises that seal an attempt', () => {
  it('are those of all holders but t - 1, and one for each colluder that may break its word', () => {
    const [roster, terms] = termsFor(10);
    // t = 7 of 10, c = 3.
    expect(promisesNeeded(roster, terms)).toBe(7);
    const [shared, sharedTerms] = termsFor(10, ['a', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
    expect(promisesNeeded(shared, { ...sharedTerms, colluders: 2 })).toBe(7);
  });

  it('are no more than there are holders on a sparse graph, though far more organisations may collude', () => {
    const thresholds = thresholdsFor(600);
    const { holders, colluders } = thresholds;
    const [roster, complete] = termsFor(10);
    const members = Array.from({ length: 600 }, (_, id) => {
      const name = `member-${id}`;
      return { id, name, organisation: name, publicKey: new Uint8Array(32) };
    });
    const terms = { ...complete, ...thresholds, cohort: members.map(({ id }) => id) };
    expect(colluders).toBe(120);
    expect(holders - thresholds.threshold + 1 + colluders).toBeGreaterThan(holders);
    expect(promisesNeeded({ ...roster, members }, terms)).toBeLessThanOrEqual(holders);
  });
});

describe('floors', () => {
  const [roster, terms] = termsFor(10, ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd', 'e', 'e']);

  it('count members and organisations', () => {
    expect(belowFloors(roster, terms, [0, 1, 2, 3, 4, 5])).toBe('6 of 10 members are left, 7 are needed');
    expect(belowFloors(roster, terms, [0, 1, 2, 3, 4, 5, 6, 7])).toBe(
      'members of 4 organisations are left, 5 are needed',
    );
    expect(belowFloors(roster, terms, [0, 1, 2, 3, 4, 6, 8])).toBeUndefined();
  });
});
