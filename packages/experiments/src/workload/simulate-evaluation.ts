import type { SeededGenerator } from '@tributary/router';
import { sampleNormal } from '../partition/gamma.ts';
import type { SyntheticModel } from './synthetic-models.ts';
import type { Prompt, Task } from './task.ts';

/** How sharply success falls where the difficulty passes the ability. */
const DISCRIMINATION = 8;
const JUDGES = 5;
const CHARACTERS_PER_TOKEN = 4;
/** Standard deviation of the logarithm of an answer's length. */
const LENGTH_SPREAD = 0.4;

export interface SimulatedEvaluation {
  readonly quality: number;
  readonly costUsd: number;
}

/**
 * Draws how a synthetic model does on a prompt. Success follows the two-parameter logistic model of item response theory (Birnbaum, 1968);
 * cost is tokens times price, with log-normal answer lengths.
 *
 * @param hidden what makes this prompt harder than its text shows, the same for all models
 */
export function simulateEvaluation(
  generator: SeededGenerator,
  model: SyntheticModel,
  task: Task,
  prompt: Prompt,
  hidden: number,
): SimulatedEvaluation {
  const ability = model.abilities[task.name] ?? model.ability;
  const success = 1 / (1 + Math.exp(-DISCRIMINATION * (ability - prompt.difficulty - hidden)));
  const [easy, hard] = task.answerTokens;
  const typical = easy + (hard - easy) * prompt.difficulty;
  const outputTokens = Math.ceil(
    typical * model.verbosity * Math.exp(LENGTH_SPREAD * sampleNormal(generator)),
  );
  const inputTokens = Math.ceil(prompt.text.length / CHARACTERS_PER_TOKEN);
  return {
    quality: score(generator, task, success),
    costUsd:
      (inputTokens * model.usdPerMillionInputTokens + outputTokens * model.usdPerMillionOutputTokens) / 1e6,
  };
}

function score(generator: SeededGenerator, task: Task, success: number): number {
  const judges = task.scoring === 'exact' ? 1 : JUDGES;
  let yes = 0;
  for (let judge = 0; judge < judges; judge++) if (generator.nextDouble() < success) yes++;
  return yes / judges;
}
