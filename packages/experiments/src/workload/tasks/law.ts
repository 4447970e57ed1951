import type { SeededGenerator } from '@tributary/router';
import { between, pick, pickSome } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const TERMS = [
  'estoppel',
  'consideration',
  'force majeure',
  'joint and several liability',
  'an easement',
  'a lien',
  'vicarious liability',
  'res judicata',
  'a fiduciary duty',
  'liquidated damages',
  'promissory note',
  'adverse possession',
];
const AREAS = ['contract law', 'tort law', 'property law', 'company law', 'employment law', 'insolvency law'];
const PARTIES = [
  'tenant',
  'landlord',
  'supplier',
  'buyer',
  'franchisee',
  'guarantor',
  'contractor',
  'trustee',
  'licensee',
];
const COURTS = [
  'England and Wales',
  'New York',
  'Germany',
  'Singapore',
  'Ontario',
  'the Netherlands',
  'Ireland',
];
const EVENTS = [
  'terminates the agreement by email without the notice that clause 14 requires',
  'assigns its claim to a third party although the contract forbids assignment',
  'relies on an oral assurance that the written agreement does not mention',
  'pays late for the third time and invokes the hardship clause',
  'discloses the confidential schedule to a competitor',
  'refuses delivery because of a defect that an inspection would have shown',
];

/** A term to explain, or a dispute between parties under the law of one place. */
export const law: Task = {
  name: 'law',
  queries: 520,
  scoring: 'exact',
  answerTokens: [180, 650],
  write: (generator) => (generator.nextInt(5) < 2 ? term(generator) : dispute(generator)),
};

function term(generator: SeededGenerator): Prompt {
  const [word, area, place] = [pick(generator, TERMS), pick(generator, AREAS), pick(generator, COURTS)];
  const text = pick(generator, [
    `What does ${word} mean in ${area}? Answer for a client in ${place}.`,
    `Explain ${word} in ${area} to a first-year law student in ${place}.`,
    `Give a one-sentence legal definition of ${word} as used in ${area} in ${place}.`,
  ]);
  return { text, difficulty: 0.2 + 0.15 * generator.nextDouble() };
}

function dispute(generator: SeededGenerator): Prompt {
  const [first = '', second = '', third = ''] = pickSome(generator, PARTIES, 3);
  const events = pickSome(generator, EVENTS, between(generator, 1, 3));
  const text =
    `Under the law of ${pick(generator, COURTS)}, a ${first} and a ${second} sign a contract for ${between(generator, 2, 15)} years, ` +
    `guaranteed by a ${third}. In month ${between(generator, 3, 40)} the ${first} ${events.join('; the court also finds that it ')}. ` +
    `The ${second} claims damages of ${between(generator, 20, 900)},000 and an injunction. ` +
    `Which claims succeed, against whom, and on which legal ground? Cite the governing statute or precedent.`;
  return { text, difficulty: 0.48 + 0.1 * events.length + 0.1 * generator.nextDouble() };
}
