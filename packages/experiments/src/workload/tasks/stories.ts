import type { SeededGenerator } from '@tributary/router';
import { between, pick, pickSome } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const FORMS = ['limerick', 'haiku', 'bedtime story', 'ballad', 'love letter', 'fable', 'monologue'];
const LONG_FORMS = ['ballad', 'fable', 'bedtime story', 'monologue'];
const HEROES = [
  'a lighthouse keeper',
  'two rival bakers',
  'a retired dragon',
  'a lost umbrella',
  'a clockmaker',
  'a shy ghost',
];
const PLACES = [
  'in Venice',
  'on the night ferry',
  'under the old bridge',
  'in a greenhouse',
  'at the edge of the moor',
];
const MOODS = ['tender', 'wry', 'melancholy', 'playful', 'uneasy', 'solemn'];
const RULES = [
  'every line begins with the next letter of the alphabet',
  'no word contains the letter e',
  'it reads as a palindrome of scenes',
  'the narrator is never named and always lies',
  'each stanza is half as long as the one before',
  'it keeps to iambic pentameter throughout',
];

/** Something to make up, free or under rules. */
export const stories: Task = {
  name: 'stories',
  queries: 480,
  scoring: 'graded',
  answerTokens: [120, 620],
  write: (generator) => (generator.nextInt(2) === 0 ? free(generator) : underRules(generator)),
};

function free(generator: SeededGenerator): Prompt {
  const text = `Write a ${pick(generator, MOODS)} ${pick(generator, FORMS)} about ${pick(generator, HEROES)} ${pick(generator, PLACES)}.`;
  return { text, difficulty: 0.15 + 0.2 * generator.nextDouble() };
}

function underRules(generator: SeededGenerator): Prompt {
  const rules = pickSome(generator, RULES, between(generator, 1, 3));
  const text =
    `Compose a ${pick(generator, MOODS)} ${pick(generator, LONG_FORMS)} of ${between(generator, 12, 40)} lines about ${pick(generator, HEROES)} ` +
    `${pick(generator, PLACES)}, under these rules: ${rules.join('; ')}. Do not explain the rules.`;
  return { text, difficulty: 0.5 + 0.1 * rules.length + 0.12 * generator.nextDouble() };
}
