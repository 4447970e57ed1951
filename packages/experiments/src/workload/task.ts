import type { SeededGenerator } from '@tributary/router';

/** A prompt, and how hard it is to answer well: 0 (any model can) to 1 (hardly any can). The text shows it, by its length and words. */
export interface Prompt {
  readonly text: string;
  readonly difficulty: number;
}

/** A kind of prompt that the workload is made of. */
export interface Task {
  readonly name: string;
  /** Queries of this task in the default workload. */
  readonly queries: number;
  /** `exact`: an answer is right (1) or wrong (0). `graded`: five judges say yes or no, the score is their mean. */
  readonly scoring: 'exact' | 'graded';
  /** Typical length of an answer, in tokens, where the difficulty is 0 and where it is 1. */
  readonly answerTokens: readonly [easy: number, hard: number];
  write(generator: SeededGenerator): Prompt;
}
