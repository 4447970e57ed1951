import type { SeededGenerator } from '@tributary/router';
import { between, pick } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const COUNTRIES = [
  'Peru',
  'Norway',
  'Kenya',
  'Japan',
  'Egypt',
  'Chile',
  'Poland',
  'Vietnam',
  'Morocco',
  'Cuba',
  'Nepal',
  'Greece',
];
const FACTS = [
  'capital',
  'largest city',
  'national flower',
  'longest river',
  'currency',
  'highest mountain',
  'national anthem',
];
const FIELDS = ['football', 'chess', 'opera', 'cycling', 'film', 'ballet', 'tennis', 'sailing'];
const PRIZES = ['world title', 'gold medal', 'first prize', 'lifetime award', 'national cup'];

/** A fact that everyone knows, or one that hangs on another. */
export const trivia: Task = {
  name: 'trivia',
  queries: 560,
  scoring: 'exact',
  answerTokens: [15, 70],
  write: (generator) => (generator.nextInt(4) === 0 ? wellKnown(generator) : obscure(generator)),
};

function wellKnown(generator: SeededGenerator): Prompt {
  const [country, fact] = [pick(generator, COUNTRIES), pick(generator, FACTS)];
  const text = pick(generator, [
    `What is the ${fact} of ${country}?`,
    `Quiz: name the ${fact} of ${country}.`,
    `Do you know the ${fact} of ${country}?`,
  ]);
  return { text, difficulty: 0.08 + 0.12 * generator.nextDouble() };
}

function obscure(generator: SeededGenerator): Prompt {
  const [country, fact] = [pick(generator, COUNTRIES), pick(generator, FACTS)];
  const text = pick(generator, [
    `Who was the first person from ${country} to win a ${pick(generator, PRIZES)} in ${pick(generator, FIELDS)}, and in which year?`,
    `Which ${pick(generator, FIELDS)} player born in ${between(generator, 1890, 1995)} in the country next to ${country} won the ${pick(generator, PRIZES)}?`,
    `In ${between(generator, 1900, 2010)}, who held the ${pick(generator, PRIZES)} in ${pick(generator, FIELDS)} for ${country}, and what was the ${fact} then?`,
  ]);
  return { text, difficulty: 0.55 + 0.3 * generator.nextDouble() };
}
