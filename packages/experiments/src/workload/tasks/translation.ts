import type { SeededGenerator } from '@tributary/router';
import { between, pick, pickSome } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const COMMON = ['French', 'German', 'Spanish', 'Italian', 'Portuguese', 'Dutch'];
const RARE = ['Finnish', 'Basque', 'Icelandic', 'Welsh', 'Estonian', 'Maltese', 'Georgian'];
const SUBJECTS = [
  'My sister',
  'The old neighbour',
  'Our guide',
  'The driver',
  'A young couple',
  'The waiter',
  'Her cousin',
];
const ACTIONS = [
  'misses the last train',
  'sells the blue bicycle',
  'waters the garden',
  'opens the small shop',
  'feeds the cat',
];
const TIMES = [
  'every Sunday',
  'before breakfast',
  'in the rain',
  'without a word',
  'at the end of summer',
  'at noon',
];
const CLAUSES = [
  'the lessee shall hold harmless the lessor, save where gross negligence is proven',
  'let the cat out of the bag before the ink was dry',
  'notwithstanding anything to the contrary herein, the warranty lapses',
  'he was barking up the wrong tree, and she kept beating about the bush',
  'the flange must be torqued crosswise before the gasket is preloaded',
  'the hero, of whom the skalds had long since ceased to sing, rode on',
];

/** A plain sentence into a large language, or idiom and legal prose into a small one. */
export const translation: Task = {
  name: 'translation',
  queries: 560,
  scoring: 'graded',
  answerTokens: [30, 260],
  write: (generator) => (generator.nextInt(2) === 0 ? plain(generator) : idiomatic(generator)),
};

function plain(generator: SeededGenerator): Prompt {
  const sentence = `${pick(generator, SUBJECTS)} ${pick(generator, ACTIONS)} ${pick(generator, TIMES)}.`;
  const text = pick(generator, [
    `Translate into ${pick(generator, COMMON)}: "${sentence}"`,
    `How do you say this in ${pick(generator, COMMON)}? "${sentence}"`,
    `Give the ${pick(generator, COMMON)} translation of the sentence "${sentence}"`,
  ]);
  return { text, difficulty: 0.1 + 0.15 * generator.nextDouble() };
}

function idiomatic(generator: SeededGenerator): Prompt {
  const clauses = pickSome(generator, CLAUSES, between(generator, 2, 4));
  const text =
    `Translate the following passage from English into ${pick(generator, RARE)}. Keep the register, render every idiom by a native one, ` +
    `and add a gloss for each term that has no equivalent: "${pick(generator, SUBJECTS)} ${pick(generator, ACTIONS)}; ${clauses.join('; ')}."`;
  return { text, difficulty: 0.45 + 0.09 * clauses.length + 0.1 * generator.nextDouble() };
}
