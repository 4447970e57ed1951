import type { EvaluationLog, LoggedQuery } from '@tributary/client';
import type { SeededGenerator } from '@tributary/router';
import { sampleNormal } from '../partition/gamma.ts';
import { simulateEvaluation } from './simulate-evaluation.ts';
import { SYNTHETIC_MODELS } from './synthetic-models.ts';
import type { Prompt, Task } from './task.ts';
import { arithmetic } from './tasks/arithmetic.ts';
import { code } from './tasks/code.ts';
import { law } from './tasks/law.ts';
import { medicine } from './tasks/medicine.ts';
import { stories } from './tasks/stories.ts';
import { summarisation } from './tasks/summarisation.ts';
import { tables } from './tasks/tables.ts';
import { translation } from './tasks/translation.ts';
import { trivia } from './tasks/trivia.ts';

/** What reports call the generated workload; it says that nothing in it was measured. */
export const SYNTHETIC_WORKLOAD = 'synthetic-9-tasks';

export const TASKS: readonly Task[] = [
  arithmetic,
  code,
  law,
  medicine,
  translation,
  summarisation,
  trivia,
  stories,
  tables,
];

/** Standard deviation, over prompts, of the difficulty that the text does not show. */
const HIDDEN_DIFFICULTY = 0.1;

/**
 * Generates the default workload: prompts of nine tasks, and every synthetic model's quality and cost on each. Which model is best
 * differs by task, and within a task by how hard the prompt is. The same seed gives the same log.
 *
 * All of it is made up: it shows that the path from text to decision works, and says nothing about any real model.
 */
export function generateWorkload(generator: SeededGenerator): EvaluationLog {
  const models = SYNTHETIC_MODELS.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const queries: LoggedQuery[] = [];
  const quality: number[] = [];
  const costUsd: number[] = [];
  for (const task of TASKS) {
    const draw = generator.fork(`workload ${task.name}`);
    for (const [index, prompt] of distinctPrompts(draw, task).entries()) {
      queries.push({ id: `${task.name}-${index + 1}`, text: prompt.text, task: task.name });
      const hidden = HIDDEN_DIFFICULTY * sampleNormal(draw);
      for (const model of models) {
        const evaluation = simulateEvaluation(draw, model, task, prompt, hidden);
        quality.push(evaluation.quality);
        costUsd.push(evaluation.costUsd);
      }
    }
  }
  return {
    source: SYNTHETIC_WORKLOAD,
    queries,
    models: models.map(({ name, kind }) => (kind === undefined ? { name } : { name, kind })),
    evaluations: {
      offsets: Uint32Array.from({ length: queries.length + 1 }, (_, query) => query * models.length),
      model: Uint16Array.from({ length: quality.length }, (_, row) => row % models.length),
      quality: Float64Array.from(quality),
      costUsd: Float64Array.from(costUsd),
    },
  };
}

function distinctPrompts(generator: SeededGenerator, task: Task): Prompt[] {
  const prompts = new Map<string, Prompt>();
  while (prompts.size < task.queries) {
    const prompt = task.write(generator);
    prompts.set(prompt.text, prompts.get(prompt.text) ?? prompt);
  }
  return [...prompts.values()];
}
