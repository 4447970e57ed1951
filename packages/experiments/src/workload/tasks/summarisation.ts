import type { SeededGenerator } from '@tributary/router';
import { between, pick, pickSome } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const TOPICS = [
  'the harbour extension',
  'the school reform',
  'the tram line',
  'the water tariff',
  'the museum roof',
  'the night market',
];
const SENTENCES = [
  'The committee met on Tuesday and heard three experts.',
  'Residents complained about noise and asked for a longer consultation.',
  'The finance office expects costs to rise by a fifth next year.',
  'An earlier report had come to the opposite conclusion.',
  'The opposition moved to postpone the vote and was defeated.',
  'Two firms have submitted bids, and a third withdrew in spring.',
  'Work could begin in March if the permit is granted.',
  'The mayor said that no decision had been taken.',
  'A survey of shop owners found a narrow majority in favour.',
  'The auditors warned that the reserve fund is nearly exhausted.',
  'Engineers proposed a cheaper route along the canal.',
  'A petition with four thousand signatures was handed over.',
];

/** News text to shorten; the longer the text, the harder. */
export const summarisation: Task = {
  name: 'summarisation',
  queries: 480,
  scoring: 'graded',
  answerTokens: [60, 220],
  write: (generator) => passage(generator, between(generator, 3, 11)),
};

function passage(generator: SeededGenerator, length: number): Prompt {
  const topic = pick(generator, TOPICS);
  const task = pick(generator, [
    `Summarise the following text about ${topic} in one sentence.`,
    `Write a short summary of this article on ${topic}.`,
    `Summarise for a busy reader what is new about ${topic}.`,
  ]);
  const text = `${task}\n\n${pickSome(generator, SENTENCES, length).join(' ')}`;
  return { text, difficulty: 0.06 * length + 0.1 * generator.nextDouble() };
}
